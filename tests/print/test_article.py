"""How one page becomes part of the printed book; no browser is needed."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from scripts.pdf import article, compose, contents, files, frames, quizzes

SITE = article.Site(("index", "easy/rnn", "glossary"), "https://org.github.io/course")


def prepared(html: str, page: str = "easy/rnn"):
    soup = BeautifulSoup(f'<article class="bd-article">{html}</article>', "html.parser")
    return article.prepare(page, soup, SITE)


@pytest.mark.parametrize(
    ("href", "wanted"),
    [
        ("#a", "#easy-rnn--a"),
        ("#%EA%B0%80", "#easy-rnn--가"),
        ("rnn.html#a", "#easy-rnn--a"),
        ("../glossary.html#term-1", "#glossary--term-1"),
        ("../index.html", "#page-index"),
        ("../labs/rnn/rnn.ipynb", "https://org.github.io/course/labs/rnn/rnn.ipynb"),
        ("../genindex.html#a", "https://org.github.io/course/genindex.html#a"),
        ("https://a.b/c#d", "https://a.b/c#d"),
        ("mailto:a@b.c", "mailto:a@b.c"),
    ],
)
def test_links(href, wanted):
    assert prepared(f'<a href="{href}">글</a>').a["href"] == wanted


def test_ids_of_two_pages_never_meet():
    html = '<section id="id1"><p aria-describedby="id1 x">글</p></section>'
    one, two = prepared(html), prepared(html, "glossary")
    assert one.section["id"] == "easy-rnn--id1"
    assert one.p["aria-describedby"] == "easy-rnn--id1 easy-rnn--x"
    assert two.section["id"] == "glossary--id1"
    assert (one["id"], two["id"]) == ("page-easy-rnn", "page-glossary")


def test_pictures_are_found_from_the_root_and_do_not_wait():
    found = prepared(
        '<img class="only-light" loading="lazy" src="../_images/a%20b.svg?v=1">'
        '<img class="only-dark" src="../_images/c.svg"><img src="data:image/png;base64,AA">'
    )
    assert [image["src"] for image in found("img")] == [
        "/_images/a%20b.svg",
        "data:image/png;base64,AA",
    ]
    assert not found.img.get("loading")


def test_folded_parts_are_open_and_folded_code_is_left_out():
    found = prepared(
        '<details class="admonition hide above-input"><p>코드</p></details>'
        '<details class="sd-dropdown"><summary>물음</summary><p>답</p></details>'
        '<div class="sd-tab-set"><input checked id="t" type="radio"><label for="t" '
        'class="sd-tab-label">리눅스</label><div>하나</div></div>'
        '<button>복사</button><a class="headerlink" href="#x">#</a><script>x()</script>'
    )
    assert found.get_text("|", strip=True) == "물음|답|리눅스|하나"
    assert found.details.has_attr("open")
    assert found.select_one("p.sd-tab-label").string == "리눅스"


def test_a_page_without_article_is_named():
    with pytest.raises(ValueError, match="easy/rnn"):
        article.prepare("easy/rnn", BeautifulSoup("<p>", "html.parser"), SITE)


# Widgets

VIEW = f'<script type="{frames.VIEW}">{{"model_id": "1"}}</script>'
STILL = '<noscript><div class="explore-static"><img alt="첫" src="a.svg"></div></noscript>'


def test_a_widget_becomes_its_still_picture():
    found = prepared(f'<div class="cell_output">{STILL}{VIEW}</div>')
    assert not found("script") and not found("noscript")
    assert found.select_one(".explore-static img")["alt"] == "첫"


def test_a_widget_without_a_still_picture_is_an_error_that_names_the_page():
    with pytest.raises(ValueError, match="easy/rnn.*explore-static"):
        prepared(f'<div class="cell_output">{VIEW}</div>')
    with pytest.raises(ValueError, match="easy/rnn"):
        prepared(f'<div class="cell_output">{STILL}{VIEW}{VIEW}</div>')


# Quizzes

QUIZ = """<div class="quiz" id="quiz-1" data-many="false"><fieldset>
<legend><span class="quiz-number">퀴즈 1</span> 몇 개인가요?</legend>
<div class="quiz-option" data-right="false"><div class="quiz-line">
<input type="radio" id="q-1" hidden><label for="q-1">백 개</label></div>
<details class="quiz-reason"><summary>까닭 보기</summary>
<div class="quiz-wrong"><p class="quiz-said">✗ 틀린 보기</p><p>나누어 씁니다.</p></div></details></div>
<div class="quiz-option" data-right="true"><div class="quiz-line">
<input type="radio" id="q-2" hidden><label for="q-2">한 개</label></div>
<details class="quiz-reason"><summary>까닭 보기</summary>
<div class="quiz-right"><p class="quiz-said">✓ 맞는 보기</p><p>그렇습니다.</p></div></details></div>
<p class="quiz-actions" hidden><button>확인</button></p><p class="quiz-verdict"></p></fieldset></div>"""


def test_answers_stand_after_all_options():
    words = prepared(QUIZ).get_text("|", strip=True).replace("|", " ")
    assert words == (
        f"퀴즈 1 몇 개인가요? ① 백 개 ② 한 개 {quizzes.HEADING} "
        "① ✗ 틀린 보기 나누어 씁니다. ② ✓ 맞는 보기 그렇습니다."
    ), words


# Contents


def test_headings_nest_and_get_ids_of_their_own():
    found = prepared("<h1>장</h1><h2>가</h2><h4>나</h4><h3>다</h3><h2>라</h2>")
    title = contents.headings(found)
    assert [(each.text, each.level) for each in title.walk(4)] == [
        ("장", 1), ("가", 2), ("나", 4), ("다", 3), ("라", 2),
    ]  # fmt: skip
    assert [each.text for each in title.below] == ["가", "라"]
    assert [each.text for each in title.below[0].below] == ["나", "다"]
    anchors = [each.anchor for each in title.walk(4)]
    assert anchors == [tag["id"] for tag in found.find_all(["h1", "h2", "h3", "h4"])]
    assert len(set(anchors)) == 5


def test_a_page_without_title_is_named():
    with pytest.raises(ValueError, match="page-easy-rnn"):
        contents.headings(prepared("<h2>가</h2>"))


def test_contents_list_two_levels_and_the_parts():
    title = contents.headings(prepared("<h1>장</h1><h2>절</h2><h3>항</h3>"))
    nav = contents.build([("쉬운 길", [title])])
    assert nav.get_text("|", strip=True) == f"{contents.TITLE}|쉬운 길|장|0|절|0"
    assert [a["href"][1:] for a in nav("a")] == [title.anchor, title.below[0].anchor]


def test_a_title_cannot_leave_its_css_string():
    assert compose._css('가"</style>\\') == '"가\\22 \\3c /style\\3e \\5c "'


def test_parts_hold_every_page_once():
    config = compose.bookconfig.load()
    parts = compose.bookconfig.parts()
    assert [page for _, pages in parts for page in pages] == list(config.pages)
    assert parts[0][1] == [config.pages[0]]
    assert {caption for caption, _ in parts} >= {"", "쉬운 길", "부록"}


# Files


def test_the_library_answers_from_the_site_and_refuses_all_else(tmp_path):
    site = tmp_path / "site"
    site.mkdir()
    (site / "a b.css").write_text("가", "utf-8")
    (tmp_path / "secret").write_text("x")
    library = files.Library(site, "<p>책</p>")
    assert library.answer(files.DOCUMENT) == ("<p>책</p>".encode(), "text/html; charset=utf-8")
    assert library.answer(f"{files.HOST}/a%20b.css?v=1") == (
        "가".encode(),
        "text/css; charset=utf-8",
    )
    assert library.refused == []
    bad = [f"{files.HOST}/../secret", f"{files.HOST}/%2e%2e/secret", f"{files.HOST}/none"]
    bad += ["https://cdn.jsdelivr.net/a.js", "file:///etc/passwd"]
    for url in bad:
        assert library.answer(url) is None
    assert library.refused == bad


def test_fonts_have_hangul_code_and_the_signs_between(tmp_path):
    from fontTools.ttLib import TTFont

    covered = {path.name: set(TTFont(path).getBestCmap()) for path in files.fonts()}
    assert {ord(sign) for sign in "가힣“①"} <= covered["NanumGothic.ttf"]
    assert {ord(sign) for sign in "−⊙→✓"} <= covered["DejaVuSans.ttf"]
    assert {ord(sign) for sign in "aZ0_→"} <= covered["DejaVuSansMono.ttf"]


def test_web_fonts_have_no_empty_tables(tmp_path):
    import io

    from fontTools.ttLib import TTFont

    for path in files.fonts():
        font = TTFont(io.BytesIO(files.web_font(path)))
        assert all(entry.length for entry in font.reader.tables.values())
        assert font.getBestCmap() == TTFont(path).getBestCmap()

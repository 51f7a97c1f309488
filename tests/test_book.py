"""The book as built: pages, terms, notes, references, links; and its small extensions."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup

from autograder.course import Course
from tests import booksite

ROOT = booksite.ROOT
sys.path.insert(0, str(ROOT / "book" / "_ext"))

import bookconfig  # noqa: E402
import freshcache  # noqa: E402
import glossary  # noqa: E402
import labs  # noqa: E402
import terms  # noqa: E402
import vocabulary  # noqa: E402
from edition import citations, parser  # noqa: E402

CONFIG = bookconfig.load()
VOCABULARY = vocabulary.load(CONFIG.book / "glossary.yml")
CHAPTERS = CONFIG.chapters()


@pytest.fixture(scope="module")
def site() -> Path:
    return booksite.site()


@pytest.fixture(scope="module")
def pages(site) -> dict[str, BeautifulSoup]:
    return {
        page: BeautifulSoup((site / f"{page}.html").read_text("utf-8"), "html.parser")
        for page in CONFIG.pages
    }


def tokens(page: str) -> list:
    """All tokens of a page, those inside directives too."""
    found = []

    def walk(text: str) -> None:
        for token in parser.markdown(CONFIG.syntax).parse(text):
            found.append(token)
            found.extend(token.children or [])
            directive = parser.as_directive(token, 1)
            if directive and directive.name not in ("code-cell", "math"):
                argument = parser.markdown(CONFIG.syntax).parseInline(directive.argument)
                found.extend(argument[0].children or [])
                walk(directive.body)

    walk(CONFIG.source(page).read_text("utf-8"))
    return found


def roles(page: str, *names: str) -> list[str]:
    """The contents of all roles of these names on a page."""
    return [
        token.content
        for token in tokens(page)
        if token.type == "myst_role" and token.meta["name"] in names
    ]


# The whole book


def test_theme_speaks_korean(pages):
    html = str(pages["students"])
    for words in ("본문으로 건너뛰기", "맨 위로", "이 절의 주소", "다음 쪽", "밝게/어둡게"):
        assert words in html


def test_builds_without_warnings(site, tmp_path):
    """From nothing: a page that is not read again gives no warning again."""
    if booksite.is_whole():
        return  # `make book` stops at a warning, and did just that
    result = booksite.build(booksite.with_executed_cells(tmp_path))
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]


@pytest.mark.parametrize("page", CONFIG.pages)
def test_page_is_korean_and_named(pages, page):
    soup = pages[page]
    assert soup.html["lang"] == "ko"
    assert "순환에서 정렬까지" in soup.title.text
    assert soup.find("h1")


@pytest.mark.parametrize("page", CONFIG.pages)
def test_emphasis_is_read_as_such(page):
    """`**「가」**는` is not bold in Markdown: the stars would stand in the text."""
    left = [token.content for token in tokens(page) if token.type == "text"]
    assert [text for text in left if "**" in text or "__" in text] == []


def test_index_links_to_every_chapter_that_exists(pages):
    links = {a["href"] for a in pages["index"].select("article a[href]")}
    assert {f"{page}.html" for page in CHAPTERS} <= links


@pytest.mark.parametrize("page", CHAPTERS)
def test_a_chapter_says_where_its_ideas_come_from_or_return(site, pages, page):
    here = (site / f"{page}.html").parent
    others = {(site / f"{other}.html").resolve() for other in CHAPTERS if other != page}
    links = (urlsplit(a["href"]).path for a in pages[page].select("article a[href]"))
    assert others & {(here / unquote(path)).resolve() for path in links if path}


def test_index_names_every_lab_of_the_course(pages):
    text = pages["index"].find("article").text
    for lab in Course.find(ROOT).labs:
        assert lab.name in text and lab.title in text


@pytest.mark.parametrize(
    "word",
    [
        "Drive에 사본 저장",
        "런타임 유형 변경",
        ".ipynb 다운로드",
        "파일 이름은 아무래도",
        "# [rnn:bptt]",
        "원래 칸 되돌리기",
        "숨은 테스트",
        "받은 도움을 글 답안에",
        "늦은 제출",
    ],
)
def test_student_page_says(pages, word):
    assert word in pages["students"].find("article").text


def test_links_inside_the_book_lead_somewhere(site, pages):
    ids = {
        (site / f"{page}.html").resolve(): {tag["id"] for tag in soup.find_all(id=True)}
        for page, soup in pages.items()
    }
    dead = []
    for page, soup in pages.items():
        here = (site / f"{page}.html").resolve()
        for link in soup.select("article a[href], nav a[href]"):
            url = urlsplit(link["href"])
            if url.scheme or url.netloc:
                continue
            target = (here.parent / unquote(url.path)).resolve() if url.path else here
            anchors = ids.get(target)
            wrong = anchors is not None and url.fragment and unquote(url.fragment) not in anchors
            if not target.exists() or wrong:
                dead.append(f"{page}: {link['href']}")
    assert not dead


@pytest.mark.parametrize("page", CHAPTERS)
def test_every_picture_says_what_one_sees(pages, page):
    pictures = pages[page].select("article img")
    assert pictures
    for picture in pictures:
        assert re.search("[가-힣]", picture.get("alt", "")), picture.get("src")


@pytest.mark.parametrize("page", CHAPTERS)
def test_colab_button(pages, page):
    wanted = (
        f"https://colab.research.google.com/github/{CONFIG.repository[19:]}"
        f"/blob/main/book/{page}.ipynb"
    )
    assert pages[page].select_one(f'.article-header-buttons a[href="{wanted}"]')


@pytest.mark.parametrize("page", CHAPTERS)
def test_download_gives_the_colab_edition(site, page):
    offered = site / "_sources" / f"{page}.ipynb"
    assert offered.read_bytes() == CONFIG.source(page).with_suffix(".ipynb").read_bytes()


@pytest.mark.parametrize("page", CHAPTERS)
def test_chapter_has_a_door_to_its_lab(site, pages, page):
    door = pages[page].select_one(".lab-door")
    links = [a["href"] for a in door.select("a")]
    assert links[0].startswith("https://colab.research.google.com/github/")
    assert (site / f"{page}.html").parent.joinpath(links[1]).resolve().is_file()


def test_no_secrets_travel_with_the_labs(site):
    served = [path for path in (site / "labs").rglob("*") if path.suffix == ".ipynb"]
    assert served
    for path in served:
        text = path.read_text("utf-8")
        assert "BEGIN HIDDEN TESTS" not in text
        assert "BEGIN SOLUTION" not in text


# Terms


def test_glossary_page_holds_every_term_in_korean_order(pages):
    shown = [dt.get_text().rstrip("#") for dt in pages["glossary"].select("dl.glossary dt")]
    assert shown == [term.ko for term in VOCABULARY] == sorted(shown)


def test_english_index_leads_to_every_term(pages):
    index = pages["glossary"].select_one(".glossary-english-index")
    text = index.get_text("\n")
    for term in VOCABULARY:
        assert term.en in text
        assert term.abbr in text
    for link in index.select("a"):
        assert pages["glossary"].find(id=link["href"].removeprefix("#"))


@pytest.mark.parametrize("page", CONFIG.pages)
def test_every_term_of_a_page_is_in_the_glossary(page):
    known = {term.ko for term in VOCABULARY}
    used = {content.rpartition("<")[2].rstrip(">") for content in roles(page, "term")}
    assert used <= known
    assert page not in CHAPTERS or len(used) >= 10


def test_definitions_are_one_sentence():
    for term in VOCABULARY:
        assert term.text.endswith("니다."), term.ko
        assert term.text.count(". ") == 0, term.ko


def test_glossary_refuses_a_field_it_does_not_know(tmp_path):
    path = tmp_path / "glossary.yml"
    path.write_text("- {ko: 가, en: a, text: b, bannd: [c]}", "utf-8")
    with pytest.raises(ValueError, match="가.*bannd"):
        vocabulary.load(path)


def test_glossary_refuses_to_ban_its_own_term(tmp_path):
    path = tmp_path / "glossary.yml"
    path.write_text("- {ko: 가, en: a, text: b}\n- {ko: 나, en: c, text: d, banned: [가]}", "utf-8")
    with pytest.raises(ValueError, match="겹치는 용어: 가"):
        vocabulary.load(path)


def test_initials():
    assert [vocabulary.Term(ko, "", "").initial for ko in ("경사", "까", "토큰", "학습")] == [
        "ㄱ",
        "ㄱ",
        "ㅌ",
        "ㅎ",
    ]
    assert glossary.english_index_source([vocabulary.Term("나", "b", "", abbr="A")]) == [
        "- A: {term}`나`",
        "- b: {term}`나`",
    ]


WORDS = [vocabulary.Term("은닉 상태", "hidden state", "", banned=("히든 스테이트", "숨은 상태"))]
BANNED = {
    "paragraph": ("글\n\n히든 스테이트는", [3]),
    "second line": ("글\n히든 스테이트를", [2]),
    "heading": ("# 숨은 상태", [1]),
    "list": ("- 글\n- **숨은 상태**입니다", [2]),
    "table": ("| a |\n|---|\n| 숨은 상태 |", [3]),
    "title of a directive": ("```{note}\n```\n\n```{admonition} 숨은 상태\n글\n```", [4]),
    "inside a directive": ("```{dropdown} 글\n:open:\n\n숨은 상태\n```", [4]),
    "nested": ("````{note}\n```{tip}\n숨은 상태\n```\n````", [3]),
    "twice": ("숨은 상태와 히든 스테이트", [1, 1]),
    "code": ("`숨은 상태`", []),
    "code block": ("```python\n숨은 상태\n```", []),
    "code cell": ("```{code-cell}\n# 숨은 상태\n```", []),
    "quoted": ('흔히 「숨은 상태」나 "히든 스테이트", “숨은 상태”라 부릅니다', []),
    "link": ("[숨은 상태](https://a.b)", []),
    "role": ("{ref}`숨은 상태 <a>`", []),
    "inside another word": ("되숨은 상태", []),
    "comment": ("% 숨은 상태", []),
    "right term": ("은닉 상태", []),
}


@pytest.mark.parametrize("name", BANNED)
def test_term_lint(name):
    text, lines = BANNED[name]
    found = terms.find_banned(text, WORDS, CONFIG.syntax)
    assert [finding.line for finding in found] == lines
    assert all("은닉 상태" in str(finding) for finding in found)


@pytest.mark.parametrize("page", CONFIG.pages)
def test_no_banned_variant_in_the_book(page):
    text = CONFIG.source(page).read_text("utf-8")
    assert terms.find_banned(text, VOCABULARY, CONFIG.syntax) == []


# References


@pytest.mark.parametrize("page", CHAPTERS)
def test_citations_lead_to_the_references(pages, page):
    works = citations.load(CONFIG.book / "references.bib").entries
    cited = {
        key.strip() for content in roles(page, "cite:p", "cite:t") for key in content.split(",")
    }
    assert cited
    assert cited <= set(works)
    for key in cited:
        assert pages["references"].find(id=f"cite-{key}"), key


# Small extensions


def test_copied_labs_are_plain_released_files(tmp_path):
    source = tmp_path / "labs"
    for name in ("rnn/rnn.ipynb", "rnn/data/a.txt", "rnn/.ipynb_checkpoints/rnn.ipynb", ".x"):
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (source / "rnn" / "link.txt").symlink_to(tmp_path / "secret")
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old.ipynb").write_text("")
    labs.copy_labs(source, tmp_path / "out")
    copied = {
        str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*") if p.is_file()
    }
    assert copied == {"rnn/rnn.ipynb", "rnn/data/a.txt"}


@pytest.mark.parametrize("name", ["book/kit.py", "book/data/a.txt", "requirements.txt"])
def test_cells_run_again_when_what_they_import_changed(tmp_path, name):
    (tmp_path / "book" / "data").mkdir(parents=True)
    for path in ("book/kit.py", "book/data/a.txt", "requirements.txt", "book/easy.md"):
        (tmp_path / path).write_text("one")
    before = freshcache.inputs_hash(tmp_path, tmp_path / "book")
    (tmp_path / "book" / "easy.md").write_text("two")
    assert freshcache.inputs_hash(tmp_path, tmp_path / "book") == before
    (tmp_path / name).write_text("two")
    assert freshcache.inputs_hash(tmp_path, tmp_path / "book") != before

"""What goes into the index: the words of an article, in letters that browser and build share."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from sphinx.errors import ExtensionError

from tests import booksite
from tests.search import harness
from tests.search.harness import index
from tests.search.queries import BOOK, NOTES

import search  # isort: skip
import vocabulary  # isort: skip
from search import korean, names, pages  # isort: skip

PAGE = """<html><nav>메뉴</nav><main><p>밖</p><article class="bd-article"><section id="one">
<h1><span class="section-number">1. </span>장<a class="headerlink" href="#one">#</a></h1>
<p>첫 글 <span class="math">\\(W_h \\theta\\)</span> <a href="../glossary.html#term-0"><span
class="std std-term">은닉 상태</span></a><button>단추</button><span hidden>숨김</span></p>
<div class="cell"><details class="hide above-input"><summary>코드 보기</summary>
<div class="highlight"><pre>loss = clip_grad_norm_(x)</pre></div></details>
<div class="output text_plain"><div class="highlight"><pre>0.5</pre></div></div>
<div class="output"><img class="only-light" alt="곡선 하나"><img class="only-dark" alt="곡선 하나">
</div></div><script type="application/vnd.jupyter.widget-state+json">{"state": "위젯"}</script>
<section id="two"><h2>절</h2><section id="three"><h3>작은 절</h3><p>다시 <a href="../glossary.html#term-0">
<span class="std std-term">은닉 상태</span></a></p></section></section>
<dl class="glossary"><dt id="term-0">은닉 상태<a class="headerlink" href="#term-0">#</a></dt>
<dd><p>(hidden state) 벡터입니다.</p><p><span>기호 h</span><span>모양</span></p></dd></dl>
<details class="sd-dropdown"><summary>펼칠 물음</summary><p>답</p></details>
</section></article></main></html>"""


def test_a_page_is_its_article_in_sections():
    page = pages.read("easy/a.html", PAGE)
    assert page.title == "장"
    titles = [(part.anchor, part.title, part.above) for part in page.sections]
    assert titles == [
        ("one", "장", ()),
        ("two", "절", ()),
        ("three", "작은 절", ("절",)),
        ("term-0", "은닉 상태", ()),
    ]
    one, _, three, entry = page.sections
    assert one.prose == "첫 글 W_h θ 은닉 상태 곡선 하나 펼칠 물음 답"
    assert one.code == "loss = clip_grad_norm_(x)\n0.5"
    assert entry.prose == "(hidden state) 벡터입니다. 기호 h 모양"
    # Only where the page first links to the glossary does it introduce the term.
    assert (one.introduces, three.introduces) == (["은닉 상태"], [])


def test_a_page_without_article_has_nothing():
    assert pages.read("a.html", "<html><body><p>글</p></body></html>").sections == []


def decoded(token: str) -> str:
    """A token as one reads it."""
    pairs = re.compile(f"([\u4e00-\u4f8e])([{korean.FINALS}])")

    def syllable(match: re.Match) -> str:
        place = (ord(match[1]) - korean.FIRST_LETTER) * 28 + korean.FINALS.index(match[2])
        return chr(korean.FIRST_SYLLABLE + place)

    return pairs.sub(syllable, token.removesuffix(korean.END))


@pytest.mark.parametrize(
    ("text", "words", "tails"),
    [
        ("신경망을", "신경망을", "경망을 망을"),
        ("학습한다", "학습한다", "습한다"),
        ("RNN은 좋다", "rnn 은 좋다", ""),
        ("clip_grad_norm_", "clipgradnorm", "gradnorm norm"),
        ("TinyRNN, x", "tinyrnn", "rnn"),
        ("GPT-2", "gpt2", ""),
        ("「손실」이 0.25", "손실 이 025", "실 25"),
        ("漢字", "", ""),
    ],
)
def test_tokens(text, words, tails):
    found = korean.tokens(text)
    assert [" ".join(map(decoded, part)) for part in found] == [words, tails]
    assert all(token.endswith(korean.END) for part in found for token in part)


def test_code_has_no_numbers_and_no_minus():
    words, _ = korean.tokens("loss-2 * 0.5", code=True)
    assert [decoded(word) for word in words] == ["loss"]


def test_a_syllable_is_not_the_beginning_of_another():
    assert not korean.encode("학습").startswith(korean.encode("하"))
    assert korean.encode("배운다").startswith(korean.encode("배우")[:-1])
    assert len({korean.encode(chr(code)) for code in range(0xAC00, 0xD7A4)}) == 11172


TERMS = [
    vocabulary.Term("경사 클리핑", "gradient clipping", "", banned=("기울기 자르기",)),
    vocabulary.Term("기울기", "gradient", ""),
    vocabulary.Term("언어 모델", "language model", "", abbr="LM"),
    vocabulary.Term("교차 엔트로피", "cross-entropy", ""),
]


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("경사클리핑을", "경사 클리핑"),
        ("「기울기 자르기」", "경사 클리핑"),
        ("Gradient Clipping and gradients", "경사 클리핑, 기울기"),
        ("언어\n모델(LM)", "언어 모델, 언어 모델"),
        ("lm_head = lm", ""),
        ("F.cross_entropy(x)", "교차 엔트로피"),
        ("거대언어모델", ""),
    ],
)
def test_every_name_of_a_term_gives_the_same_token(text, terms):
    known = names.Names(TERMS)
    wanted = [known.tokens(term)[0] for term in terms.split(", ") if term]
    assert known.tokens(text) == wanted
    assert all(token.startswith(korean.TERM) for token in wanted)


def test_an_empty_glossary_finds_nothing():
    assert names.Names([]).tokens("경사 클리핑") == []


@pytest.mark.browser
def test_browser_and_build_write_the_same_letters():
    texts = [query.text for query in BOOK + NOTES] + ["가힣", "뷁", "ρ", "H₂O"]
    with harness.chromium() as browser, harness.served(booksite.site()) as address:
        page = browser.new_page()
        page.goto(f"{address}index.html")
        script = """async texts => {
            const { encode } = await import("./_static/search/korean.js");
            return texts.map(encode);
        }"""
        assert page.evaluate(script, texts) == [korean.encode(text) for text in texts]


def small_site(folder: Path) -> Path:
    """A folder with one page."""
    (folder / "easy").mkdir(parents=True)
    (folder / "easy" / "a.html").write_text(PAGE, "utf-8")
    return folder


def test_the_same_pages_give_the_same_index(tmp_path):
    built = []
    for name in ("one", "two"):
        folder = index.build(small_site(tmp_path / name), ["easy/a.html"], TERMS)
        built.append({p.relative_to(folder): p.read_bytes() for p in folder.rglob("*.*")})
    assert set(built[0]) == set(built[1])
    assert [
        path for path in built[0] if path.suffix == ".json" and built[0][path] != built[1][path]
    ] == []


def test_an_old_index_does_not_stay(tmp_path):
    site = small_site(tmp_path)
    (site / "pagefind" / "text").mkdir(parents=True)
    (site / "pagefind" / "text" / "old.json").write_text("[]")
    index.build(site, ["easy/a.html"], TERMS)
    assert [path.name[:7] for path in (site / "pagefind" / "text").iterdir()] == ["easy-a."]


def test_a_failing_pagefind_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(index.pagefind_bin, "get_executable", lambda: Path("/bin/false"))
    with pytest.raises(index.SearchIndexError, match="pagefind"):
        index.build(small_site(tmp_path), ["easy/a.html"], TERMS)


def test_every_page_of_the_book_is_indexed_and_no_other():
    site = booksite.site()
    catalogue = json.loads((site / "pagefind" / "catalogue.json").read_text("utf-8"))
    urls = {page["url"] for page in catalogue["pages"]}
    assert {"index.html", "easy/rnn.html", "glossary.html", "students.html"} <= urls
    assert not urls & {"search.html", "genindex.html"}
    assert all((site / url).exists() for url in urls)
    kinds = {kind for _, _, kind in catalogue["records"].values()}
    assert kinds == {"prose", "code"}


def test_the_index_stays_smaller_than_the_text():
    folder = booksite.site() / "pagefind"
    text = sum(path.stat().st_size for path in (folder / "text").iterdir())
    found = sum(path.stat().st_size for path in folder.rglob("*.pf_*"))
    engine = sum(
        path.stat().st_size
        for path in folder.iterdir()
        if "wasm" in path.name or path.suffix == ".js"
    )
    print(f"색인 {found:,}바이트, 글 {text:,}바이트, 엔진 {engine:,}바이트")
    assert 0 < found < text
    assert engine < 200_000
    # A fragment for each record would double the site's index, and nobody would read it.
    assert not (folder / "fragment").exists()


@pytest.mark.parametrize(
    ("said", "weights"), [("0.6", [("a", 0.6)]), ("1", [("a", 1.0)]), ("2", None), ("많이", None)]
)
def test_weight_of_a_page(said, weights):
    env = SimpleNamespace(
        metadata={"a": {"search_weight": said}, "b": {}}, doc2path=lambda name, base: f"{name}.md"
    )
    app = SimpleNamespace(env=env)
    if weights is None:
        with pytest.raises(ExtensionError, match=f"a.md: search_weight.*{said}"):
            list(search._weights(app))
    else:
        assert list(search._weights(app)) == weights

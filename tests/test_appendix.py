"""The appendix: note map, corrections, symbols, and the glossary's places of first use.

The small book at the end is built by Sphinx alone, so that what the extensions do to
references, to a second build and to mistakes is seen in a second or two.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from autograder.course import Course
from autograder.publish.manifest import sources
from tests import booksite

ROOT = booksite.ROOT
sys.path.insert(0, str(ROOT / "book" / "_ext"))

import bookconfig  # noqa: E402
import corrections  # noqa: E402
import lecturenotes  # noqa: E402
import notesmap  # noqa: E402
import places  # noqa: E402
import symbols  # noqa: E402
import texmath  # noqa: E402
import vocabulary  # noqa: E402

CONFIG = bookconfig.load()
CHAPTERS = CONFIG.chapters()
NOTES = lecturenotes.load(CONFIG.book / "notes.yml")
EXERCISES = lecturenotes.exercises(CONFIG)
CLAIMS = lecturenotes.all_claims(CONFIG, NOTES, EXERCISES)
ENTRIES = symbols.load(CONFIG.book)
# The chapters' notes, by the last part of their page's name.
PREFIXES = {
    "rnn": "rnn", "transformer": "tf", "modality": "modal", "foundation": "fm",
    "text-foundation": "text", "training": "train", "inference": "infer", "evaluation": "eval",
}  # fmt: skip


def source(page: str) -> str:
    return CONFIG.source(page).read_text("utf-8")


def soup(page: str) -> BeautifulSoup:
    return BeautifulSoup((booksite.site() / f"{page}.html").read_text("utf-8"), "html.parser")


@pytest.fixture(scope="module")
def pages() -> dict[str, BeautifulSoup]:
    return {page: soup(page) for page in CONFIG.pages}


def section_of(pages, link) -> tuple[str, str]:
    """(page, title) of the section that a link of an appendix page leads to."""
    path, _, anchor = link["href"].partition("#")
    page = path.removesuffix(".html")
    heading = pages[page].find(id=anchor).find(re.compile("^h[1-6]$"))
    number = heading.select_one(".section-number")
    title = heading.get_text().removeprefix(number.get_text() if number else "")
    return page, title.rstrip("#").strip()


# Notes


@pytest.mark.parametrize("page", CHAPTERS)
def test_chapter_claims_every_note_of_its_part(page):
    prefix = PREFIXES[page.split("/")[-1]]
    wanted = {note.id for note in NOTES if note.chapter == prefix}
    assert wanted
    assert wanted <= {claim.note for claim in CLAIMS if claim.page == page}


@pytest.mark.parametrize("page", CHAPTERS)
def test_every_exercise_of_a_chapters_lab_practises_a_note(page):
    lab = re.search(r"```\{lab\} (\S+)", source(page))[1]
    wanted = {name for name in EXERCISES if name.startswith(f"{lab}:")}
    assert wanted
    assert wanted == {name for claim in CLAIMS if claim.page == page for name in claim.exercises}


def test_exercises_are_named_by_their_heading():
    assert EXERCISES["rnn:bptt"] == "5. 시간을 거슬러 가기: 시간 역전파(BPTT)"


def test_map_shows_every_note_with_its_sections_and_exercises(pages):
    for note in NOTES:
        item = pages["notes-map"].find(id=f"note-{note.id}")
        mine = [claim for claim in CLAIMS if claim.note == note.id]
        links = item.select(".notes-map-where a")
        inside = [link for link in links if not link["href"].startswith("http")]
        outlines = {claim.page: places.outline(source(claim.page), CONFIG.syntax) for claim in mine}
        assert [section_of(pages, link) for link in inside] == [
            (claim.page, outlines[claim.page].headings[claim.heading].title) for claim in mine
        ], note.id
        assert (item.select_one(".notes-map-yet") is None) == bool(mine), note.id
        practised = dict.fromkeys(name for claim in mine for name in claim.exercises)
        assert [link["href"] for link in links if link not in inside] == [
            CONFIG.lab_url(name.partition(":")[0]) for name in practised
        ], note.id


def test_map_counts(pages):
    rows = [
        [cell.get_text().strip() for cell in row.find_all("td")]
        for row in pages["notes-map"].select("table.notes-map-totals tbody tr")
    ]
    claimed = {claim.note for claim in CLAIMS}
    assert len(rows) == 9
    for (_, total, done, left), prefix in zip(rows, [*lecturenotes.CHAPTERS, ""], strict=True):
        ids = [note.id for note in NOTES if note.chapter == prefix or not prefix]
        assert int(total) == len(ids)
        assert int(done) == len(claimed & set(ids))
        assert int(left) == int(total) - int(done)


def test_map_shows_notes_as_they_are_meant(pages):
    article = pages["notes-map"].find("article")
    for raw in ("![", "**", "$", "\\huge"):
        assert raw not in article.get_text(), raw
    assert article.find(id="note-tf-15").select_one(".math")
    assert article.find(id="note-rnn-15").select_one("strong")
    assert "그림 「RNN 요약」 (RNN요약.png)" in article.find(id="note-rnn-04").get_text()


def test_log_line_says_what_is_left():
    few = [
        lecturenotes.Note(f"{prefix}-0{n}", "easy", "가", n, "글")
        for prefix in ("rnn", "tf")
        for n in (1, 2)
    ]
    claims = [lecturenotes.Claim("rnn-01", "p", 1, 0), lecturenotes.Claim("rnn-02", "p", 1, 0)]
    assert notesmap.summary(few, claims).endswith("4개 가운데 2개를 다룹니다. 아직: tf(2)")
    assert "아직" not in notesmap.summary(few[:2], claims)


CLAIM_TEXTS = {
    "two lines": (
        "# 가\n\n## 나\n% notes: rnn-01 rnn-02\n% notes: rnn-03 @rnn:bptt\n",
        [("rnn-01", 4, 1, ()), ("rnn-02", 4, 1, ()), ("rnn-03", 5, 1, ("rnn:bptt",))],
    ),
    "inside a directive": (
        "# 가\n\n```{note}\n글\n\n% notes: rnn-01\n```\n\n## 나\n",
        [("rnn-01", 6, 0, ())],
    ),
    "another comment": ("# 가\n% 나중에 씁니다\n", []),
    "code": ("# 가\n```python\n% notes: rnn-01\n```\n", []),
}


@pytest.mark.parametrize("name", CLAIM_TEXTS)
def test_claims_are_read(name):
    text, wanted = CLAIM_TEXTS[name]
    found = list(lecturenotes.claims(text, "p", CONFIG.syntax))
    assert [(c.note, c.line, c.heading, c.exercises) for c in found] == wanted


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("% notes: rnn-01\n\n# 가", 1),
        ("# 가\n% notes rnn-01", 2),
        ("# 가\n\n% note: rnn-01", 3),
        ("# 가\n% notes: rnn-01 @bptt", 2),
    ],
)
def test_what_is_not_quite_a_claim_is_said(text, line):
    found = [c for c in lecturenotes.claims(text, "p", CONFIG.syntax) if isinstance(c, tuple)]
    assert [where for where, _ in found] == [line]


def test_notes_refuse_a_doubled_id(tmp_path):
    path = tmp_path / "notes.yml"
    note = "- {id: rnn-01, part: easy, section: 가, line: 1, text: 글}\n"
    path.write_text(note + note, "utf-8")
    with pytest.raises(ValueError, match="두 번 쓰인 번호: rnn-01"):
        lecturenotes.load(path)


# Corrections


# Chapter → mistakes of its section of the lecture notes that the book corrects, at least.
CORRECTED = {
    "easy/rnn": 6, "easy/transformer": 6, "easy/modality": 4, "easy/foundation": 7,
    "hard/text-foundation": 13, "hard/training": 12, "hard/inference": 7,
    "hard/evaluation": 11,
}  # fmt: skip


def test_corrections_are_all_there_in_order(pages):
    wanted = [
        re.sub(r"\$(.+?)\$", r"\\(\1\\)", found.title)  # as the page writes a formula
        for page in CONFIG.pages
        for found in corrections.corrections(source(page), CONFIG.syntax)
    ]
    assert list(CORRECTED) == CHAPTERS
    for page, fewest in CORRECTED.items():
        assert len(list(corrections.corrections(source(page), CONFIG.syntax))) >= fewest, page
    shown = [h.get_text().rstrip("#") for h in pages["corrections"].select("article h3")]
    assert shown == wanted


@pytest.mark.parametrize("page", CHAPTERS)
def test_corrections_say_the_whole_of_it_and_lead_back(pages, page):
    there = pages[page].select("article .admonition.correction")
    here = pages["corrections"].find(id=f"corrections-{page.replace('/', '-')}")
    copies = here.find_all("section", recursive=False)
    assert len(copies) == len(there) > 0
    for copy, original in zip(copies, there, strict=True):
        texts = [p.get_text() for p in copy.find_all("p", recursive=False)]
        assert texts[:-1] == [p.get_text() for p in original.select("p:not(.admonition-title)")]
        back = copy.select_one(".corrections-back a")
        assert pages[page].find(id=back["href"].partition("#")[2]) is original.find_parent(
            "section"
        )
        # Every reference of the original has one here too, to the same place.
        assert len(copy.select("p:not(.corrections-back) a")) == len(
            original.select("p:not(.admonition-title) a")
        )


@pytest.mark.parametrize(
    "text",
    [
        "# 가\n\n```{admonition} 바로잡기: 나\n글\n```",
        "# 가\n\n```{admonition} 나\n:class: correction\n글\n```",
    ],
)
def test_half_a_correction_is_refused(text):
    assert [found[0] for found in corrections.corrections(text, CONFIG.syntax)] == [3]


# Symbols


@pytest.mark.parametrize(
    ("tex", "wanted"),
    [
        (r"h_t = f(W_x x_t + W_h h_{t-1} + b)", "h_t f W_x x_t W_h h_t-1 b"),
        (r"\frac{e^{z_i}}{\sum_j e^{z_j}}", "e z_i \\sum j e z_j"),
        (r"\mathrm{softmax}(W_y h)_i", "\\mathrm{softmax} W_y h i"),
        (r"y_t[\text{정답}_t]", "y_t t"),
        (r"\tilde c_t \odot \tanh(c_t)", "\\tilde c_t \\odot \\tanh c_t"),
        (r"\nabla_\theta L, \; 0.9^{59}\approx0.002", "\\nabla \\theta L"),
        (r"\begin{aligned} a &= b^\top \\ c &= 1 \end{aligned}", "a b \\top c"),
        (r"\lVert\partial L/\partial h_{T}\rVert", "\\lVert \\partial L \\partial h_T"),
    ],
)
def test_symbols_of_a_formula(tex, wanted):
    assert " ".join(map(str, texmath.symbols(tex))) == wanted


@pytest.mark.parametrize(
    ("listed", "symbol", "explained"),
    [
        ("h_t", "h_{t-1}", True),
        ("h_t", "h_0", True),
        ("h_t", "h", True),
        ("h_t", "h_x", False),
        ("W_x", "W_x", True),
        ("W_x", "W_t", False),
        ("W_x", "W", False),
        ("f", "f_t", False),
        ("z", r"\eta", False),
        ("c_t", r"\tilde c_t", False),
    ],
)
def test_what_a_list_of_symbols_explains(listed, symbol, explained):
    known = texmath.Listed(texmath.symbols(listed), {"t", "T"})
    assert known.explains(next(texmath.symbols(symbol))) == explained


@pytest.mark.parametrize("page", CHAPTERS)
def test_every_symbol_of_a_chapter_is_listed(page):
    known = symbols.listed(ENTRIES)
    found = list(symbols.used(source(page), CONFIG.syntax))
    assert len({str(symbol) for _, symbol in found}) >= 20
    assert [
        f"{page}.md:{line}: {symbol}" for line, symbol in found if not known.explains(symbol)
    ] == []


def test_letters_of_shapes_are_read_from_comments():
    text = "# 가\n\n```{code-cell}\nx = f(A)  # (B, T + 1, V) → (N, 3)\ny = (K, 2)\n```\n"
    assert list(symbols.shape_letters(text, CONFIG.syntax)) == [
        (4, letter) for letter in ("B", "T", "V", "N")
    ]


def test_symbols_page_holds_every_entry_with_its_shape(pages):
    rows = pages["symbols"].select("table.symbols tbody tr")
    assert len(rows) == len(ENTRIES)
    for letter in "BTDHVN":
        assert any(f"\\({letter}\\)" in row.td.get_text() for row in rows), letter
    text = {row.td.get_text().strip(): row.get_text() for row in rows}
    assert "(H, V)" in text["\\(W_x\\)"]
    assert "hidden state" in text["\\(h_t\\)"] and "(B, H)" in text["\\(h_t\\)"]


def test_symbols_first_place_uses_them(pages):
    """The section that 「처음」 leads to has the symbol in a formula, or in a shape of its code."""
    rows = {
        row.td.get_text().strip(): row for row in pages["symbols"].select("table.symbols tbody tr")
    }
    for entry in ENTRIES:
        link = rows[f"\\({entry.symbol.strip('$')}\\)"].select_one(".symbols-first a")
        if link is None:
            continue
        path, _, anchor = link["href"].partition("#")
        section = pages[path.removesuffix(".html")].find(id=anchor)
        one = symbols.listed([entry], ENTRIES)
        in_formulas = any(
            one.explains(part)
            for formula in section.select(".math")
            for symbol in texmath.symbols(formula.get_text().replace("\\(", "").replace("\\)", ""))
            for part in (symbol, *symbol.index)
        )
        in_shapes = any(
            re.search(rf"\(.*\b{re.escape(str(entry.key))}\b.*\)", comment.get_text())
            for comment in section.select(".c1")
        )
        assert in_formulas or in_shapes, entry.symbol


def test_symbols_refuse_a_doubled_or_unknown_entry(tmp_path):
    (tmp_path / "glossary.yml").write_text("- {ko: 상태, en: s, text: 글, symbol: $h_t$}", "utf-8")
    path = tmp_path / "symbols.yml"
    path.write_text("- {symbol: $h_t$, kind: value, text: 글}", "utf-8")
    with pytest.raises(ValueError, match="두 번"):
        symbols.load(tmp_path)
    path.write_text("- {symbol: $x$, kind: value, text: 글, term: 없음}", "utf-8")
    with pytest.raises(ValueError, match="없음"):
        symbols.load(tmp_path)
    path.write_text("- {symbol: $x$, kind: letter, text: 글}", "utf-8")
    with pytest.raises(ValueError, match="kind"):
        symbols.load(tmp_path)


# Glossary


@pytest.mark.parametrize("page", CHAPTERS)
def test_glossary_leads_to_where_a_term_is_introduced(pages, page):
    linked = {
        link.get_text() for link in pages[page].select("article a .std-term, article a.std-term")
    }
    assert len(linked) >= 10
    terms = {term.ko: term for term in vocabulary.load(CONFIG.book / "glossary.yml")}
    for name in linked & set(terms):
        entry = next(
            dt
            for dt in pages["glossary"].select("dl.glossary dt")
            if dt.get_text().rstrip("#") == name
        )
        link = entry.find_next("dd").select_one(".glossary-facts a")
        path, _, anchor = link["href"].partition("#")
        section = pages[path.removesuffix(".html")].find(id=anchor)
        assert f"{name}({terms[name].en}" in section.get_text(), name


# The public tree


def test_what_the_pages_are_made_of_is_published():
    public = sources(Course(ROOT))
    data = {
        f"book/{path.name}" for path in CONFIG.book.glob("*.*") if path.suffix in (".yml", ".bib")
    }
    assert {"book/notes.yml", "book/symbols.yml"} <= data <= set(public)


# A small book


FILES = {
    "_config.yml": """\
title: 작은 책
repository: {url: https://github.com/org/repo, path_to_book: book, branch: main}
launch_buttons: {colab_url: https://colab.research.google.com}
parse: {myst_enable_extensions: [colon_fence, dollarmath]}
html: {baseurl: ""}
""",
    "_toc.yml": """\
format: jb-book
root: index
parts:
- chapters: [{file: glossary}, {file: notes-map}, {file: corrections}, {file: symbols}]
- chapters: [{file: easy/one}, {file: references}]
""",
    "book/conf.py": """\
extensions = ["myst_parser", "sphinxcontrib.bibtex", "glossary", "notesmap", "corrections",
              "symbols", "firstuse"]
myst_enable_extensions = ["colon_fence", "dollarmath"]
bibtex_bibfiles = ["references.bib"]
bibtex_reference_style = "author_year"
bibtex_cite_id = "cite-{key}"
exclude_patterns = ["read.txt"]

import sys
from pathlib import Path
from docutils.parsers.rst import Directive

sys.path.insert(0, EXTENSIONS)


class Cell(Directive):
    has_content = True

    def run(self):
        return []


def setup(app):
    app.add_directive("code-cell", Cell)
    app.connect("source-read", lambda app, page, text: print(page, file=read))


read = open(Path(__file__).parent.parent / "read.txt", "w")
""".replace("EXTENSIONS", repr(str(ROOT / "book" / "_ext"))),
    "book/index.md": "# 책\n\n```{toctree}\n:glob:\n*\neasy/*\n```\n",
    "book/glossary.md": "# 용어집\n\n```{glossary-from-yml}\n```\n",
    "book/notes-map.md": "# 대응표\n\n```{notes-map}\n```\n",
    "book/corrections.md": "# 바로잡은 내용\n\n```{corrections}\n```\n",
    "book/symbols.md": "# 기호\n\n```{symbols} value\n```\n",
    "book/references.md": "# 참고문헌\n\n```{bibliography}\n```\n",
    "book/references.bib": "@article{one1990, author={One, A.}, title={T}, journal={J}, year={1990}}\n",
    "book/glossary.yml": "- {ko: 상태, en: state, text: 벡터입니다., symbol: $h_t$, shape: '(H,)'}\n",
    "book/symbols.yml": "- {symbol: $\\eta$, kind: value, text: 폭}\n",
    "book/notes.yml": """\
- {id: rnn-01, part: easy, section: 시계열 모델(RNN), line: 1, text: '**굵게** $x$'}
- {id: rnn-02, part: easy, section: 시계열 모델(RNN), line: 2, text: '![그림](가.png)'}
""",
    "book/easy/one.md": """\
# 하나

{term}`상태`(state) $h_t$를 배웁니다.

```{code-cell}
1
```

## 둘
% notes: rnn-01 @mini:bptt

```{math}
:label: eq-one
h_t = 1
```

::::{admonition} 바로잡기: 식 {eq}`eq-one`
:class: correction
식 {eq}`eq-one`과 {term}`상태`, {cite:t}`one1990`, {ref}`둘 <two>`를 보세요.[^f]

```{math}
:label: eq-two
\\eta = 2
```
::::

(two)=
## 셋

글입니다.

[^f]: 각주입니다.
""",
}  # fmt: skip


class SmallBook:
    """A book of a few pages; `build` returns the warnings and the pages that were read."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name, text in FILES.items():
            self.write(name, text)
        cells = [
            {"cell_type": "markdown", "source": ["## 1. 거슬러 가기 (10점)\n", "글"]},
            {"cell_type": "code", "source": ["# [mini:bptt]\n", "pass"]},
        ]
        self.write("labs/mini/mini.ipynb", json.dumps({"cells": cells}))

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.root / name).read_text("utf-8")
        assert old in text
        self.write(name, text.replace(old, new))

    def build(self) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html"]
        return subprocess.run(
            [*command, self.root / "book", self.root / "out"], capture_output=True, text=True
        )

    def pages_read(self) -> set[str]:
        """The pages that the last build read."""
        return set((self.root / "read.txt").read_text("utf-8").split())

    def page(self, name: str) -> BeautifulSoup:
        return BeautifulSoup((self.root / "out" / f"{name}.html").read_text("utf-8"), "html.parser")


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> SmallBook:
    """The small book, built; tests that edit it build a copy of their own."""
    book = SmallBook(tmp_path_factory.mktemp("small"))
    built = book.build()
    assert built.returncode == 0, built.stderr
    assert built.stdout.strip() == "노트 대응표: 2개 가운데 1개를 다룹니다. 아직: rnn(1)"
    return book


def test_copied_references_work_and_nothing_is_defined_twice(small):
    section = small.page("corrections").find(id="corrections-easy-one-1")
    links = {link.get_text().strip(): link["href"] for link in section.select("p a")}
    assert links["(1)"] == "easy/one.html#equation-eq-one"
    assert links["상태"].startswith("glossary.html#")
    assert links["1990"] == "references.html#cite-one1990"
    assert small.page("references").find(id="cite-one1990")
    assert links["둘"] == "easy/one.html#two"
    assert (
        links["하나: 둘"]
        == "easy/one.html#" + small.page("easy/one").find(string="둘").find_parent("section")["id"]
    )
    footnote = section.select_one("sup a")["href"].partition("#")[2]
    assert small.page("easy/one").find(id=footnote).get_text().strip().endswith("각주입니다.")
    assert "eta = 2" in section.get_text()
    assert small.page("corrections").find(id="equation-eq-two") is None
    # Its formulas all came from elsewhere: the page asks for what sets them nevertheless.
    assert section.select(".math")
    assert small.page("corrections").select('script[src*="mathjax"]')


def test_an_edit_of_a_chapter_refreshes_the_appendix_and_reads_nothing_else(tmp_path):
    book = SmallBook(tmp_path)
    assert book.build().returncode == 0
    assert book.build().returncode == 0
    assert book.pages_read() == set()
    book.edit("book/easy/one.md", "## 셋\n", "## 셋\n% notes: rnn-02\n")
    book.edit("book/easy/one.md", "를 보세요", "를 꼭 보세요")
    built = book.build()
    assert built.returncode == 0, built.stderr
    assert book.pages_read() == {"easy/one", "glossary", "notes-map", "corrections", "symbols"}
    assert book.page("notes-map").find(id="note-rnn-02").select_one("a").get_text() == "하나: 셋"
    assert "를 꼭 보세요" in book.page("corrections").find("section").get_text()


def test_an_edit_of_notes_or_symbols_refreshes_their_page_only(tmp_path):
    book = SmallBook(tmp_path)
    assert book.build().returncode == 0
    book.edit("book/notes.yml", "굵게", "더 굵게")
    book.edit("book/symbols.yml", "폭", "걸음의 폭")
    assert book.build().returncode == 0
    assert book.pages_read() == {"notes-map", "symbols"}
    assert "더 굵게" in book.page("notes-map").find(id="note-rnn-01").get_text()
    assert "걸음의 폭" in book.page("symbols").get_text()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("rnn-01 @", "rnn-99 @", "book/easy/one.md:10: notes.yml에 없는 번호: rnn-99"),
        ("@mini:bptt", "@mini:none", "book/easy/one.md:10: 내보낸 실습에 없는 문제: @mini:none"),
        ("바로잡기: ", "", "book/easy/one.md:17: 제목의 「바로잡기:」와"),
        ("(state)", "", "book/easy/one.md:3: 「상태」: 처음 쓰는 곳에서는 「상태(state)」로"),
    ],
)
def test_mistakes_stop_the_build_by_file_and_line(tmp_path, old, new, said):
    book = SmallBook(tmp_path)
    book.edit("book/easy/one.md", old, new)
    built = book.build()
    assert built.returncode != 0
    assert said in built.stderr


def test_glossary_gives_symbol_shape_and_place(small):
    facts = small.page("glossary").select_one(".glossary-facts")
    assert [part.get_text() for part in facts.find_all("span", recursive=False)] == [
        "기호 \\(h_t\\)",
        "모양 (H,)",
        "처음 나오는 곳 하나",
    ]
    assert facts.select_one("a")["href"].startswith("easy/one.html#")

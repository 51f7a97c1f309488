"""The first-use lint: where a chapter first writes a term, its English name follows."""

from __future__ import annotations

import sys

import pytest

from tests import booksite

sys.path.insert(0, str(booksite.ROOT / "book" / "_ext"))

import bookconfig  # noqa: E402
import firstuse  # noqa: E402
import vocabulary  # noqa: E402

CONFIG = bookconfig.load()
VOCABULARY = vocabulary.load(CONFIG.book / "glossary.yml")
TERMS = [
    vocabulary.Term("학습", "training", ""),
    vocabulary.Term("학습률", "learning rate", ""),
    vocabulary.Term("역전파", "backpropagation", ""),
    vocabulary.Term("시간 역전파", "backpropagation through time", "", abbr="BPTT"),
]
ROLE = "\n\n{term}`학습`"
TEXTS = {
    "role with its English name": ("{term}`학습`(training)입니다.", []),
    "word with its English name": ("학습(training)입니다." + ROLE, []),
    "bold": ("**학습**(training)입니다." + ROLE, []),
    "another case": ("{term}`학습`(Training)입니다.", []),
    "abbreviation": ("{term}`시간 역전파`(backpropagation through time, BPTT)", []),
    "without the abbreviation": ("{term}`시간 역전파`(backpropagation through time)", []),
    "role alone": ("글\n\n{term}`학습`입니다.", [(3, "학습")]),
    "shown text": ("{term}`배우기 <학습>`입니다.", [(1, "학습")]),
    "introduced too late": ("학습하면\n\n{term}`학습`(training)", [(1, "학습")]),
    "second line": ("글\n학습은\n{term}`학습`(training)", [(2, "학습")]),
    "wrong name": ("{term}`학습`(learning)", [(1, "학습")]),
    "name goes on": ("{term}`학습`(training set)", [(1, "학습")]),
    "list": ("- 글\n- 학습\n\n{term}`학습`(training)", [(2, "학습")]),
    "table": ("| a |\n|---|\n| 학습 |\n\n{term}`학습`(training)", [(3, "학습")]),
    "inside a directive": ("```{note}\n글\n\n학습\n```\n" + ROLE, [(4, "학습")]),
    "two at once": ("학습과 역전파" + ROLE + "\n\n{term}`역전파`", [(1, "학습"), (1, "역전파")]),
    "never a term here": ("학습은 계속됩니다.", []),
    "heading": ("# 학습\n\n{term}`학습`(training)", []),
    "title of a directive": ("```{admonition} 학습\n글\n```\n\n{term}`학습`(training)", []),
    "code": ("`학습` {term}`학습`(training)", []),
    "code cell": ("```{code-cell}\n# 학습\n```\n\n{term}`학습`(training)", []),
    "quoted": ("「학습」이라는 말 {term}`학습`(training)", []),
    "link": ("[학습](https://a.b) {term}`학습`(training)", []),
    "inside another word": ("재학습 {term}`학습`(training)", []),
    "inside a longer term": (
        "{term}`시간 역전파`(backpropagation through time) 시간 역전파 "
        "{term}`역전파`(backpropagation)",
        [],
    ),
    "beginning of a longer term": (
        "학습률(learning rate) {term}`학습`(training) {term}`학습률`",
        [],
    ),
    "list of terms": ("**만난 용어** {term}`학습`", []),
}


@pytest.mark.parametrize("name", TEXTS)
def test_first_use(name):
    text, wanted = TEXTS[name]
    found = firstuse.not_introduced(text, TERMS, CONFIG.syntax)
    assert [(use.line, use.term.ko) for use in found] == wanted


def test_finding_says_what_to_write():
    found = firstuse.not_introduced("{term}`시간 역전파`", TERMS, CONFIG.syntax)
    assert "시간 역전파(backpropagation through time, BPTT)" in str(found[0])


def test_places_of_introduction():
    text = "학습 {term}`학습`(training)\n\n학습(training)\n\n역전파(backpropagation)"
    assert firstuse.introductions(text, TERMS, CONFIG.syntax) == {"학습": 1, "역전파": 5}


@pytest.mark.parametrize("page", CONFIG.chapters())
def test_chapter_introduces_its_terms(page):
    text = CONFIG.source(page).read_text("utf-8")
    assert firstuse.not_introduced(text, VOCABULARY, CONFIG.syntax) == []


@pytest.mark.parametrize("page", CONFIG.chapters())
def test_list_of_terms_names_those_that_the_chapter_introduces(page):
    text = CONFIG.source(page).read_text("utf-8")
    listed = next(line for line in text.split("\n") if line.startswith(f"**{firstuse.MET}**"))
    uses = firstuse.uses(text, VOCABULARY, CONFIG.syntax)
    linked = {use.term.ko for use in uses if use.linked}
    assert set(listed.split("`")[1::2]) == linked

"""The first-use lint: a chapter introduces a term as 한글(English) where it first writes it.

It looks at the terms that a chapter links by {term}, so that a word in its everyday sense
(「온도」 of the weather) is left alone where the chapter does not speak of the term. Headings,
titles, code, formulas, links, quotations and the list 「만난 용어」 do not count as prose.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it.token import Token
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

import bookconfig
import places
import terms as termlint
import vocabulary
from edition import inline

MET = "만난 용어"


@dataclass(frozen=True)
class Use:
    """A term in the prose of a chapter; `introduced` when its English name follows."""

    line: int
    term: vocabulary.Term
    introduced: bool
    linked: bool

    def __str__(self) -> str:
        name = self.term.ko
        return (
            f"{self.line}: 「{name}」: 처음 쓰는 곳에서는 「{name}({self.term.english})」로 씁니다."
        )


def uses(text: str, terms: list[vocabulary.Term], syntax: tuple[str, ...]) -> Iterator[Use]:
    """All uses of glossary terms in the prose of a chapter, in order."""
    known = {term.ko: term for term in terms}
    longest_first = sorted(known, key=len, reverse=True)
    # At the beginning of a word only, as the term lint has it; particles may follow.
    pattern = re.compile(r"(?<![가-힣A-Za-z])(?:" + "|".join(map(re.escape, longest_first)) + ")")
    for line, prose, roles in _paragraphs(text, syntax):
        hidden = termlint.QUOTED.sub(lambda quote: termlint.GAP * len(quote[0]), prose)
        taken = {place for start, end, _ in roles for place in range(start, end)}
        found = [(start, end, name, True) for start, end, name in roles if name in known]
        found += [
            (match.start(), match.end(), match[0], False)
            for match in pattern.finditer(hidden)
            if match.start() not in taken
        ]
        for start, end, name, linked in sorted(found):
            if hidden[start] == termlint.GAP:
                continue
            behind = prose[end:].replace("\n", " ")
            introduced = re.match(rf"\({re.escape(known[name].en)}[),]", behind, re.IGNORECASE)
            here = line + prose.count("\n", 0, start)
            yield Use(here, known[name], introduced is not None, linked)


def not_introduced(text: str, terms: list[vocabulary.Term], syntax: tuple[str, ...]) -> list[Use]:
    """First uses without their English name, of the terms that the chapter links."""
    found = list(uses(text, terms, syntax))
    linked = {use.term.ko for use in found if use.linked}
    first: dict[str, Use] = {}
    for use in found:
        first.setdefault(use.term.ko, use)
    return [use for name, use in first.items() if name in linked and not use.introduced]


def introductions(
    text: str, terms: list[vocabulary.Term], syntax: tuple[str, ...]
) -> dict[str, int]:
    """The line where a chapter introduces each term, by its Korean name."""
    lines: dict[str, int] = {}
    for use in uses(text, terms, syntax):
        if use.introduced:
            lines.setdefault(use.term.ko, use.line)
    return lines


def _paragraphs(
    text: str, syntax: tuple[str, ...]
) -> Iterator[tuple[int, str, list[tuple[int, int, str]]]]:
    """(line, words, spans of {term} roles) of every paragraph, list item and table cell."""
    heading = False
    for line, token, _ in places.tokens(text, syntax):
        if token.type == "inline" and not heading and not _is_list_of_terms(token):
            yield (line, *_words(token.children or []))
        heading = token.type == "heading_open"


def _is_list_of_terms(token: Token) -> bool:
    words = [child.content for child in token.children or [] if child.type == "text"]
    return "".join(words).startswith(MET)


def _words(children: list[Token]) -> tuple[str, list[tuple[int, int, str]]]:
    """The words of an inline run, a gap where no prose stood, and the spans of its terms."""
    out, spans, links = "", [], 0
    for token in children:
        links += token.nesting if token.type.startswith("link_") else 0
        if token.type in ("softbreak", "hardbreak"):
            out += "\n"
        elif token.type == "text" and not links:
            out += token.content
        elif token.type == "myst_role" and token.meta["name"] == "term":
            shown, name = inline.split_title(token.content.strip())
            spans.append((len(out), len(out) + len(shown or name), name))
            out += shown or name
        elif token.nesting == 0:
            out += termlint.GAP
    return out, spans


def _check(app: Sphinx) -> None:
    config = bookconfig.load(Path(app.srcdir).parent)
    terms = vocabulary.load(config.book / "glossary.yml")
    found = [
        f"{config.source(page).relative_to(config.root)}:{use}"
        for page in config.chapters()
        for use in not_introduced(config.source(page).read_text("utf-8"), terms, config.syntax)
    ]
    if found:
        raise ExtensionError("영어 이름 없이 처음 쓴 용어가 있습니다.\n" + "\n".join(found))


def setup(app: Sphinx) -> dict[str, bool]:
    """Check all chapters before each build, whether Sphinx reads them again or not."""
    app.connect("builder-inited", _check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""The term lint: a variant that glossary.yml bans must not stand in prose.

Code, formulas, links, roles and anything in quotation marks are left alone: there a chapter
may quote what others write. The build fails with file, line and the term to use instead.
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
import vocabulary
from edition import parser

QUOTED = re.compile(r"「[^」]*」|『[^』]*』|“[^”]*”|‘[^’]*’|«[^»]*»|\"[^\"\n]*\"|'[^'\n]*'")
NOT_PROSE = {"code-cell", "math", "image", "lab"}
GAP = "\0"


@dataclass(frozen=True)
class Finding:
    """A banned variant at a line of a chapter."""

    line: int
    variant: str
    term: str

    def __str__(self) -> str:
        return f"{self.line}: 「{self.variant}」 대신 「{self.term}」을(를) 씁니다."


def find_banned(text: str, terms: list[vocabulary.Term], syntax: tuple[str, ...]) -> list[Finding]:
    """All banned variants in the prose of a page, in order of lines."""
    banned = {variant: term.ko for term in terms for variant in term.banned}
    if not banned:
        return []
    longest_first = sorted(banned, key=len, reverse=True)
    # A variant counts at the beginning of a word only; particles may follow it.
    pattern = re.compile(r"(?<![가-힣A-Za-z])(" + "|".join(map(re.escape, longest_first)) + ")")
    found = []
    for line, prose in _prose(text, 1, syntax):
        hidden = QUOTED.sub(lambda match: GAP + "\n" * match[0].count("\n"), prose)
        for match in pattern.finditer(hidden):
            here = line + hidden.count("\n", 0, match.start())
            found.append(Finding(here, match[1], banned[match[1]]))
    return sorted(found, key=lambda finding: finding.line)


def _prose(text: str, first_line: int, syntax: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """(line, text) of every paragraph, heading, cell and directive title."""
    for token in parser.markdown(syntax).parse(text):
        directive = parser.as_directive(token, first_line)
        if directive and directive.name not in NOT_PROSE:
            inline = parser.markdown(syntax).parseInline(directive.argument)
            yield directive.line, _words(inline[0].children or [])
            yield from _prose(directive.body, directive.body_line, syntax)
        elif token.type == "inline" and token.map:
            yield first_line + token.map[0], _words(token.children or [])


def _words(tokens: list[Token]) -> str:
    """The words of an inline run, with a gap where code, a link or a formula stood."""
    out, links = [], 0
    for token in tokens:
        links += token.nesting if token.type.startswith("link_") else 0
        if token.type in ("softbreak", "hardbreak"):
            out.append("\n")
        elif token.type == "text" and not links:
            out.append(token.content)
        elif token.nesting == 0:
            out.append(GAP)
    return "".join(out)


def _check(app: Sphinx) -> None:
    root = Path(app.srcdir).parent
    config = bookconfig.load(root)
    terms = vocabulary.load(config.book / "glossary.yml")
    found = [
        f"{config.source(page).relative_to(root)}:{finding}"
        for page in config.pages
        for finding in find_banned(config.source(page).read_text("utf-8"), terms, config.syntax)
    ]
    if found:
        raise ExtensionError("용어집이 막는 말이 있습니다.\n" + "\n".join(found))


def setup(app: Sphinx) -> dict[str, bool]:
    """Check all pages before each build, whether Sphinx reads them again or not."""
    app.connect("builder-inited", _check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

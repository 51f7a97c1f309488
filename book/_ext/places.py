"""Where a line of a chapter stands: under which heading, and every inline run with its line.

The n-th heading of a source is the n-th section of the page that Sphinx reads from it; that
is how a place in a source gets the anchor that the page really has (book/_ext/gathered.py).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from markdown_it.token import Token

from edition import parser

# Directives whose body is no Markdown.
NO_MARKDOWN = {"code-cell", "math", "image"}


@dataclass(frozen=True)
class Heading:
    """A heading of a page, with its 1-based line."""

    line: int
    title: str


@dataclass(frozen=True)
class Outline:
    """The headings of a page in order."""

    headings: tuple[Heading, ...]

    def at(self, line: int) -> int | None:
        """Which heading (counted from 0) the line stands under; None above the first."""
        found = bisect_right([heading.line for heading in self.headings], line) - 1
        return found if found >= 0 else None


def outline(text: str, syntax: tuple[str, ...]) -> Outline:
    """The headings of a page; those inside directives are no sections and do not count."""
    return Outline(
        tuple(
            Heading(block.start + 1, block.inner[1].content)
            for block in parser.blocks(text, syntax)
            if block.kind == "heading"
        )
    )


def tokens(
    text: str, syntax: tuple[str, ...], first_line: int = 1
) -> Iterator[tuple[int, Token, parser.Directive | None]]:
    """(line, token, its directive) of all block tokens, those inside directives too."""
    for token in parser.markdown(syntax).parse(text):
        if token.map is None:
            continue
        directive = parser.as_directive(token, first_line)
        yield first_line + token.map[0], token, directive
        if directive and directive.name not in NO_MARKDOWN:
            yield from tokens(directive.body, syntax, directive.body_line)

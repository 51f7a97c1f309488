"""A {list-table} as rows of cells, and rows as a Markdown table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from markdown_it.token import Token

from edition import parser

ROW, CELL = 1, 3  # levels of the list items of the outer and of the inner list


@dataclass(frozen=True)
class Cell:
    """Markdown source of one cell and its line in the chapter."""

    text: str
    line: int


def header_rows(directive: parser.Directive) -> int:
    """How many rows are the header."""
    return int(directive.options.get("header-rows", 0) or 0)


def rows(directive: parser.Directive, syntax: tuple[str, ...]) -> list[list[Cell]]:
    """The cells of a {list-table}.

    Raises Unsupported when the body is not a list of equally long lists of single paragraphs,
    or has more header rows than the one that Markdown can show.
    """
    blocks = list(parser.blocks(directive.body, syntax))
    if len(blocks) != 1 or blocks[0].kind != "bullet_list":
        raise parser.Unsupported("{list-table}은 목록의 목록이어야 합니다", directive.line)
    if header_rows(directive) > 1:
        raise parser.Unsupported("머리 줄이 둘 이상인 {list-table}", directive.line)
    found: list[list[Cell]] = []
    for token, cell in _items(blocks[0].inner, directive):
        if token.level == ROW:
            found.append([])
        elif cell is not None:
            found[-1].append(cell)
    if len({len(row) for row in found}) != 1:
        raise parser.Unsupported("줄마다 칸 수가 다른 {list-table}", directive.line)
    return found


def _items(tokens: list[Token], directive: parser.Directive) -> Iterator[tuple[Token, Cell | None]]:
    """Each list item, with its text when it is a cell."""
    for place, token in enumerate(tokens):
        if token.type != "list_item_open":
            continue
        line = directive.body_line + token.map[0]
        if token.level == ROW:
            yield token, None
            continue
        end = next(
            i
            for i in range(place, len(tokens))
            if tokens[i].type == "list_item_close" and tokens[i].level == token.level
        )
        inside = tokens[place + 1 : end]
        kinds = [inner.type for inner in inside]
        if token.level != CELL or kinds not in (
            [],
            ["paragraph_open", "inline", "paragraph_close"],
        ):
            raise parser.Unsupported("{list-table}의 칸에는 한 문단만", line)
        yield token, Cell(inside[1].content if inside else "", line)


def markdown(table: list[list[str]], *, has_header: bool) -> str:
    """`table` as a Markdown table; without a header its first line stays empty."""
    width = len(table[0])
    body = table if has_header else [[""] * width, *table]
    lines = ["| " + " | ".join(map(_cell, row)) + " |" for row in body]
    return "\n".join([lines[0], "|" + "---|" * width, *lines[1:]])


def _cell(text: str) -> str:
    # A line break or a bar would end the cell.
    return text.replace("\n", " ").replace("\\|", "|").replace("|", "\\|")

"""Cells, ids and metadata of a Colab edition."""

from __future__ import annotations

import hashlib
import json
from collections import Counter

from edition import setup_cell
from edition.blocks import Code, Markdown
from edition.inline import Page

BADGE = "https://colab.research.google.com/assets/colab-badge.svg"
FOLDED = {"remove-cell", "hide-input", "remove-input"}


class Cells:
    """Collects cells; an id depends on the section and the place in it, nothing else.

    So an edit in one section leaves the ids of all others alone, and diffs stay small.
    """

    def __init__(self, page: str) -> None:
        self.page, self.section = page, ""
        self.cells: list[dict] = []
        self.sections: Counter[str] = Counter()
        self.places: Counter[tuple[str, str]] = Counter()

    def start_section(self, heading: str) -> None:
        """Cells from here on belong to `heading`."""
        self.sections[heading] += 1
        self.section = f"{heading}#{self.sections[heading]}"

    def add(self, kind: str, source: str, metadata: dict | None = None) -> None:
        """Append a 'markdown' or 'code' cell."""
        self.places[self.section, kind] += 1
        place = f"{self.page}|{self.section}|{kind}|{self.places[self.section, kind]}"
        identity = hashlib.sha256(place.encode()).hexdigest()[:12]
        cell = {
            "cell_type": kind,
            "id": f"{self.page.split('/')[-1]}-{identity}",
            "metadata": metadata or {},
            "source": source.splitlines(keepends=True),
        }
        if kind == "code":
            cell |= {"execution_count": None, "outputs": []}
        self.cells.append(cell)


def build(page: Page, pieces: list[Markdown | Code]) -> dict:
    """The notebook of a page: set-up cell, badge, then the pieces in order."""
    code = [piece for piece in pieces if isinstance(piece, Code)]
    setup = next((piece for piece in code if "setup" in piece.tags), Code("", (), 0))
    cells = Cells(page.name)
    cells.add(
        "code",
        setup_cell.source(page.config.book, setup, setup_cell.data_names(code)),
        {"cellView": "form"},
    )
    cells.add("markdown", badge(page))
    text: list[str] = []

    def flush() -> None:
        if text:
            cells.add("markdown", "\n\n".join(text))
            text.clear()

    for piece in pieces:
        if isinstance(piece, Markdown):
            if piece.heading:
                flush()
                cells.start_section(piece.heading)
            text.append(piece.text)
        elif piece is not setup:
            flush()
            cells.add("code", *code_cell(piece))
            text += figure_text(piece)
    flush()
    return {
        "cells": cells.cells,
        "metadata": {
            "colab": {"provenance": [], "toc_visible": True},
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def badge(page: Page) -> str:
    """The line above the chapter: where this came from and where else it can be read."""
    config = page.config
    return (
        f"[![Colab에서 열기]({BADGE})]({config.edition_url(page.name)})\n\n"
        f"「{config.title}」의 Colab 편입니다. 칸을 위에서부터 차례로 실행하세요. "
        f"용어 설명과 찾기는 [온라인 책의 같은 쪽]({config.page_url(page.name)})에서 됩니다."
    )


def figure_text(piece: Code) -> list[str]:
    """Caption and description of the figure that a code cell draws.

    Colab shows no alt text of a cell's output, so the description stands folded below.
    """
    if not piece.alt:
        return [piece.caption] if piece.caption else []
    said = f"<details>\n<summary>그림 설명</summary>\n\n{piece.alt}\n\n</details>"
    return [piece.caption, said] if piece.caption else [said]


def code_cell(piece: Code) -> tuple[str, dict]:
    """Source and metadata of a code cell, folded where the page folds it."""
    metadata: dict = {}
    source = piece.source
    if FOLDED & set(piece.tags):
        metadata["cellView"] = "form"
        if not source.startswith("#@title"):
            first, _, rest = source.partition("\n")
            titled = first.startswith("# ")
            title = first[2:].strip() if titled else "코드 펼쳐 보기"
            source = f"#@title {title}\n" + (rest if titled else source)
    if "hide-output" in piece.tags:
        metadata["collapsed"] = True
        metadata["jupyter"] = {"outputs_hidden": True}
    return source, metadata


def to_text(notebook: dict) -> str:
    """The notebook file's text, the same for the same notebook."""
    return json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"

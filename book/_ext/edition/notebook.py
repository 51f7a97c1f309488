"""Cells, ids and metadata of a Colab edition."""

from __future__ import annotations

import json
import re

from edition import ids, setup_cell
from edition.blocks import Code, Markdown
from edition.inline import Page

BADGE = "https://colab.research.google.com/assets/colab-badge.svg"
FOLDED = {"remove-cell", "hide-cell", "hide-input", "remove-input"}
# A cell whose code is folded, on Colab and in JupyterLab.
FORM = {"cellView": "form", "jupyter": {"source_hidden": True}}
HIDDEN_OUTPUT = {"hide-cell", "hide-output", "remove-output"}
PASSED_ON = ("raises-exception",)  # tags that whoever runs the notebook must see
DATED = re.compile(r"\b(\d{4}-\d{2}-\d{2}) 판\b")


def build(page: Page, pieces: list[Markdown | Code], old: dict, date: str) -> dict:
    """The notebook of a page: set-up cell, badge, then the pieces in order.

    `old` is the edition that is there already (or {}): its ids and, as long as nothing else
    changes, its date are kept. A changed edition is dated `date`.
    """
    dated = written(old)
    made = _build(page, pieces, old, dated or date)
    return made if made == old or not dated else _build(page, pieces, old, date)


def _build(page: Page, pieces: list[Markdown | Code], old: dict, date: str) -> dict:
    code = [piece for piece in pieces if isinstance(piece, Code)]
    setup = next((piece for piece in code if "setup" in piece.tags), Code("", (), 0))
    stem = page.name.split("/")[-1]
    front = setup_cell.source(page.config.book, setup, setup_cell.data_names(code))
    cells = [
        _cell("code", front, dict(FORM)) | {"id": f"{stem}-setup"},
        _cell("markdown", badge(page, date)) | {"id": f"{stem}-badge"},
    ]
    text: list[str] = []

    def flush() -> None:
        if text:
            cells.append(_cell("markdown", "\n\n".join(text)))
            text.clear()

    for piece in pieces:
        if isinstance(piece, Markdown):
            if piece.starts_cell:
                flush()
            text.append(piece.text)
        elif piece is not setup:
            flush()
            cells.append(_cell("code", *code_cell(piece)))
            text += figure_text(piece)
    flush()
    ids.assign(cells, old.get("cells", []), stem)
    return {
        "cells": cells,
        "metadata": {
            "colab": {"provenance": [], "toc_visible": True},
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _cell(kind: str, source: str, metadata: dict | None = None) -> dict:
    """A 'markdown' or 'code' cell that has no id yet."""
    cell = {
        "cell_type": kind,
        "metadata": metadata or {},
        "source": source.splitlines(keepends=True),
    }
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def written(notebook: dict) -> str:
    """The date in an edition's badge cell; empty when there is none."""
    for cell in notebook.get("cells", []):
        if cell.get("id", "").endswith("-badge"):
            found = DATED.search("".join(cell["source"]))
            return found[1] if found else ""
    return ""


def badge(page: Page, date: str) -> str:
    """The line above the chapter: where this came from, how old it is, where else to read it."""
    config = page.config
    return (
        f"[![Colab에서 열기]({BADGE})]({config.edition_url(page.name)})\n\n"
        f"「{config.title}」의 Colab 편입니다({date} 판). 칸을 위에서부터 차례로 실행하세요. "
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
        metadata |= FORM
        if not source.startswith("#@title"):
            first, _, rest = source.partition("\n")
            titled = first.startswith("# ")
            title = first[2:].strip() if titled else "코드 펼쳐 보기"
            source = f"#@title {title}\n" + (rest if titled else source)
    if HIDDEN_OUTPUT & set(piece.tags):
        metadata["collapsed"] = True
        metadata["jupyter"] = metadata.get("jupyter", {}) | {"outputs_hidden": True}
    if kept := [tag for tag in PASSED_ON if tag in piece.tags]:
        metadata["tags"] = kept
    return source, metadata


def to_text(notebook: dict) -> str:
    """The notebook file's text, the same for the same notebook."""
    return json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"

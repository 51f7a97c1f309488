"""What the cells of a lab's notebook are: exercises, tests, demos, markers.

One place for the conventions that solutions/, labs/ and hand-ins share (autograder/README.md lists them).
"""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import Any, Literal

import nbformat
from nbformat import NotebookNode
from nbformat.v4.rwbase import split_lines, strip_transient

from autograder.jsontext import indented

Role = Literal["answer", "written", "public", "hidden", "demo", "setup", "given"]

# `# [rnn:bptt]` in code, `<!-- [rnn:reflection] -->` in Markdown.
MARKER = re.compile(r"^\s*(?:#|<!--)\s*\[([a-z0-9-]+):([A-Za-z0-9_]+)\]")


def marker(source: str) -> tuple[str, str] | None:
    """(lab, exercise) of a cell's marker line, which stands in one of its first three lines."""
    for line in source.splitlines()[:3]:
        if found := MARKER.match(line):
            return found[1], found[2]
    return None


def grade_id(cell: NotebookNode) -> str | None:
    """nbgrader's id of the cell, or None."""
    found = cell.metadata.get("nbgrader", {}).get("grade_id")
    return found if isinstance(found, str) else None


def role(cell: NotebookNode) -> Role:
    """What a cell of an instructor's or a released notebook is for (never ask it of a hand-in)."""
    about = cell.metadata.get("nbgrader", {})
    tags = cell.metadata.get("tags", [])
    if about.get("solution"):
        return "written" if about.get("grade") else "answer"
    if about.get("grade"):
        return "hidden" if about["grade_id"].endswith("-hidden") else "public"
    if "setup" in tags:
        return "setup"
    return "demo" if "demo" in tags else "given"


def exercise(cell: NotebookNode) -> str | None:
    """The exercise that an answer, written or test cell belongs to; None for other cells."""
    name = grade_id(cell)
    if name is None or role(cell) not in ("answer", "written", "public", "hidden"):
        return None
    return re.sub(r"-(public|hidden)$", "", name)


def points(cell: NotebookNode) -> float:
    """Points of a test or written cell; 0 for others."""
    return float(cell.metadata.get("nbgrader", {}).get("points", 0) or 0)


def read(path: Path) -> NotebookNode:
    """One of our own notebooks (hand-ins go through intake.notebook instead)."""
    return nbformat.read(path, as_version=4)


def dumps(notebook: NotebookNode) -> str:
    """The one way in which we write notebooks: same notebook, same bytes, and those of nbformat.writes."""
    return indented(strip_transient(split_lines(copied(notebook))), sort_keys=True) + "\n"


def copied(value: Any) -> Any:
    """A copy of a notebook, or of a part: as copy.deepcopy, and several times as fast."""
    if isinstance(value, dict):
        return NotebookNode([(key, copied(item)) for key, item in value.items()])
    return [copied(item) for item in value] if isinstance(value, list | tuple) else value


def write_text(path: Path, text: str, durable: bool = False) -> None:
    """Writes a file whole or not at all: a reader or a crash never sees half of it.

    With `durable` it is on disk when this returns: a power cut does not take it back.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:  # a full disk, say: half a file helps nobody
        os.unlink(name)
        raise
    if durable:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Puts the folder's list of names on disk: a new name could be lost in a power cut otherwise."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write(path: Path, notebook: NotebookNode) -> None:
    """Writes a notebook whole or not at all."""
    write_text(path, dumps(notebook))

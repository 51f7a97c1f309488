"""Which released cell a handed-in cell is.

A cell has several witnesses: its id (cell id, or Colab's in the metadata), nbgrader's grade_id, the
marker line, the function that it defines, its text. Each can be wrong by itself: Colab renumbers
ids and strips metadata, students copy a cell with its marker. So the witnesses vote.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property, lru_cache

from nbformat import NotebookNode

from autograder.notebooks import Role, exercise, grade_id, marker, role

_DEFINED = re.compile(r"^(?:async\s+)?(?:def|class)\s+(\w+)", re.MULTILINE)
_WORD = re.compile(r"\w+|[^\w\s]")
_COMPARED = 20_000  # characters: comparing must not become a way to keep the grader busy
_SAME_CELL = 0.75  # likeness of two texts that are one cell, edited
_SAME_STUB = 0.8  # share of a stub's words that an answer without any other witness still has


@dataclass(frozen=True)
class Released:
    """One cell of the release, and what a hand-in may know it by."""

    index: int
    cell: NotebookNode
    role: Role
    exercise: str | None  # of answer and written cells only
    defines: frozenset[str]  # names that no other answer cell defines

    @property
    def is_answer(self) -> bool:
        """Whether its text is taken from the hand-in."""
        return self.exercise is not None

    @cached_property
    def words(self) -> Counter:
        """Its words and signs, counted."""
        return words(self.cell.source)


@dataclass(frozen=True)
class Claim:
    """A handed-in cell is `released`.

    `sure` is false where only its text or the function in it says so. `placed` is false where
    several released cells have that text, so that it says nothing about the order of cells.
    """

    released: Released
    sure: bool
    placed: bool = True


class Release:
    """A released notebook, indexed by everything by which its cells can be found again."""

    def __init__(self, notebook: NotebookNode, lab: str) -> None:
        self.notebook = notebook
        self.lab = lab
        answers = [cell for cell in notebook.cells if role(cell) in ("answer", "written")]
        defined = Counter(name for cell in answers for name in set(_defined(cell.source)))
        self.cells = [
            Released(
                index,
                cell,
                role(cell),
                exercise(cell) if role(cell) in ("answer", "written") else None,
                frozenset(name for name in _defined(cell.source) if defined[name] == 1),
            )
            for index, cell in enumerate(notebook.cells)
        ]
        self.answers = {each.exercise: each for each in self.cells if each.is_answer}
        self._by_id = {each.cell.id: each for each in self.cells}
        self._by_grade_id = {
            name: each for each in self.cells if (name := grade_id(each.cell)) is not None
        }
        self._by_text = {plain(each.cell.source): each for each in self.cells}
        self._same_text = Counter(plain(each.cell.source) for each in self.cells)
        self._by_name = {name: each for each in self.cells for name in each.defines}

    def claim(self, cell: NotebookNode) -> Claim | None:
        """Which released cell this is; None for a cell of the student's own."""
        marked = self._marked(cell)
        if marked is not None and not _fits(cell, marked):
            marked = None
        votes: Counter[int] = Counter()
        # In order of trust: the first one wins where the votes are equal.
        for witness, weight in (
            (marked, 2),
            (self._by_id.get(handed_id(cell)), 2),
            (self._by_grade_id.get(grade_id(cell)), 2),
            (self._defining(cell), 1),
        ):
            if witness is None or not _fits(cell, witness):
                continue
            if marked is not None and not witness.is_answer:
                continue  # an answer written into what was a test cell is an answer
            votes[witness.index] += weight
        if votes:
            index = max(votes, key=votes.__getitem__)
            if votes[index] > 1:
                return self._unless_own(cell, self.cells[index])
            return Claim(self.cells[index], sure=False)
        text = plain(cell.source)
        same = self._by_text.get(text)
        if same is not None and text and _fits(cell, same):
            return Claim(same, sure=True, placed=self._same_text[text] == 1)
        return self._alike(cell)

    def _marked(self, cell: NotebookNode) -> Released | None:
        found = marker(cell.source)
        return self.answers.get(found[1]) if found and found[0] == self.lab else None

    def _defining(self, cell: NotebookNode) -> Released | None:
        if cell.cell_type != "code":
            return None
        found = {
            self._by_name[name].index for name in _defined(cell.source) if name in self._by_name
        }
        return self.cells[found.pop()] if len(found) == 1 else None

    def _unless_own(self, cell: NotebookNode, released: Released) -> Claim | None:
        """A test cell rewritten into functions is the student's own cell by now."""
        if released.is_answer or released.role == "demo" or cell.cell_type != "code":
            return Claim(released, sure=True)
        if (answer := self._defining(cell)) is not None:
            return Claim(answer, sure=False)
        new = set(_defined(cell.source)) - set(_defined(released.cell.source))
        if new and likeness(words(cell.source), released.words) < 0.3:
            return None
        return Claim(released, sure=True)

    def _alike(self, cell: NotebookNode) -> Claim | None:
        mine = words(cell.source)
        if sum(mine.values()) < 8:  # too short to be told apart
            return None
        best, found = 0.0, None
        for each in self.cells:
            if each.cell.cell_type != cell.cell_type or not each.words:
                continue
            if each.is_answer:
                share = (mine & each.words).total() / each.words.total()
                score = share if share >= _SAME_STUB and each.words.total() >= 8 else 0.0
            else:
                score = likeness(mine, each.words)
                score = score if score >= _SAME_CELL else 0.0
            if score > best:
                best, found = score, each
        if found is None:
            return None
        if not found.is_answer and set(_defined(cell.source)) - set(_defined(found.cell.source)):
            return None  # copied from a released cell, but it has become something else
        return Claim(found, sure=False)


def _fits(cell: NotebookNode, released: Released) -> bool:
    # A written answer is read by a person: it may stand in any kind of cell.
    return released.role == "written" or cell.cell_type == released.cell.cell_type


def handed_id(cell: NotebookNode) -> str:
    """The id under which the cell was handed in (parse renames doubles)."""
    return cell.metadata.get("id") or cell.get("id", "")


def plain(source: str) -> str:
    """Text for comparison: white space at line ends and empty lines do not matter."""
    return (_remembered if len(source) <= _COMPARED else _plain)(source)


def _plain(source: str) -> str:
    lines = map(str.rstrip, source.splitlines())
    return "\n".join([line for line in lines if line])


_remembered = lru_cache(512)(_plain)  # most cells of a hand-in are the release's, and asked often


def words(source: str) -> Counter:
    """Words and signs of a text, counted."""
    return Counter(_WORD.findall(source[:_COMPARED]))


def likeness(one: Counter, other: Counter) -> float:
    """0 for nothing in common, 1 for the same words (Dice's coefficient)."""
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 1.0


def _defined(source: str) -> tuple[str, ...]:
    return _found(source[:_COMPARED])


@lru_cache(512)
def _found(source: str) -> tuple[str, ...]:
    return tuple(_DEFINED.findall(source))

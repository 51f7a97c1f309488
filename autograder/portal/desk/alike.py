"""Which answers of a class are alike, by copydetect's fingerprints (winnowing of renamed tokens).

Left out: the starter code, and what many of the class share, which is how one writes it. It is a
sign to look at two answers, and never a proof.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from pathlib import Path

import numpy as np
from copydetect import CodeFingerprint, compare_files

from autograder import notebooks
from autograder.course import Course

# In characters of the code as copydetect boils it down (a name is one letter): shorter matches than
# NOISE say nothing, one of NOISE + WINDOW - 1 is always found.
NOISE, WINDOW = 20, 5
LEAST_SAME = 60  # so much has to be the same: in a line or two everybody writes the same
COMMON = 0.3  # what more of the class than this share ...
COMMON_LEAST = 5  # ... and at least so many, is left out
MOST_PAIRS = 60
LEAST = 0.3  # of an answer, to be worth a look


@dataclass(frozen=True)
class Pair:
    """Two students, and how much of either's code is found in the other's (0 to 1)."""

    one: str
    other: str
    of_one: float
    of_other: float

    @property
    def share(self) -> float:
        """The larger of both."""
        return max(self.of_one, self.of_other)


@dataclass(frozen=True)
class Piece:
    """A stretch of code; `same`: it is found in the other one too."""

    text: str
    same: bool


@dataclass(frozen=True)
class Starter:
    """What everybody was given: the cells as they were, and the fingerprints of all of them."""

    cells: frozenset[str]
    hashes: frozenset[int]


def starter(course: Course, lab: str) -> Starter:
    """What the lab's release gives."""
    path = course.release(lab)
    return _starter(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _starter(path: Path, stamp: int) -> Starter:
    cells = _answers(path)
    whole = CodeFingerprint("answers.py", NOISE, 1, language="python", fp=_file(cells))
    return Starter(frozenset(cell.strip() for cell in cells), frozenset(whole.hashes))


def _answers(path: Path) -> list[str]:
    """The answer cells of a notebook of ours (submitted/ or labs/)."""
    return [c.source for c in notebooks.read(path).cells if notebooks.role(c) == "answer"]


def _file(cells: Iterable[str]) -> io.StringIO:
    return io.StringIO("\n\n".join(cells) + "\n")


def pairs(course: Course, lab: str, students: Iterable[str]) -> list[Pair]:
    """The pairs that are most alike, those first."""
    given = starter(course, lab)
    prints = {}
    for student in students:
        path = course.submitted(student, lab) / f"{lab}.ipynb"
        if path.is_file():
            prints[student] = _print(path, path.stat().st_mtime_ns, given)
    own = {student: each.hashes for student, each in prints.items()}
    often = Counter(one for hashes in own.values() for one in hashes)
    most = max(COMMON_LEAST, COMMON * len(own))
    own = {
        student: {one for one in hashes if often[one] <= most} for student, hashes in own.items()
    }
    rough = sorted(
        ((len(own[a] & own[b]) / min(len(own[a]), len(own[b])), a, b)
         for a, b in combinations(sorted(own), 2) if own[a] and own[b]),
        reverse=True,
    )  # fmt: skip
    found = []
    for share, one, other in rough[: 2 * MOST_PAIRS]:
        if share < LEAST:
            break
        same, of, _ = compare_files(prints[one], prints[other])
        if same >= LEAST_SAME and max(of) >= LEAST:
            found.append(Pair(one, other, min(1.0, float(of[0])), min(1.0, float(of[1]))))
    return sorted(found, key=lambda pair: (-pair.share, pair.one, pair.other))[:MOST_PAIRS]


def side_by_side(
    course: Course, lab: str, one: str, other: str
) -> tuple[list[Piece], list[Piece]] | None:
    """Both answers, cut where they are alike; None where one of them is not there."""
    given, prints = starter(course, lab), []
    for student in (one, other):
        path = course.submitted(student, lab) / f"{lab}.ipynb"
        if not path.is_file():
            return None
        prints.append(_print(path, path.stat().st_mtime_ns, given))
    _, _, slices = compare_files(*prints)
    return _cut(prints[0].raw_code, slices[0]), _cut(prints[1].raw_code, slices[1])


def _cut(text: str, slices: Sequence) -> list[Piece]:
    found, at = [], 0
    if len(slices):
        for start, end in sorted(zip(*(np.asarray(each, int) for each in slices), strict=True)):
            start, end = max(at, int(start)), min(len(text), int(end))
            if end > start:
                found += [Piece(text[at:start], False), Piece(text[start:end], True)]
                at = end
    return [piece for piece in [*found, Piece(text[at:], False)] if piece.text]


@lru_cache(maxsize=2048)
def _print(path: Path, stamp: int, given: Starter) -> CodeFingerprint:
    cells = [cell for cell in _answers(path) if cell.strip() not in given.cells]
    boilerplate = np.array(sorted(given.hashes)) if given.hashes else None
    return CodeFingerprint(
        "answers.py", NOISE, WINDOW, boilerplate, language="python", fp=_file(cells)
    )

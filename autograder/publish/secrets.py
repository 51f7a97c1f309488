"""What must never get out: the lines, files and people that the published tree is searched for."""

from __future__ import annotations

import csv
import hashlib
import re
import runpy
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from nbformat import NotebookNode

from autograder import notebooks
from autograder.course import Course

LONG = 40  # characters: a line worth copying
_WORD = re.compile(r"\w+")
_REGION = re.compile(r"(BEGIN|END) (SOLUTION|HIDDEN TESTS|MARK SCHEME)")


def squeeze(text: str) -> str:
    """The text without any white space: how lines are compared, however they were wrapped."""
    return "".join(text.split())


def line_length(line: str) -> int:
    """Length of a line with its white space stripped and each run of it counted once."""
    return len(" ".join(line.split()))


@dataclass(frozen=True)
class Line:
    """One secret line, and where it comes from (said in messages; the line itself never is)."""

    text: str
    origin: str

    @cached_property
    def squeezed(self) -> str:
        """Without white space."""
        return squeeze(self.text)

    @cached_property
    def inner_words(self) -> frozenset[str]:
        """Words that stand whole wherever the line stands (its edges may touch other text)."""
        return frozenset(_WORD.findall(self.text)[1:-1])


@dataclass(frozen=True)
class Person:
    """A name, id or address from the class list, as a pattern, and its origin.

    A text in which one of `words` (Latin, small letters) is missing, or no word of which begins
    with `start` (Hangul), need not be searched. `size` is its length in bytes.
    """

    pattern: re.Pattern
    origin: str
    size: int
    words: frozenset[str] = frozenset()
    start: str = ""


@dataclass
class Secrets:
    """`lines` by their squeezed text, `people`, and `files`: sha256 of whole files → origin."""

    lines: dict[str, Line] = field(default_factory=dict)
    people: list[Person] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)

    def add(self, text: str, origin: str, public: frozenset[str] = frozenset()) -> None:
        """Adds every long line of `text`, except those whose squeezed form is in `public`."""
        for line in text.splitlines():
            if line_length(line) >= LONG and squeeze(line) not in public:
                new = Line(line.strip(), origin)
                self.lines.setdefault(new.squeezed, new)


def secrets(course: Course, labs: list[str] | None = None) -> Secrets:
    """The secrets of the course.

    Args:
        labs: only these labs' lines (and nobody's name); default: all of solutions/ and the class.

    Every line of at least 40 characters in a solution, a hidden test, a model answer, a marking
    scheme or a mutant is secret. A line that the released stub shows by necessity (a mutant's
    `def` line) is not; a *solution* line there stays a secret, so that `release` complains.
    """
    found = Secrets()
    names = labs if labs is not None else sorted(p.parent.name for p in _notebooks(course))
    for lab in names:
        _add_lab(found, course, lab)
    if labs is None:
        found.people = list(_people(course))
        _add_file(found, course.roster, "명단")
        for path in course.root.glob("submitted/*/*/*.ipynb"):
            _add_file(found, path, f"제출물 {path.relative_to(course.root).as_posix()}")
        for name in names:  # handed in untouched, a release is no secret
            if course.release(name).is_file():
                found.files.pop(_sha256(course.release(name)), None)
    return found


def _notebooks(course: Course) -> list[Path]:
    return [p for p in course.root.glob("solutions/*/*.ipynb") if p.stem == p.parent.name]


def _add_lab(found: Secrets, course: Course, lab: str) -> None:
    path = course.source(lab)
    stubs: dict[str, str] = {}
    if path.is_file():
        _add_file(found, path, f"{lab}: 강의진의 노트북")
        for cell in notebooks.read(path).cells:
            stub, inside = split_regions(cell)
            stubs[notebooks.grade_id(cell) or ""] = stub
            name = notebooks.exercise(cell) or cell.get("id", "?")
            for kind, text in inside:
                found.add(text, f"{lab}: {name}의 {kind}")
    for file in sorted(course.source(lab).parent.glob("MARKING*")):
        _add_file(found, file, f"{lab}: 채점 기준")
        found.add(file.read_text(encoding="utf-8"), f"{lab}: 채점 기준 ({file.name})")
    file = course.root / "tests" / "mutants" / f"{lab}.py"
    if file.is_file():
        _add_file(found, file, f"{lab}: {file.name}")
        for exercise, name, source in _mutants(file):
            public = frozenset(squeeze(line) for line in stubs.get(exercise, "").splitlines())
            found.add(source, f"{lab}: {exercise}의 {name}", public)


def split_regions(cell: NotebookNode) -> tuple[str, list[tuple[str, str]]]:
    """What of a cell is outside the secret regions, and (kind, text) of each region."""
    kinds = {"SOLUTION": "정답", "HIDDEN TESTS": "숨은 테스트", "MARK SCHEME": "채점 기준"}
    outside, regions, inside, kind = [], [], [], None
    for line in cell.source.splitlines():
        mark = _REGION.search(line)
        if mark and mark[1] == "BEGIN":
            kind, inside = kinds[mark[2]], []
        elif mark:
            regions.append((kind or kinds[mark[2]], "\n".join(inside)))
            kind, inside = None, []
        else:
            (outside if kind is None else inside).append(line)
    if kind is not None:  # never closed: everything to the end
        regions.append((kind, "\n".join(inside)))
    if notebooks.role(cell) == "hidden" and not regions:
        regions.append((kinds["HIDDEN TESTS"], "\n".join(outside)))
        outside = []
    return "\n".join(outside), regions


def hidden_lines(source: NotebookNode, shortest: int) -> set[str]:
    """Squeezed lines of hidden tests that stand nowhere else in the lab (for feedback pages)."""
    hidden, shown = set(), set()
    for cell in source.cells:
        outside, regions = split_regions(cell)
        shown |= {squeeze(line) for line in outside.splitlines()}
        for kind, text in regions:
            if kind == "숨은 테스트":
                hidden |= {squeeze(line) for line in text.splitlines()}
    return {line for line in hidden - shown if len(line) >= shortest}


def _mutants(file: Path) -> Iterator[tuple[str, str, str]]:
    """(exercise, what it is, source) of every wrong and right answer."""
    content = runpy.run_path(str(file))
    for table, word in (("MUTANTS", "오답"), ("VARIANTS", "다른 풀이")):
        for exercise, answers in content.get(table, {}).items():
            for name, source in answers.items():
                yield exercise, f"{word} {name}", source


_COLUMNS = {"id": "학번", "name": "이름", "email": "이메일", "lms_id": "LMS 번호"}


def _people(course: Course) -> Iterator[Person]:
    """Everybody in the class list or with a hand-in."""
    ids = {p.name for p in course.root.glob("submitted/*") if p.is_dir()}
    rows: list[dict] = []
    if course.roster.is_file():
        with open(course.roster, encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    for number, row in enumerate(rows, 1):
        ids.discard((row.get("id") or "").strip())
        for column, word in _COLUMNS.items():
            if person := _person(row.get(column) or "", f"명단 {number}번째 학생의 {word}"):
                yield person
    for name in sorted(ids):
        if person := _person(name, "제출한 학생의 학번"):
            yield person


def _person(text: str, origin: str) -> Person | None:
    """How a name or id is looked for; None where it is too short to mean a person.

    Ids and Latin names stand as words of their own; after a Korean name a particle may follow.
    Short names ('이산', 'Kim') and numbers ('12') are ordinary words of a book.
    """
    text = text.strip()
    size = len(text.encode())
    body = re.escape(text).replace(r"\ ", r"\s*")
    if re.fullmatch(r"[가-힣]+( [가-힣]+)*", text):
        if len(squeeze(text)) < 3:
            return None
        return Person(re.compile(rf"(?<![가-힣]){body}"), origin, size, start=text.split()[0][:4])
    has_digit, has_letter = re.search(r"\d", text), re.search(r"[^\W\d_]", text)
    if len(text) < (3 if has_digit and has_letter else 5):
        return None
    word = "[0-9A-Za-z_]"  # a Korean particle may stand behind
    pattern = re.compile(rf"(?<!{word}){body}(?!{word})", re.IGNORECASE)
    return Person(pattern, origin, size, frozenset(re.findall(r"[0-9a-z_]+", text.lower())))


def _add_file(found: Secrets, path: Path, origin: str) -> None:
    if path.is_file():
        found.files[_sha256(path)] = origin


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()

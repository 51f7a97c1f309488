"""How a hostile hand-in is tried: between two honest ones, through collect, grade and feedback."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from autograder.course import Course
from autograder.feedback.feedback import feedback
from autograder.grading import record
from autograder.grading.grade import grade
from autograder.intake.collect import collect
from autograder.intake.inbox import Inbox
from autograder.publish.secrets import squeeze
from autograder.results import Result
from tests.grading.toycourse import DOUBLE, RELU, RIGHT, scores
from tests.judge.lab import handed_in, toy

# They sort before and after everything that a threat hands in.
HONEST = {"a01": RIGHT, "z99": {"double": DOUBLE}}
WORTH = {"a01": 100.0, "z99": 40.0}
HANDED_IN = 1_772_427_600  # 2026-03-02 05:00 UTC
OURS = {
    *(
        "course.toml",
        "_config.yml",
        "_toc.yml",
        "nbgrader_config.py",
        "gradebook.db",
        "solutions",
        "labs",
    ),
    *("inbox", "submitted", "autograded", "records", "feedback", "roster.csv", "releases"),
}
FILLED = ("gradebook.db", "inbox", "submitted", "autograded", "records", "feedback")
SECRETS = [squeeze(cell.source) for cell in toy().cells if cell.get("id", "").endswith("-hidden")]
WRONG = {"double": "def double(x):\n    return 0", "relu": RELU}  # 60 points


def notebook(answers: Mapping[str, str] = RIGHT, **cells: str) -> NotebookNode:
    """The release with these answers; `cells` are own cells (name → source) put before the demo."""
    made = handed_in(dict(answers))
    place = [cell.id for cell in made.cells].index("demo")
    made.cells[place:place] = [new_code_cell(source, id=name) for name, source in cells.items()]
    return made


def cell(made: NotebookNode, name: str) -> NotebookNode:
    return next(each for each in made.cells if each.id == name)


def as_bytes(made: object) -> bytes:
    return json.dumps(made, ensure_ascii=False).encode("utf-8", "surrogatepass")


RIGHT_BYTES = as_bytes(notebook())


@dataclass
class Outcome:
    """What came of it: `said` by collect, the results by student, the points in the gradebook."""

    course: Course
    said: list[str]
    points: dict[str, float]
    results: dict[str, Result] = field(default_factory=dict)

    @property
    def refusals(self) -> list[str]:
        return [line for line in self.said if line.startswith("거절")]

    def page(self, student: str) -> str:
        return self.page_file(student).read_text(encoding="utf-8")

    def page_file(self, student: str) -> Path:
        return self.course.feedback(student, "toy") / "toy.html"

    def assert_graded(self, student: str, points: float, says: str = "") -> None:
        """It was taken in and is worth so much; its student reads the line `says`."""
        assert self.refusals == []
        assert self.points.get(student) == points, self.points
        assert says in self.page(student)

    def assert_refused(self, says: str, student: str | None = "m50") -> None:
        """One clear line, no points; the student (where known) has a page that says the same."""
        (line,) = self.refusals
        assert says in line
        assert set(self.points) == set(HONEST)
        if student:
            assert says in self.page(student)


class Court:
    """A course of its own for one threat, and a look at all around it afterwards."""

    def __init__(self, template: Path, room: Path) -> None:
        self.room = room
        self.links_expected = False  # the threat itself lays links into the course
        self.course = Course(shutil.copytree(template, room / "course"))
        self.source = room / "in"
        self.source.mkdir()
        for name in ("tmp", "cwd"):
            (room / name).mkdir()
        for student, answers in HONEST.items():
            self.lay(f"{student}_toy.ipynb", as_bytes(notebook(answers)))

    def lay(self, name: str, data: bytes, seconds: float = HANDED_IN) -> Path:
        """A file as the learning platform gave it, with its date."""
        path = self.source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (seconds, seconds))
        return path

    def roster(self, *students: str) -> None:
        rows = "\n".join(["id,name", *(f"{each}," for each in (*HONEST, *students))])
        (self.course.root / "roster.csv").write_text(rows + "\n", encoding="utf-8")

    def __call__(self, data: bytes | dict | None = None, name: str = "") -> Outcome:
        """Hands it in as m50's, if there is anything to lay, and takes the whole class's course."""
        if data is not None:
            self.lay(name or "m50_toy.ipynb", data if isinstance(data, bytes) else as_bytes(data))
        outside = self.outside()
        said: list[str] = []
        collect(self.course, self.source, say=said.append)
        told: list[str] = []
        grade(self.course, self.course.labs, workers=1, say=told.append, quiet=True)
        feedback(self.course, say=told.append)
        assert self.outside() == outside, "something changed outside the course's folders"
        outcome = Outcome(self.course, said, points(self.course))
        for student in outcome.points:
            outcome.results[student] = record.load(self.course, student, "toy")
            assert outcome.results[student].status == "graded"
        self.assert_tidy([*said, *told])
        return outcome

    def outside(self) -> dict[str, tuple]:
        """What must not change: everything but the folders that collecting and grading fill."""
        filled = [self.course.root / name for name in FILLED] + [self.room / "tmp"]
        return {
            str(path.relative_to(self.room)): (path.lstat().st_mode, path.lstat().st_mtime_ns)
            for path in sorted(self.room.rglob("*"))
            if path != self.course.root and not any(path.is_relative_to(each) for each in filled)
        }

    def assert_tidy(self, lines: list[str]) -> None:
        """Lines are lines, folders hold what they should, no hidden test is where students look."""
        for line in lines:
            assert "\n" not in line and line.isprintable(), repr(line)
            assert len(line) < 1000
        assert {path.name for path in self.course.root.iterdir()} <= OURS
        assert not list(self.course.inbox.glob(".arriving-*"))
        for path in self.course.root.rglob("*"):
            assert self.links_expected or not path.is_symlink()
            assert not (path.is_file() and path.stat().st_mode & 0o111)
        for folder in ("feedback", "submitted"):
            for path in (self.course.root / folder).rglob("*.*"):
                is_file = path.is_file() and not path.is_symlink()
                text = squeeze(path.read_text(encoding="utf-8")) if is_file else ""
                assert not any(secret in text for secret in SECRETS), path


def points(course: Course) -> dict[str, float]:
    """Student → points of the tests, as the gradebook has them."""
    found: dict[str, float] = {}
    for (student, _), (auto, manual, _) in scores(course).items():
        found[student] = found.get(student, 0.0) + (auto or 0.0) + (manual or 0.0)
    return found


def neighbours(course: Course) -> dict[str, object]:
    """All that the honest students have: rows of the gradebook, results, pages, submissions."""
    found: dict[str, object] = {
        "/".join(key): row for key, row in scores(course).items() if key[0] in HONEST
    }
    for student in HONEST:
        result = record.load(course, student, "toy")
        found[f"{student} result"] = {**result.summary(), "seconds": 0}
        for folder in (course.feedback, course.submitted):
            for path in sorted(folder(student, "toy").iterdir()):
                found[f"{student} {folder.__name__} {path.name}"] = path.read_bytes()
    for receipt in Inbox(course).records():
        if receipt.student in HONEST:
            found[f"{receipt.student} receipt {receipt.attempt}"] = (
                receipt.status,
                receipt.file,
                receipt.handed_in,
                receipt.path.read_bytes(),
            )
    return found

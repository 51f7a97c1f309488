"""One lab's class: everybody, the hand-in that counts, and how it stands."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import select

from autograder.course import Course, Lab, UsageError
from autograder.grading.gradebook import open_gradebook
from autograder.grading.table import Line, lines
from autograder.intake.counting import counting
from autograder.portal.call import Call, Stop
from autograder.portal.student.view import titles_of
from autograder.portal.tables import Handin, User

STATES = ("graded", "grading", "failed", "refused", "missing")


@dataclass
class Member:
    """One student in one lab. `row` is the hand-in that counts; None where there is none."""

    login: str
    name: str
    row: Handin | None
    attempts: int
    line: Line | None

    @property
    def state(self) -> str:
        """One of STATES."""
        if self.row is None:
            return "missing"
        job, result = self.row.job, self.row.result
        if job is not None and job.state in ("waiting", "running"):
            return "grading"
        if job is not None and job.state == "failed":
            return "failed"
        if result is None:
            return "grading"
        return result.status

    @property
    def why(self) -> str:
        """Why there is no score, where there is none."""
        if self.row is None or self.state not in ("failed", "refused"):
            return ""
        of_result = self.row.result.reason if self.row.result else ""
        return of_result or (self.row.job.reason if self.row.job else "")

    @property
    def score(self) -> float | None:
        """The tests' points as the gradebook has them."""
        return self.line.score if self.line and self.state == "graded" else None


@dataclass
class Klass:
    """The class of one lab, by id."""

    lab: Lab
    members: list[Member]

    @property
    def graded(self) -> list[Member]:
        """Those whose hand-in has a score."""
        return [each for each in self.members if each.state == "graded" and each.line]

    def of(self, state: str) -> list[Member]:
        """Those who stand so."""
        return [each for each in self.members if each.state == state]

    @property
    def max_score(self) -> float:
        """The tests' points at most."""
        return max((each.line.max_score for each in self.graded), default=0.0)


def current(call: Call, lab: Lab) -> dict[str, tuple[Handin, int]]:
    """student → the hand-in that counts, how many there are."""
    query = select(Handin).where(Handin.lab == lab.name).order_by(Handin.handed_in, Handin.id)
    mine: dict[str, list[Handin]] = defaultdict(list)
    for row in call.db.scalars(query).unique():
        mine[row.student].append(row)
    return {
        student: (counting(call.desk.course, rows), len(rows)) for student, rows in mine.items()
    }


def load_all(call: Call) -> list[Klass]:
    """Every lab's class; the gradebook is opened once."""
    course = call.desk.course
    try:
        with open_gradebook(course) as gradebook:
            return [
                load(call, lab, in_order(course, lab, lines(gradebook, lab.name)))
                for lab in course.labs
            ]
    except UsageError as error:
        raise Stop(503) from error


def load(call: Call, lab: Lab, found: dict[str, Line] | None = None) -> Klass:
    """The class as it stands now; `found`: what the gradebook has of the lab, if it is known."""
    handed_in = current(call, lab)
    if found is None:
        found = grades(call.desk.course, lab)
    users = {
        user.login: user
        for user in call.db.scalars(select(User).where(User.role == "student"))
        if user.active or user.login in handed_in
    }
    members = []
    for login in sorted({*users, *handed_in}):
        row, attempts = handed_in.get(login, (None, 0))
        name = users[login].name if login in users else ""
        members.append(Member(login, name, row, attempts, found.get(login)))
    return Klass(lab, members)


def grades(course: Course, lab: Lab, student: str | None = None) -> dict[str, Line]:
    """What the gradebook has. Raises Stop (503) where it cannot be opened."""
    try:
        with open_gradebook(course) as gradebook:
            return in_order(course, lab, lines(gradebook, lab.name, student))
    except UsageError as error:
        raise Stop(503) from error


def in_order(course: Course, lab: Lab, found: dict[str, Line]) -> dict[str, Line]:
    """The same, every line's cells in the order in which they stand in the lab."""
    try:
        names = list(titles_of(course, lab))
    except OSError:  # the lab's files are not here: any order will do
        names = []
    place = {name: n for n, name in enumerate(names)}
    for line in found.values():
        cells = line.cells.values()
        ordered = sorted(
            cells, key=lambda c: (place.get(c.exercise, 99), c.name.endswith("-hidden"))
        )
        line.cells = {cell.name: cell for cell in ordered}
    return found


def the_handin(call: Call, part: str = "receipt") -> Handin:
    """The hand-in in the address. Raises Stop (404). For routes of TAs only."""
    row = call.db.scalar(select(Handin).where(Handin.receipt == call.path[part]))
    if row is None:
        raise Stop(404)
    return row

"""One submission's rows of nbgrader's tables, as plain values.

nbgrader's own objects ask the database for one another, one by one, and are forgotten with every commit:
more than half of the time of a save.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    GradeCell,
    MissingEntry,
    Notebook,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.orm import Session

_assignment, _submission = Assignment.__table__, SubmittedAssignment.__table__
_notebook, _handed = Notebook.__table__, SubmittedNotebook.__table__
_cell, _graded = BaseCell.__table__, GradeCell.__table__
_grade, _comment = Grade.__table__, Comment.__table__


# Of which kinds of cells a submission has rows.
_OF_CELLS = {_grade: ("GradeCell", "TaskCell"), _comment: ("SolutionCell", "TaskCell")}


@dataclass
class Mark:
    """The scores of one test cell or written answer: ours (`auto`) and a TA's own."""

    id: str
    name: str
    written: bool
    auto_score: float | None
    manual_score: float | None
    extra_credit: float | None
    needs_manual_grade: bool

    @property
    def score(self) -> float:
        """What counts; a TA's own comes before ours."""
        own = self.auto_score if self.manual_score is None else self.manual_score
        return 0.0 if own is None else own + (self.extra_credit or 0.0)


@dataclass
class Remark:
    """The comments on one answer: ours and a TA's own."""

    id: str
    name: str
    auto_comment: str | None
    manual_comment: str | None


@dataclass
class _Head:
    """The submission and its notebook."""

    id: str
    timestamp: datetime | None
    extension: timedelta | None
    notebook: str
    late_submission_penalty: float | None
    duedate: datetime | None

    @property
    def seconds_late(self) -> float:
        """How long after the student's own deadline it came; 0 for in time."""
        if self.timestamp is None or self.duedate is None:
            return 0.0
        late = self.timestamp - self.duedate - (self.extension or timedelta())
        return max(0.0, late.total_seconds())


class Rows:
    """What the gradebook holds of one submission, to be changed and written back.

    Raises:
        MissingEntry: it holds nothing of it.
    """

    def __init__(self, db: Session, student: str, lab: str) -> None:
        self._db = db
        self.head = self._read_head(student, lab)
        self.marks = self._read_marks()
        self.remarks = self._read_remarks()
        self._before = replace(self.head), *map(replace, [*self.marks, *self.remarks])

    def _read_head(self, student: str, lab: str) -> _Head:
        query = (
            select(
                _submission.c.id,
                _submission.c.timestamp,
                _submission.c.extension,
                _handed.c.id,
                _handed.c.late_submission_penalty,
                _assignment.c.duedate,
            )
            .join(_assignment, _assignment.c.id == _submission.c.assignment_id)
            .join(_handed, _handed.c.assignment_id == _submission.c.id)
            .join(_notebook, _notebook.c.id == _handed.c.notebook_id)
            .where(_assignment.c.name == lab, _notebook.c.name == lab)
            .where(_submission.c.student_id == student)
        )
        found = self._db.execute(query).one_or_none()
        if found is None:
            raise MissingEntry(f"No such notebook: {lab}/{lab} for {student}")
        return _Head(*found)

    def _read_marks(self) -> list[Mark]:
        query = (
            select(
                _grade.c.id,
                _cell.c.name,
                _graded.c.cell_type == "markdown",
                _grade.c.auto_score,
                _grade.c.manual_score,
                _grade.c.extra_credit,
                _grade.c.needs_manual_grade,
            )
            .join(_cell, _cell.c.id == _grade.c.cell_id)
            .outerjoin(_graded, _graded.c.id == _cell.c.id)
            .where(_grade.c.notebook_id == self.head.notebook)
            .order_by(_cell.c.name)
        )
        return [Mark(row[0], row[1], bool(row[2]), *row[3:]) for row in self._db.execute(query)]

    def _read_remarks(self) -> list[Remark]:
        query = (
            select(_comment.c.id, _cell.c.name, _comment.c.auto_comment, _comment.c.manual_comment)
            .join(_cell, _cell.c.id == _comment.c.cell_id)
            .where(_comment.c.notebook_id == self.head.notebook)
            .order_by(_cell.c.name)
        )
        return [Remark(*row) for row in self._db.execute(query)]

    def write(self) -> None:
        """Writes what was changed, without a commit."""
        head, *others = self._before
        marks, remarks = others[: len(self.marks)], others[len(self.marks) :]
        self._write(_grade, marks, self.marks, "auto_score", "manual_score", "needs_manual_grade")
        self._write(_comment, remarks, self.remarks, "auto_comment", "manual_comment")
        self._write(_submission, [head], [self.head], "timestamp", "extension")
        there = replace(head, id=head.notebook), replace(self.head, id=head.notebook)
        self._write(_handed, [there[0]], [there[1]], "late_submission_penalty")

    @classmethod
    def made(cls, db: Session, student: str, lab: str) -> Rows:
        """The rows; new ones where there are none, as nbgrader's add_submission makes them.

        Nothing is committed: nobody ever sees a submission without its scores.

        Raises:
            MissingEntry: the gradebook does not know the lab.
        """
        with contextlib.suppress(MissingEntry):
            return cls(db, student, lab)
        assignment = db.execute(select(_assignment.c.id).where(_assignment.c.name == lab)).scalar()
        if assignment is None:
            raise MissingEntry(f"No such assignment: {lab}")
        submission = _new(db, _submission, assignment_id=assignment, student_id=student)
        books = select(_notebook.c.id).where(_notebook.c.assignment_id == assignment)
        for book in db.execute(books).scalars().all():
            handed = _new(db, _handed, assignment_id=submission, notebook_id=book)
            kinds = select(_cell.c.id, _cell.c.type).where(_cell.c.notebook_id == book)
            cells = db.execute(kinds).all()
            for table, wanted in _OF_CELLS.items():
                rows = [
                    {"notebook_id": handed, "cell_id": c} for c, kind in cells if kind in wanted
                ]
                if rows:
                    db.connection().execute(insert(table), rows)
        return cls(db, student, lab)

    def _write(self, table: Table, before: list, now: list, *columns: str) -> None:
        """Only columns that are other now: a TA may be changing another one of the same row."""
        changed: dict[tuple[str, ...], list[dict]] = {}
        for old, new in zip(before, now, strict=True):
            names = tuple(name for name in columns if getattr(old, name) != getattr(new, name))
            row = {"key": new.id} | {name: getattr(new, name) for name in names}
            changed.setdefault(names, []).append(row)
        changed.pop((), None)
        for names, rows in changed.items():
            values = {name: bindparam(name) for name in names}
            self._db.connection().execute(
                update(table).where(table.c.id == bindparam("key")).values(values), rows
            )


def _new(db: Session, table: Table, **values: object) -> str:
    """Inserts a row; its id."""
    return db.connection().execute(insert(table).values(**values)).inserted_primary_key[0]

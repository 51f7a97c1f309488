"""What the gradebook says about one lab, asked at once: a class of hundreds in one query."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from nbgrader.api import (
    Assignment,
    Comment,
    Grade,
    Gradebook,
    GradeCell,
    SolutionCell,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy import select


@dataclass
class Cell:
    """One graded cell of one student. `own` is a TA's score, which counts before `auto`."""

    name: str
    max_score: float
    written: bool
    auto: float | None
    own: float | None
    extra: float = 0.0

    @property
    def exercise(self) -> str:
        """The exercise that the cell belongs to."""
        return re.sub(r"-(public|hidden)$", "", self.name)

    @property
    def score(self) -> float | None:
        """What counts; None where a person has to look."""
        found = self.auto if self.own is None else self.own
        return None if found is None else found + self.extra


@dataclass
class Line:
    """One student's grades in the lab; `comments` are a TA's words by exercise."""

    student: str
    penalty: float = 0.0
    cells: dict[str, Cell] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)

    @property
    def exercises(self) -> dict[str, tuple[float | None, float]]:
        """exercise → its score (None: a test has none), its points. Written answers are not in it."""
        found: dict[str, tuple[float | None, float]] = {}
        for cell in self.cells.values():
            if not cell.written:
                score, most = found.get(cell.exercise, (0.0, 0.0))
                both = None if score is None or cell.score is None else score + cell.score
                found[cell.exercise] = both, most + cell.max_score
        return found

    @property
    def score(self) -> float | None:
        """The tests' points together; None where one of them has none."""
        scores = [score for score, _ in self.exercises.values()]
        return None if not scores or None in scores else float(sum(scores))

    @property
    def max_score(self) -> float:
        """The tests' points at most."""
        return float(sum(most for _, most in self.exercises.values()))

    @property
    def written(self) -> list[Cell]:
        """The written answers."""
        return [cell for cell in self.cells.values() if cell.written]


def lines(gradebook: Gradebook, lab: str, student: str | None = None) -> dict[str, Line]:
    """student → what the gradebook has of this lab (of all, or of this student)."""
    grades = (
        select(
            SubmittedAssignment.student_id,
            SubmittedNotebook.late_submission_penalty,
            GradeCell.name,
            GradeCell.max_score,
            GradeCell.cell_type,
            Grade.auto_score,
            Grade.manual_score,
            Grade.extra_credit,
        )
        .select_from(Grade)
        .join(GradeCell, GradeCell.id == Grade.cell_id)
        .join(SubmittedNotebook, SubmittedNotebook.id == Grade.notebook_id)
        .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .where(Assignment.name == lab)
        .order_by(SubmittedAssignment.student_id, GradeCell.id)
    )
    words = (
        select(SubmittedAssignment.student_id, SolutionCell.name, Comment.manual_comment)
        .select_from(Comment)
        .join(SolutionCell, SolutionCell.id == Comment.cell_id)
        .join(SubmittedNotebook, SubmittedNotebook.id == Comment.notebook_id)
        .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .where(Assignment.name == lab, Comment.manual_comment.is_not(None))
    )
    if student is not None:
        grades = grades.where(SubmittedAssignment.student_id == student)
        words = words.where(SubmittedAssignment.student_id == student)
    found: dict[str, Line] = {}
    for whose, penalty, name, most, kind, auto, own, extra in gradebook.db.execute(grades):
        line = found.setdefault(whose, Line(whose, float(penalty or 0.0)))
        line.cells[name] = Cell(name, most, kind == "markdown", auto, own, extra or 0.0)
    for whose, name, text in gradebook.db.execute(words):
        if whose in found and text:
            found[whose].comments[name] = text
    return found

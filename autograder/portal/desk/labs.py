"""The TA's front page, and one lab: who handed in, what is graded, what failed and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import func, select
from starlette.responses import Response

from autograder.course import Lab
from autograder.portal.call import Call
from autograder.portal.desk import klass, numbers
from autograder.portal.routing import Rules, Who
from autograder.portal.tables import Appeal, User

rules = Rules()


@dataclass(frozen=True)
class Line:
    """One lab on the front page. `to_read`: written answers without a score."""

    lab: Lab
    states: Counter
    median: float | None
    max_score: float
    to_read: int


def overview(call: Call) -> Response:
    """All labs at a glance."""
    lines = []
    for found in klass.load_all(call):
        scores = [each.score for each in found.graded if each.score is not None]
        lines.append(
            Line(
                found.lab,
                Counter(each.state for each in found.members),
                numbers.median(scores),
                found.max_score,
                to_read(found),
            )
        )
    open_appeals = call.db.scalar(
        select(func.count()).select_from(Appeal).where(Appeal.state == "open")
    )
    students = call.db.scalar(
        select(func.count()).select_from(User).where(User.role == "student", User.active)
    )
    return call.page(
        "ta/front.html",
        lines=lines,
        open_appeals=open_appeals,
        students=students,
        trouble=call.desk.engine.trouble,
        load=call.desk.engine.board.load(),
    )


def to_read(found: klass.Klass) -> int:
    """How many written answers have no score yet."""
    return sum(cell.own is None for each in found.graded for cell in each.line.written)


@rules.get("/ta/labs/{lab}", Who.TA)
def ta_lab(call: Call) -> Response:
    """One lab's class."""
    lab = call.lab()
    found = klass.load(call, lab)
    scores = [each.score for each in found.graded if each.score is not None]
    return call.page(
        "ta/lab.html",
        lab=lab,
        klass=found,
        states={state: found.of(state) for state in klass.STATES},
        bins=numbers.histogram(found.graded),
        rates=numbers.rates(found.graded),
        median=numbers.median(scores),
        mean=sum(scores) / len(scores) if scores else None,
        to_read=to_read(found),
    )

"""My labs, and one lab: deadline, upload, attempts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from starlette.responses import Response

from autograder.course import Lab
from autograder.grading import extensions
from autograder.portal.call import Call
from autograder.portal.handin.preflight import Preflight
from autograder.portal.routing import Rules, Who
from autograder.portal.student import view
from autograder.portal.tables import Handin, now
from autograder.publish.addresses import book_config

rules = Rules()


@dataclass(frozen=True)
class Line:
    """One lab on the front page. `last` is the last attempt, None where there is none."""

    lab: Lab
    due: datetime | None
    is_over: bool
    last: Handin | None
    attempts: int
    score: str


def overview(call: Call) -> Response:
    """The signed-in student's labs."""
    course, me = call.desk.course, call.user.login
    mine = _handins(call, me)
    put_off = extensions.load(course)
    lines = []
    for lab in course.labs:
        due = put_off.get((me, lab.name)) or lab.deadline
        here = [row for row in mine if row.lab == lab.name]
        last = here[-1] if here else None
        shows = view.shows_hidden(course, call.desk.settings, lab, me)
        lines.append(
            Line(lab, due, due is not None and now() > due, last, len(here), _score(last, shows))
        )
    return call.page("student/labs.html", lines=lines)


@rules.get("/labs/{lab}", Who.STUDENT)
def lab(call: Call) -> Response:
    """One lab."""
    return lab_page(call, call.lab())


def lab_page(call: Call, lab: Lab, found: Preflight | None = None, file: str = "") -> Response:
    """The lab's page; with `found` it says why `file` was not handed in yet."""
    course, me = call.desk.course, call.user.login
    due = extensions.deadline(course, me, lab.name)
    status = 200 if found is None else 422 if found.refused else 409
    return call.page(
        "student/lab.html",
        status,
        lab=lab,
        due=due,
        put_off=due != lab.deadline,
        is_over=due is not None and now() > due,
        late=course.late,
        rows=_handins(call, me, lab.name)[::-1],
        best=course.attempts == "best",
        hidden=view.policy(call.desk.settings, lab),
        shows_hidden=view.shows_hidden(course, call.desk.settings, lab, me),
        most_mb=course.limits.file_mb,
        found=found,
        file=file,
        colab=_colab(call, lab),
    )


def _colab(call: Call, lab: Lab) -> str:
    try:
        return book_config(call.desk.course).lab_url(lab.name)
    except Exception:  # noqa: BLE001  a course without a book has no such address
        return ""


def _handins(call: Call, student: str, lab: str | None = None) -> list[Handin]:
    query = select(Handin).where(Handin.student == student)
    if lab is not None:
        query = query.where(Handin.lab == lab)
    return list(call.db.scalars(query.order_by(Handin.handed_in, Handin.id)).unique())


def _score(row: Handin | None, shows_hidden: bool) -> str:
    """The last attempt's score where it may be told; else its page tells the public part."""
    if row is None or row.result is None or row.result.score is None or not shows_hidden:
        return ""
    return f"{row.result.score:g} / {row.result.max_score:g}"

"""One hand-in for a TA's eyes: every check with its trace, all attempts, where every score came from."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from starlette.responses import Response

from autograder.course import UsageError
from autograder.grading import attempts, history, record
from autograder.grading.marking import add_comment, give_score, marking
from autograder.portal.call import Call, Stop
from autograder.portal.desk import klass
from autograder.portal.routing import Rules, Who
from autograder.portal.student.view import counts, titles_of
from autograder.portal.tables import Appeal, Handin, User

rules = Rules()
MOST = 2_000  # characters of a reason or a comment


@rules.get("/ta/handins/{receipt}", Who.TA)
def ta_handin(call: Call) -> Response:
    """The page."""
    row = klass.the_handin(call)
    course, lab = call.desk.course, call.desk.course.lab(row.lab)
    is_counting = counts(call.desk.course, row)
    found = record.load(course, row.student, row.lab) if is_counting else None
    if found is None or found.sha256 != row.sha256:
        found = attempts.load(course, row.student, row.lab, row.sha256)
    line = klass.grades(course, lab, row.student).get(row.student) if is_counting else None
    query = select(Handin).where(Handin.lab == row.lab, Handin.student == row.student)
    rows = list(call.db.scalars(query.order_by(Handin.handed_in.desc(), Handin.id.desc())).unique())
    asked = select(Appeal).where(Appeal.handin_id.in_([each.id for each in rows]))
    return call.page(
        "ta/handin.html",
        row=row,
        lab=lab,
        student=call.db.scalar(select(User).where(User.login == row.student)),
        is_counting=is_counting,
        result=found,
        line=line,
        titles=titles_of(course, lab) if found else {},
        rows=rows,
        entries=past(call, row),
        appeals=list(call.db.scalars(asked.order_by(Appeal.id)).unique()),
    )


def past(call: Call, row: Handin) -> list[dict]:
    """Every score that this student ever got in the lab, newest first: when, what, why, by whom."""
    entries = history.read(call.desk.course.record(row.student, row.lab))
    found = []
    for entry, before in zip(entries, [None, *entries], strict=False):
        old, new = (before or {}).get("ta", {}), entry.get("ta", {})
        marks = [
            (name, old.get(name), new.get(name))
            for name in dict.fromkeys([*old, *new])
            if old.get(name) != new.get(name)
        ]
        found.append(
            {
                "at": datetime.fromisoformat(entry["time"]),
                "score": entry.get("score"),
                "attempt": entry.get("attempt"),
                "causes": [history.CAUSES.get(each, each) for each in entry["cause"].split(", ")],
                "by": entry.get("by", ""),
                "reason": entry.get("reason", ""),
                "marks": marks,
            }
        )
    return found[::-1]


@rules.post("/ta/handins/{receipt}/score", Who.TA)
def ta_score(call: Call) -> Response:
    """Gives one cell a TA's own score, or takes it back; a reason is asked for and kept."""
    row = klass.the_handin(call)
    score, reason = points_in(call), call.text("reason", MOST)
    cell = call.text("cell", 100)
    if not counts(call.desk.course, row):
        raise Stop(409, "이 제출은 점수에 들어가지 않습니다. 다른 제출로 채점합니다.")
    save_score(call, row, cell, score, reason)
    return call.to("ta_handin", receipt=row.receipt)


@rules.post("/ta/handins/{receipt}/comment", Who.TA)
def ta_comment(call: Call) -> Response:
    """Says something about one exercise; it stands on the student's page of the result."""
    row = klass.the_handin(call)
    exercise, text = call.text("exercise", 64), call.text("text", MOST)
    if not counts(call.desk.course, row):
        raise Stop(409, "이 제출은 점수에 들어가지 않습니다. 다른 제출로 채점합니다.")
    line = klass.grades(call.desk.course, call.desk.course.lab(row.lab), row.student)
    known = {cell.exercise for cell in line[row.student].cells.values()} if line else set()
    if exercise not in known:
        raise Stop(422, "채점된 제출의 문제에만 말할 수 있습니다.")
    try:
        with marking(call.desk.course) as gradebook:
            add_comment(gradebook, [row.student], row.lab, exercise, text)
    except UsageError:
        raise Stop(409, BUSY) from None
    call.audit("comment", row.receipt, exercise=exercise, text=text)
    return call.to("ta_handin", receipt=row.receipt)


BUSY = "지금 다른 채점이 점수를 쓰고 있습니다. 잠시 뒤에 다시 하세요."


def points_in(call: Call, name: str = "score") -> float | None:
    """The points in the form; None where the field is empty. Raises Stop (422)."""
    said = call.text(name, 20, required=False).replace(",", ".")
    if not said:
        return None
    try:
        value = float(said)
    except ValueError:
        raise Stop(422, "점수를 수로 적으세요.") from None
    if not 0 <= value < 1e6:  # false for nan too
        raise Stop(422, "점수를 수로 적으세요.")
    return value


def save_score(call: Call, row: Handin, cell: str, score: float | None, reason: str) -> None:
    """Through the one writer, with its line in the history and in the audit log. Raises Stop."""
    course = call.desk.course
    line = klass.grades(course, course.lab(row.lab), row.student).get(row.student)
    if line is None or cell not in line.cells:
        raise Stop(422, "채점된 제출의 문제에만 점수를 줄 수 있습니다.")
    if score is not None and score > line.cells[cell].max_score:
        most = f"{line.cells[cell].max_score:g}"
        raise Stop(422, "이 문제는 {n}점까지 줄 수 있습니다.", n=most)
    try:
        with marking(course) as gradebook:
            before = give_score(
                gradebook, course, row.student, row.lab, cell, score, call.user.login, reason
            )
    except UsageError:
        raise Stop(409, BUSY) from None
    call.audit("score", row.receipt, cell=cell, before=before, after=score, reason=reason)

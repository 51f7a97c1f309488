"""One hand-in: its receipt, how far its grading is, and its result."""

from __future__ import annotations

from sqlalchemy import select
from starlette.responses import HTMLResponse, Response

from autograder.portal import pages
from autograder.portal.call import Call, Stop
from autograder.portal.handin.whose import own_handin
from autograder.portal.queue.board import Standing
from autograder.portal.routing import Rules, Who
from autograder.portal.student.frame import FRAME_POLICY, page
from autograder.portal.student.view import view
from autograder.portal.tables import Appeal, Handin

rules = Rules()


@rules.get("/handins/{receipt}", Who.USER)
def handin(call: Call) -> Response:
    """The receipt, and below it the result when there is one."""
    row = own_handin(call)
    is_over = row.job is None or row.job.state in ("done", "failed")
    shown = None
    if is_over and row.result and row.result.status == "graded":
        shown = view(call.desk.course, call.desk.settings, row, for_ta=call.user.role == "ta")
    return call.page(
        "student/handin.html",
        row=row,
        lab=call.desk.course.lab(row.lab),
        standing=_standing(call, row),
        is_over=is_over,
        view=shown,
        hidden_policy=shown and not shown.hidden,
        asked=_asked(call, row),
    )


@rules.get("/handins/{receipt}/output/{exercise}", Who.USER)
def output(call: Call) -> Response:
    """What the student's own code of one exercise showed: sanitised, for the sandboxed frame."""
    row = own_handin(call)
    shown = view(call.desk.course, call.desk.settings, row)
    found = (
        next((r for r in shown.rows if r.name == call.path["exercise"]), None) if shown else None
    )
    if found is None:
        raise Stop(404)
    return HTMLResponse(
        page(found.outputs, call.language), headers={"Content-Security-Policy": FRAME_POLICY}
    )


def shown_status(call: Call, receipt: str) -> dict:
    """The same as plain data, for the notebook's last cell."""
    row = call.db.scalar(select(Handin).where(Handin.receipt == receipt))
    zone = call.desk.course.timezone
    standing = _standing(call, row)
    data = {
        "receipt": row.receipt,
        "lab": row.lab,
        "attempt": row.attempt,
        "sha256": row.sha256,
        "handed_in": pages.when(row.handed_in, zone),
        "handed_in_utc": pages.when(row.handed_in, zone, utc=True),
        "notices": row.notices,
        "state": standing.state,
        "place": standing.place,
        "seconds": standing.seconds,
        "page": call.desk.settings.address + call.url("handin", receipt=row.receipt),
    }
    if standing.state == "done" and row.result and row.result.status == "graded":
        found = view(call.desk.course, call.desk.settings, row)
        if found:
            data |= {
                "score": found.score,
                "max_score": found.max_score,
                "hidden": found.hidden,
                "exercises": [
                    {"name": r.name, "title": r.title, "score": r.score, "max_score": r.max_score,
                     "reason": r.reason}
                    for r in found.rows
                ],
            }  # fmt: skip
    elif standing.state == "done" and row.result:
        data["reason"] = row.result.reason
    return data


def _standing(call: Call, row: Handin) -> Standing:
    found = call.desk.engine.board.standing(row.job.id) if row.job else None
    return found or Standing(row.job.state if row.job else "done")


def _asked(call: Call, row: Handin) -> list[Appeal]:
    query = select(Appeal).where(Appeal.handin_id == row.id).order_by(Appeal.id)
    return list(call.db.scalars(query).unique())

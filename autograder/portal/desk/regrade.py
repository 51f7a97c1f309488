"""After a test was mended: who would change by how much, and then the regrade itself."""

from __future__ import annotations

from sqlalchemy import select
from starlette.responses import Response

from autograder.grading import history
from autograder.portal.call import Call, Stop
from autograder.portal.desk import klass
from autograder.portal.desk.previews import stamp
from autograder.portal.routing import Rules, Who
from autograder.portal.tables import Handin

rules = Rules()


@rules.get("/ta/labs/{lab}/regrade", Who.TA)
def ta_regrade(call: Call) -> Response:
    """The preview, if there is one, and what may be done next."""
    lab = call.lab()
    found = call.desk.previews.get(lab.name)
    rows = {student: row for student, (row, _) in klass.current(call, lab).items()}
    return call.page(
        "ta/regrade.html",
        lab=lab,
        preview=found,
        is_old=found is not None and found.stamp != stamp(call.desk.course, lab.name),
        rows=rows,
        words=history.CAUSES,
        waiting=sum(row.job is not None and row.job.state in ("waiting", "running")
                    for row in rows.values()),
    )  # fmt: skip


@rules.post("/ta/labs/{lab}/regrade", Who.TA)
def ta_preview(call: Call) -> Response:
    """Rehearses: nothing is written."""
    lab = call.lab()
    call.desk.previews.start(call.desk.course, lab, call.user.login)
    call.audit("regrade preview", lab.name)
    return call.to("ta_regrade", lab=lab.name)


@rules.post("/ta/labs/{lab}/regrade/commit", Who.TA)
def ta_commit(call: Call) -> Response:
    """Grades anew what the preview said would be graded, on the same queue as all hand-ins."""
    lab = call.lab()
    found, seen = call.desk.previews.get(lab.name), call.text("stamp", 64)
    if found is None or found.state != "done":
        raise Stop(409, "먼저 미리 보세요.")
    if not found.stamp == seen == stamp(call.desk.course, lab.name):
        raise Stop(409, "실습 파일이 그 사이에 또 바뀌었습니다. 다시 미리 보세요.")
    changed = {each.student for each in found.changes}
    jobs = [row.job for row in _due(call, lab) if row.student in changed and row.job is not None]
    jobs = [job for job in jobs if job.state in ("done", "failed")]
    for job in jobs:
        job.state, job.tries, job.reason = "waiting", 0, ""
    numbers = [job.id for job in jobs]
    call.after.append(lambda: [call.desk.engine.add(number) for number in numbers])
    call.audit("regrade", lab.name, students=len(changed), handins=len(jobs), stamp=seen)
    call.desk.previews.forget(lab.name)
    return call.to("ta_lab", lab=lab.name)


def _due(call: Call, lab) -> list[Handin]:
    """The hand-ins that count; where the best one does, all: another one may be the best now."""
    if call.desk.course.attempts == "best":
        return list(call.db.scalars(select(Handin).where(Handin.lab == lab.name)).unique())
    return [row for row, _ in klass.current(call, lab).values()]

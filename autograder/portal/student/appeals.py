"""A student asks about one exercise of a graded hand-in; a TA answers; all of it is kept."""

from __future__ import annotations

from sqlalchemy import select
from starlette.responses import Response

from autograder.portal.auth.secrets import name
from autograder.portal.call import Call, Stop
from autograder.portal.handin.whose import own_handin
from autograder.portal.routing import Rules, Who
from autograder.portal.tables import Appeal, Message

rules = Rules()
MOST = 4_000  # characters of one message
MOST_MESSAGES = 60


@rules.post("/handins/{receipt}/appeal", Who.STUDENT, rate="appeal")
def open_appeal(call: Call) -> Response:
    """Asks about one exercise; a second question about it goes into the same conversation."""
    row = own_handin(call)
    exercise = call.text("exercise", 64)
    known = (row.result.exercises if row.result else {}) | {"reflection": None}
    if row.result is None or row.result.status != "graded" or exercise not in known:
        raise Stop(422, "채점된 제출의 문제에만 물을 수 있습니다.")
    words = call.text("text", MOST)
    found = call.db.scalar(
        select(Appeal).where(Appeal.handin_id == row.id, Appeal.exercise == exercise)
    )
    if found is None:
        found = Appeal(name=name(), handin=row, exercise=exercise)
        call.db.add(found)
    _say(call, found, words)
    return call.to("appeal", appeal=found.name)


@rules.get("/appeals/{appeal}", Who.USER)
def appeal(call: Call) -> Response:
    """The conversation."""
    found = own_appeal(call)
    return call.page("student/appeal.html", appeal=found, row=found.handin)


@rules.post("/appeals/{appeal}", Who.USER, rate="appeal")
def answer_appeal(call: Call) -> Response:
    """Says one more thing: the student's asks again, a TA's answers."""
    found = own_appeal(call)
    _say(call, found, call.text("text", MOST))
    return call.to("appeal", appeal=found.name)


def own_appeal(call: Call) -> Appeal:
    """The appeal in the address, its student's or a TA's. Raises Stop (404)."""
    found = call.db.scalar(select(Appeal).where(Appeal.name == call.path["appeal"]))
    mine = found is not None and found.handin.student == call.user.login
    if found is None or not (mine or call.user.role == "ta"):
        raise Stop(404)
    return found


def _say(call: Call, found: Appeal, words: str) -> None:
    if len(found.messages) >= MOST_MESSAGES:
        raise Stop(422, "이 문의는 너무 길어졌습니다. 조교에게 직접 물어보세요.")
    found.messages.append(Message(author=call.user.login, role=call.user.role, text=words))
    found.state = "answered" if call.user.role == "ta" else "open"
    call.db.flush()
    call.audit("appeal", found.name, state=found.state)

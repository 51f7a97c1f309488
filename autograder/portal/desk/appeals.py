"""What students ask: open questions first. The conversation itself: student/appeals.py."""

from __future__ import annotations

from sqlalchemy import select
from starlette.responses import Response

from autograder.portal.call import Call
from autograder.portal.routing import Rules, Who
from autograder.portal.tables import Appeal

rules = Rules()


@rules.get("/ta/appeals", Who.TA)
def ta_appeals(call: Call) -> Response:
    """The list; the longest open one first."""
    found = list(call.db.scalars(select(Appeal).order_by(Appeal.opened)).unique())
    waiting = [each for each in found if each.state == "open"]
    done = [each for each in reversed(found) if each.state != "open"]
    return call.page("ta/appeals.html", waiting=waiting, done=done)

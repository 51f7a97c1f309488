"""A hand-in by the receipt in the address: its student's and the TAs', nobody else's."""

from __future__ import annotations

from sqlalchemy import select

from autograder.portal.call import Call, Stop
from autograder.portal.tables import Handin


def own_handin(call: Call) -> Handin:
    """The hand-in that the address names.

    Raises:
        Stop: 404, whether it is not there or another student's: which of both nobody is told.
    """
    row = call.db.scalar(select(Handin).where(Handin.receipt == call.path["receipt"]))
    if row is None or not (call.user.role == "ta" or row.student == call.user.login):
        raise Stop(404)
    return row

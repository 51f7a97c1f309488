"""The door: a notebook goes into the inbox and into the table, on disk, and then there is a receipt."""

from __future__ import annotations

import io
import re
import unicodedata
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from autograder.intake.inbox import HandIn, now
from autograder.portal.handin.preflight import Preflight
from autograder.portal.queue.found import new_row
from autograder.portal.state import Desk
from autograder.portal.tables import Handin, Job, User

_ODD = re.compile(r"[^\w가-힣 ().,+@-]+")


@dataclass(frozen=True)
class Taken:
    """The receipt's row. `is_new`: whether these bytes were not handed in last time already."""

    row: Handin
    is_new: bool


def take(
    desk: Desk, db: Session, user: User, data: bytes, file: str, source: str, found: Preflight
) -> Taken:
    """Keeps a hand-in. When this returns, file and rows are on disk, whatever happens next.

    Args:
        user: whose it is.
        data: the file as it came.
        file: the name it came with; it is shown, and never part of a path.
        source: `page` or `cell`.
        found: what preflight said of it; not a refusal.

    Raises:
        OSError: it could not be written; then there is no receipt and nothing is promised.
        SQLAlchemyError: the row could not be written. The file is safe and gets its row at the
            next look into the inbox.
    """
    with desk.engine.door, desk.inbox.writing():
        sha256, path = desk.inbox.keep(io.BytesIO(data), "handed-in.ipynb")
        moment = now()
        handin, is_new = desk.inbox.add(
            HandIn(
                student=user.login,
                lab=found.lab,
                file=shown_name(file),
                source=f"desk {source}",
                sha256=sha256,
                handed_in=moment,
                received=moment,
                status="accepted",
                path=path,
            )
        )
        row = _row(db, handin)
        if row is None:
            row = new_row(handin, source, found.notices)
            row.job = Job()
            db.add(row)
        db.commit()
    if row.job is not None and row.job.state == "waiting":
        desk.engine.add(row.job.id)
    return Taken(row, is_new)


def _row(db: Session, handin: HandIn) -> Handin | None:
    return db.scalar(
        select(Handin).where(
            Handin.student == handin.student,
            Handin.lab == handin.lab,
            Handin.sha256 == handin.sha256,
            Handin.handed_in == handin.handed_in,
        )
    )


def shown_name(file: str) -> str:
    """The name of a file as it may be shown: its last part, plain characters, not too long."""
    last = re.split(r"[\\/]", unicodedata.normalize("NFC", file))[-1]
    return _ODD.sub("_", last).strip()[:120] or "notebook.ipynb"

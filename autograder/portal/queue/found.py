"""Hand-ins that stand in the inbox and not in the desk's tables.

`course collect` brought them, or a kill came between the inbox and the table. They get their row
and their grading like all others.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from autograder.intake.inbox import HandIn
from autograder.portal.auth.secrets import name
from autograder.portal.tables import Handin, Job


def bring_in(db: Session, records: Iterable[HandIn]) -> list[int]:
    """Adds what is missing, corrects attempts that were counted anew; the new jobs' numbers."""
    columns = (Handin.student, Handin.lab, Handin.sha256, Handin.handed_in)
    rows = db.execute(select(*columns, Handin.id, Handin.attempt))
    known = {tuple(row[:4]): row[4:] for row in rows}
    jobs: list[Job] = []
    for each in records:
        if each.status != "accepted":
            continue
        key = (each.student, each.lab, each.sha256, each.handed_in)
        if (found := known.get(key)) is not None:
            if found[1] != each.attempt:
                db.get_one(Handin, found[0]).attempt = each.attempt or 1
            continue
        jobs.append(Job(handin=new_row(each, "collect", [])))
        db.add(jobs[-1])
    db.flush()
    return [job.id for job in jobs]


def new_row(handin: HandIn, source: str, notices: list[str]) -> Handin:
    """The row of a hand-in, with a receipt's name of its own."""
    return Handin(
        receipt=name(),
        student=handin.student,
        lab=handin.lab,
        sha256=handin.sha256,
        attempt=handin.attempt or 1,
        handed_in=handin.handed_in,
        file=handin.file[:255],
        source=source,
        notices=notices,
    )

"""Deadlines that were put off for one student: `extensions.json` in the course's folder.

It is a file and no table so that `course grade` knows of it wherever it runs; nbgrader's own column
is filled from it.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from autograder.course import Course
from autograder.notebooks import write_text

NAME = "extensions.json"


def load(course: Course) -> dict[tuple[str, str], datetime]:
    """(student, lab) → until when this student may hand in without a penalty."""
    try:
        found = json.loads((course.root / NAME).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return {
        (student, lab): datetime.fromisoformat(until)
        for student, labs in found.items()
        for lab, until in labs.items()
    }


def grant(course: Course, student: str, lab: str, until: datetime | None) -> None:
    """Puts the deadline off until `until` (with a zone), or back to the class's with None."""
    with _changing(course) as found:
        found.pop((student, lab), None)
        if until is not None:
            found[student, lab] = until


def forget(course: Course, student: str) -> None:
    """Takes out all that is about one student."""
    with _changing(course) as found:
        for key in [key for key in found if key[0] == student]:
            del found[key]


@contextmanager
def _changing(course: Course) -> Iterator[dict[tuple[str, str], datetime]]:
    """What stands there, to be changed; written at the end if it was. Others wait."""
    with open(course.root / f".{NAME}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        before = load(course)
        found = dict(before)
        yield found
        if found == before:
            return
        nested: dict[str, dict[str, str]] = {}
        for (who, what), moment in sorted(found.items()):
            nested.setdefault(who, {})[what] = moment.isoformat(timespec="seconds")
        text = json.dumps(nested, ensure_ascii=False, indent=1) + "\n"
        write_text(course.root / NAME, text, durable=True)


def deadline(course: Course, student: str, lab: str) -> datetime | None:
    """Until when this student may hand in without a penalty; None: for ever."""
    return load(course).get((student, lab)) or course.lab(lab).deadline


def extra(course: Course, student: str, lab: str) -> timedelta | None:
    """How much longer than the class; None where there is no extension or no deadline."""
    given, usual = load(course).get((student, lab)), course.lab(lab).deadline
    return given - usual if given and usual else None

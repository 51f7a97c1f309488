"""Which of a student's attempts counts: `[course] attempts` in course.toml.

`last` (the default) is the last in time. With `best` the desk, which grades every attempt, names the
one that counts in `records/<student>/<lab>/counts.json`; before it has, the last one counts.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.course import Course
from autograder.notebooks import write_text

if TYPE_CHECKING:
    from autograder.intake.inbox import HandIn


def counting(course: Course, accepted: Sequence[HandIn]) -> HandIn | None:
    """The one that counts of one student's accepted hand-ins for one lab, in order of time."""
    if not accepted:
        return None
    last = accepted[-1]
    if course.attempts != "best":
        return last
    chosen = _read(_file(course, last.student, last.lab))
    return next((each for each in reversed(accepted) if each.sha256 == chosen), last)


def choose(course: Course, handin: HandIn) -> None:
    """Makes this one count where the best attempt does."""
    text = json.dumps({"sha256": handin.sha256}) + "\n"
    write_text(_file(course, handin.student, handin.lab), text, durable=True)


def _file(course: Course, student: str, lab: str) -> Path:
    return course.record(student, lab) / "counts.json"


def _read(path: Path) -> str | None:
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return None

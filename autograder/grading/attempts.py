"""The result of every attempt: `records/<student>/<lab>/attempts/<sha256>.json`.

It is what grading that attempt came to, without a TA's changes. For TAs only: hidden tests stand in
it. Which attempt counts: intake.counting.
"""

from __future__ import annotations

import json

from autograder.course import Course
from autograder.notebooks import write_text
from autograder.results import Result


def save(course: Course, result: Result) -> None:
    """Keeps the result; it is on disk when this returns."""
    path = course.record(result.student, result.lab) / "attempts" / f"{result.sha256}.json"
    write_text(path, json.dumps(result.to_dict(), ensure_ascii=False) + "\n", durable=True)


def load(course: Course, student: str, lab: str, sha256: str) -> Result | None:
    """The result of these bytes, or None where there is none that can be read."""
    path = course.record(student, lab) / "attempts" / f"{sha256}.json"
    try:
        return Result.from_dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        return None

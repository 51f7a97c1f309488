"""A hand-in that is ready to be graded."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from nbformat import NotebookNode

from autograder.course import Course, UsageError
from autograder.intake.archive import open_plain, time_of
from autograder.intake.inbox import HandIn, Inbox
from autograder.intake.notebook import parse, too_big
from autograder.intake.rebuild import Rebuilt, rebuild
from autograder.intake.refused import Refused
from autograder.intake.roster import safe_id
from autograder.notebooks import read


@dataclass(frozen=True)
class Submission:
    """A hand-in and its answers in the released notebook."""

    handin: HandIn
    rebuilt: Rebuilt


def rebuild_for(course: Course, lab: str, notebook: NotebookNode) -> Rebuilt:
    """`rebuild` with the releases of this course.

    Raises:
        Refused: it is no notebook of this lab.
        UsageError: the lab was never released.
    """
    version = notebook.metadata.get("course", {}).get("release")
    current = _released(course.release(lab))
    past = None
    if version and version != current.metadata.get("course", {}).get("release"):
        file = course.past_release(lab, version)
        past = _released(file) if file.is_file() else None
    return rebuild(notebook, current, lab, past)


def open_submission(course: Course, handin: HandIn) -> Submission:
    """Reads the hand-in's bytes again and rebuilds it.

    Raises:
        Refused: it cannot be graded.
    """
    if handin.status == "refused":
        raise Refused(handin.reason)
    size = handin.path.stat().st_size
    if size > course.limits.file_mb * 2**20:
        raise Refused(too_big(size, course.limits))
    with open_plain(handin.path) as file:
        notebook = parse(file.read(), course.limits)
    return Submission(handin, rebuild_for(course, handin.lab, notebook))


def submissions(course: Course, lab: str) -> list[Submission]:
    """What counts of every student for this lab and can be graded, in order of student.

    With it come notebooks that somebody laid into submitted/ by hand.
    """
    return opened(course, lab)[0]


def unusable(course: Course, lab: str) -> list[HandIn]:
    """What would count but cannot be graded (any more), with the reason.

    Such as a notebook laid into submitted/ by hand, or one of an exercise that was taken out.
    """
    return opened(course, lab)[1]


def opened(course: Course, lab: str) -> tuple[list[Submission], list[HandIn]]:
    """`submissions` and `unusable` at once: every notebook is read and rebuilt one time."""
    good, bad = [], []
    for handin in sorted(hand_ins(course, lab), key=lambda each: each.student):
        try:
            good.append(open_submission(course, handin))
        except Refused as no:
            bad.append(replace(handin, status="refused", reason=str(no)))
    return good, bad


def hand_ins(course: Course, lab: str) -> list[HandIn]:
    """The hand-ins behind `submissions`, without opening them."""
    current = Inbox(course).current(lab)
    students = {each.student for each in current}
    return current + [each for each in _by_hand(course, lab) if each.student not in students]


def _by_hand(course: Course, lab: str) -> list[HandIn]:
    found = []
    for path in sorted(course.root.glob(f"submitted/*/{lab}/{lab}.ipynb")):
        student = path.parent.parent.name
        if safe_id(student) != student or not path.is_file():
            continue
        if any(each.is_symlink() for each in (path, path.parent, path.parent.parent)):
            continue
        moment = time_of(path)
        with open_plain(path) as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        found.append(
            HandIn(
                student=student,
                lab=lab,
                file=path.name,
                source=str(path.relative_to(course.root)),
                sha256=sha256,
                handed_in=moment,
                received=datetime.now(UTC),
                status="accepted",
                path=path,
                attempt=1,
            )
        )
    return found


def _released(file: Path) -> NotebookNode:
    try:
        return _read(file, file.stat().st_mtime_ns)
    except OSError:
        lab = file.parent.name
        raise UsageError(
            f"labs/{lab}/{lab}.ipynb이 없습니다: 먼저 course release {lab}을(를) 실행하세요."
        ) from None


@lru_cache(maxsize=32)
def _read(file: Path, changed: int) -> NotebookNode:
    return read(file)

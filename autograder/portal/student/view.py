"""One hand-in's result as its student may see it now."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from nbgrader.api import Gradebook
from sqlalchemy import select
from sqlalchemy.orm import object_session

from autograder import notebooks
from autograder.course import Course, Lab
from autograder.feedback import clean
from autograder.feedback.feedback import comments_of, penalty_of, withhold_of
from autograder.feedback.page import Row, row_of, titles, written_of
from autograder.feedback.withhold import Withhold
from autograder.grading import attempts, extensions, record
from autograder.grading.gradebook import open_gradebook, refresh
from autograder.intake.counting import counting
from autograder.portal.settings import Settings
from autograder.portal.tables import Handin, now
from autograder.results import Result


@dataclass(frozen=True)
class View:
    """`hidden`: whether the scores of hidden tests are in it; `opens`: when they will be.

    `counts`: whether this is the attempt that counts; only then there are penalty and comments.
    `comments`: a TA's words by exercise; `comment`: on the written answer. Words about a hidden
    failure wait until hidden tests are told of.
    """

    result: Result
    rows: list[Row]
    score: float
    max_score: float
    hidden: bool
    opens: datetime | None
    counts: bool
    written: dict | None = None
    penalty: float = 0.0
    comment: str = ""
    comments: dict[str, str] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)


def policy(settings: Settings, lab: Lab) -> str:
    """When this lab's hidden tests are told of."""
    return lab.hidden or settings.hidden


def shows_hidden(course: Course, settings: Settings, lab: Lab, student: str) -> bool:
    """Whether this student may see now how hidden tests went."""
    said = policy(settings, lab)
    if said == "after the deadline":
        due = extensions.deadline(course, student, lab.name)
        return due is not None and now() >= due
    return said == "at once"


def counts(course: Course, row: Handin) -> bool:
    """Whether this is the attempt that counts. The table has what the inbox has, and is asked faster."""
    query = select(Handin).where(Handin.student == row.student, Handin.lab == row.lab)
    mine = object_session(row).scalars(query.order_by(Handin.handed_in, Handin.id)).unique()
    return counting(course, list(mine)) is row


def view(course: Course, settings: Settings, row: Handin, for_ta: bool = False) -> View | None:
    """The view of a graded hand-in; None where there is no result of it."""
    lab = course.lab(row.lab)
    is_counting = counts(course, row)
    penalty, comments = 0.0, {}
    found = record.load(course, row.student, row.lab) if is_counting else None
    if found is not None and found.sha256 == row.sha256:
        with open_gradebook(course) as gradebook:
            refresh(gradebook, found)
            penalty = penalty_of(gradebook, lab, row.student)
            comments = comments_of(gradebook, lab, row.student)
    else:
        found = attempts.load(course, row.student, row.lab, row.sha256)
    if found is None:
        return None
    withhold, headings = _lab_facts(course, lab)
    told = withhold.result(found)
    hidden = for_ta or shows_hidden(course, settings, lab, row.student)
    if not hidden:
        comments = {name: text for name, text in comments.items() if not only_hidden(told, name)}
        told = without_hidden(told)
    later = policy(settings, lab) == "after the deadline"
    said = {name: clean.text(withhold.text(text)) for name, text in comments.items()}
    return View(
        result=told,
        rows=[row_of(name, each, headings) for name, each in told.exercises.items()],
        score=sum(each.score for each in told.exercises.values()),
        max_score=sum(each.max_score for each in told.exercises.values()),
        hidden=hidden,
        opens=extensions.deadline(course, row.student, row.lab) if later and not hidden else None,
        counts=is_counting,
        written=written_of(told),
        penalty=penalty if hidden else 0.0,
        comment=said.get("reflection", ""),
        comments=said,
        notices=[clean.text(each, 1000) for each in told.notices],
    )


def only_hidden(result: Result, name: str) -> bool:
    """Whether all that failed in this exercise are hidden tests: a TA's word would tell of it."""
    exercise = result.exercises.get(name)
    failed = {check.kind for check in exercise.checks if not check.passed} if exercise else set()
    return failed == {"hidden"}


def without_hidden(result: Result) -> Result:
    """The result as the public tests alone tell it."""
    told = copy.deepcopy(result)
    for exercise in told.exercises.values():
        public = [check for check in exercise.checks if check.kind == "public"]
        if all(check.passed for check in public):
            exercise.reason = ""  # what it says is about a hidden test
        exercise.checks = public
        exercise.score = sum(check.score for check in public)
        exercise.max_score = sum(check.max_score for check in public)
    told.score = sum(each.score for each in told.exercises.values())
    told.max_score = sum(each.max_score for each in told.exercises.values())
    return told


def titles_of(course: Course, lab: Lab) -> dict[str, str]:
    """exercise → its heading in the lab."""
    return _lab_facts(course, lab)[1]


def _lab_facts(course: Course, lab: Lab) -> tuple[Withhold, dict[str, str]]:
    source, release = course.source(lab.name), course.release(lab.name)
    stamp = (source.stat().st_mtime_ns, release.stat().st_mtime_ns)
    return _read(course.root, lab.name, stamp)


@lru_cache(maxsize=64)
def _read(root: Path, lab: str, stamp: tuple) -> tuple[Withhold, dict[str, str]]:
    course = Course(root)
    release = notebooks.read(course.release(lab))
    return withhold_of(course, course.lab(lab)), titles(release)


def refreshed_scores(
    gradebook: Gradebook, course: Course, student: str
) -> dict[str, tuple[Result, float]]:
    """lab → (the result that counts, as the gradebook has it; points lost for lateness)."""
    found = {}
    for lab in course.labs:
        result = record.load(course, student, lab.name)
        if result is not None:
            refresh(gradebook, result)
            found[lab.name] = result, penalty_of(gradebook, lab, student)
    return found

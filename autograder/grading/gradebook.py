"""The one writer to nbgrader's gradebook. Nobody else in this package changes a score.

The gradebook is where scores live: TAs change them in formgrader, and every table we print is read
back from here. result.json (record.py) only adds what the gradebook has no column for.
"""

from __future__ import annotations

import os
import shutil
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry
from sqlalchemy.exc import SAWarning, SQLAlchemyError

from autograder.course import Course, UsageError
from autograder.grading.late import late_penalty
from autograder.results import Result

# nbgrader fills its rows in an order that SQLAlchemy 2 remarks on; nothing is lost by it.
warnings.filterwarnings("ignore", category=SAWarning, module=r"nbgrader\b")


@contextmanager
def open_gradebook(course: Course) -> Iterator[Gradebook]:
    """nbgrader's gradebook of the course.

    Raises:
        UsageError: the database cannot be opened.
    """
    if shutil.which("alembic") is None:
        # nbgrader calls `alembic` by name when it makes a new database; it lies beside our Python.
        os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    try:
        gradebook = Gradebook(course.db_url, course.settings["course"]["id"])
    except (SQLAlchemyError, ImportError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"성적부를 열 수 없습니다 ({course.db_url}): {reason}") from None
    try:
        yield gradebook
    finally:
        gradebook.close()


def save(gradebook: Gradebook, course: Course, result: Result, previous: Result | None) -> None:
    """Writes one submission's scores; doing it again changes nothing.

    Args:
        result: `graded`, or `failed` (then every test is marked as needing a person, without a score).
        previous: what was saved for this student and lab before, if anything.

    A TA's own score on a test cell stays as long as the hand-in stays the same; on a new hand-in it
    goes, and `result.notices` says so. The same holds for the written answer, by its text.
    """
    student, lab = result.student, result.lab
    assert student is not None and lab is not None
    gradebook.update_or_create_student(student)
    moment = datetime.fromisoformat(result.handed_in) if result.handed_in else None
    stamp = moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if moment else None
    submission = gradebook.update_or_create_submission(
        lab, student, **({"timestamp": stamp} if stamp else {})
    )
    notebook = gradebook.find_submission_notebook(lab, lab, student)
    checks = {c.grade_id: c for each in result.exercises.values() for c in each.checks}
    same_file = previous is not None and previous.sha256 == result.sha256
    for grade in notebook.grades:
        check = checks.get(grade.name)
        if check is not None:
            grade.auto_score = check.score
            _settle_override(grade, same_file, result)
        elif result.status == "failed" and not _is_written(grade):
            grade.auto_score, grade.needs_manual_grade = None, True
        elif _is_written(grade):
            _settle_written(grade, previous, result)
    for comment in notebook.comments:
        exercise = result.exercises.get(comment.name)
        comment.auto_comment = exercise.reason or None if exercise else None
    gradebook.db.flush()
    gradebook.db.refresh(notebook)
    late = submission.total_seconds_late
    score = notebook.score or 0.0
    notebook.late_submission_penalty = late_penalty(score, late, course.late) or None
    gradebook.db.commit()


def _is_written(grade) -> bool:
    return grade.cell.cell_type == "markdown"


def _settle_override(grade, same_file: bool, result: Result) -> None:
    """A TA's score on a test cell: kept (and flagged) for the same hand-in, dropped for a new one."""
    grade.needs_manual_grade = False
    if grade.manual_score is None:
        return
    if same_file:
        grade.needs_manual_grade = True
        return
    result.notices.append(
        f"{grade.name}: 이전 제출에 조교가 준 점수({grade.manual_score:g}점)는 "
        "새 제출에 적용되지 않습니다."
    )
    grade.manual_score = None


def _settle_written(grade, previous: Result | None, result: Result) -> None:
    """The written answer: its mark belongs to its text."""
    grade.auto_score = None
    before = previous.manual.answer if previous and previous.manual else None
    now = result.manual.answer if result.manual else None
    if grade.manual_score is None:
        grade.needs_manual_grade = True
    elif before is not None and now is not None and before.strip() != now.strip():
        result.notices.append(
            f"서술형 답이 바뀌어 다시 채점합니다 (이전 점수 {grade.manual_score:g}점)."
        )
        grade.manual_score, grade.needs_manual_grade = None, True
    else:
        grade.needs_manual_grade = False


def refresh(gradebook: Gradebook, result: Result) -> Result:
    """Puts the gradebook's present scores (a TA may have changed some) into the result, in place."""
    if result.status != "graded":
        return result
    try:
        notebook = gradebook.find_submission_notebook(result.lab, result.lab, result.student)
    except MissingEntry:
        return result
    grades = {grade.name: grade for grade in notebook.grades}
    for name, exercise in result.exercises.items():
        mine = [grades[c.grade_id] for c in exercise.checks if c.grade_id in grades]
        exercise.score = float(sum(grade.score for grade in mine))
        if any(grade.manual_score is not None for grade in mine):
            exercise.reason = f"조교가 점수를 고쳤습니다. {exercise.reason}".strip()
        assert name
    result.score = float(sum(each.score for each in result.exercises.values()))
    if result.manual is not None:
        written = [grade for grade in notebook.grades if _is_written(grade)]
        scores = [grade.manual_score for grade in written]
        result.manual.score = None if None in scores or not scores else float(sum(scores))
    return result

"""The one writer to nbgrader's gradebook. Nobody else in this package changes a score.

The gradebook is where scores live: TAs change them in formgrader, and every table we print is read
back from here. result.json (record.py) only adds what the gradebook has no column for.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from nbgrader.api import (
    Assignment,
    Base,
    BaseCell,
    Grade,
    Gradebook,
    MissingEntry,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.dbutil import ALEMBIC_DIR
from sqlalchemy import create_engine, insert, inspect, make_url, select, text
from sqlalchemy.exc import SAWarning, SQLAlchemyError

from autograder.course import Course, UsageError
from autograder.grading import extensions
from autograder.grading.late import late_penalty
from autograder.grading.rows import Mark, Rows
from autograder.results import Carried, Result

# nbgrader fills its rows in an order that SQLAlchemy 2 remarks on; nothing is lost by it.
warnings.filterwarnings("ignore", category=SAWarning, module=r"nbgrader\b")


@contextmanager
def open_gradebook(course: Course) -> Iterator[Gradebook]:
    """nbgrader's gradebook of the course.

    Raises:
        UsageError: the database cannot be opened.
    """
    try:
        _note_schema(course.db_url)
        gradebook = Gradebook(course.db_url, course.settings["course"]["id"])
    except (SQLAlchemyError, ImportError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"성적부를 열 수 없습니다 ({course.db_url}): {reason}") from None
    try:
        yield gradebook
    finally:
        gradebook.close()


# Two processes may open a new gradebook at once: each statement does nothing the second time.
_NOTE = (
    "CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL)",
    "INSERT INTO alembic_version (version_num) SELECT :version "
    "WHERE NOT EXISTS (SELECT 1 FROM alembic_version)",
)


def _note_schema(url: str) -> None:
    """Writes the schema's version into a database that has none yet, before nbgrader looks.

    nbgrader would start `alembic`, found on PATH, to learn it: seconds for each new gradebook. A
    making that is killed here or later is completed the next time.
    """
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            noted = inspect(connection).has_table("alembic_version") and connection.scalar(
                text("SELECT count(*) FROM alembic_version")
            )
        if not noted:
            with engine.begin() as connection:
                for statement in _NOTE:
                    connection.execute(text(statement), {"version": _newest_schema()})
    finally:
        engine.dispose()


@cache
def _newest_schema() -> str:
    """The version that a gradebook of this nbgrader has (what `alembic heads` says)."""
    from alembic.script import ScriptDirectory  # asked for by a new gradebook only

    return ScriptDirectory(ALEMBIC_DIR).get_current_head()


def copy_gradebook(course: Course, url: str) -> None:
    """Copies the course's gradebook, if there is one, into a new database; reads it only.

    Raises:
        UsageError: it cannot be read.
    """
    here = make_url(course.db_url)
    if here.get_backend_name() == "sqlite" and not Path(here.database or "").is_file():
        return  # to open it would make it
    source, target = create_engine(here), create_engine(url)
    try:
        with source.connect() as old, target.begin() as new:
            there = set(inspect(old).get_table_names())
            Base.metadata.create_all(new)
            for table in Base.metadata.sorted_tables:
                rows = old.execute(select(table)).mappings().all() if table.name in there else []
                if rows:
                    new.execute(insert(table), [dict(row) for row in rows])
            if "alembic_version" in there:
                version = old.execute(text("SELECT version_num FROM alembic_version")).scalar()
                new.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
                new.execute(text("INSERT INTO alembic_version VALUES (:v)"), {"v": version})
    except (SQLAlchemyError, ImportError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"성적부를 읽을 수 없습니다 ({course.db_url}): {reason}") from None
    finally:
        source.dispose()
        target.dispose()


def save(
    gradebook: Gradebook,
    course: Course,
    result: Result,
    previous: Result | None = None,
    same_file: bool = False,
    pending: Mapping[str, float] | None = None,
    before_commit: Callable[[Carried], None] = lambda carried: None,
) -> None:
    """Writes one submission's scores; doing it again changes nothing.

    Args:
        result: `graded`, or `failed` (then every test is marked as needing a person, without a score).
        previous: what was saved for this student and lab before, if anything.
        same_file: whether the gradebook's present scores are of this very hand-in.
        pending: where an unfinished run was about to save this result: the TA's scores it dropped.
        before_commit: told what will count; runs when all is ready and nothing is written yet.

    A TA's own score on a test cell stays as long as the hand-in stays the same; on a new hand-in it
    goes, and `result.notices` says so. The same holds for the written answer, by its text, and for
    a TA's comments.
    """
    student, lab = result.student, result.lab
    assert student is not None and lab is not None
    if gradebook.db.execute(select(Student.id).where(Student.id == student)).scalar() is None:
        gradebook.add_student(student)
    rows = Rows.made(gradebook.db, student, lab)
    if result.handed_in:
        moment = datetime.fromisoformat(result.handed_in).astimezone(UTC)
        rows.head.timestamp = moment.replace(tzinfo=None, microsecond=0)
    rows.head.extension = extensions.extra(course, student, lab)
    checks = {c.grade_id: c for each in result.exercises.values() for c in each.checks}
    same_text = _same_text(previous, result)
    carried = Carried(dropped=dict(pending or {}))
    for mark in rows.marks:
        if mark.written:
            mark.auto_score = None
        elif mark.name in checks:
            mark.auto_score = checks[mark.name].score
        elif result.status == "failed":
            mark.auto_score = None
        else:
            continue
        _carry(mark, same_text if mark.written else same_file, pending, carried)
        has_own = mark.manual_score is not None
        if mark.written:
            mark.needs_manual_grade = not has_own
        else:  # a score of the TA's is shown again, so that somebody looks whether it still fits
            mark.needs_manual_grade = has_own or result.status == "failed"
    written = {mark.name for mark in rows.marks if mark.written}
    result.notices += [
        _dropped(name in written, name, score) for name, score in carried.dropped.items()
    ]
    for remark in rows.remarks:
        exercise = result.exercises.get(remark.name)
        remark.auto_comment = exercise.reason or None if exercise else None
        if not (same_text if remark.name in written else same_file):
            remark.manual_comment = None  # it was about another answer
    score = float(sum(mark.score for mark in rows.marks))
    late = late_penalty(score, rows.head.seconds_late, course.late)
    rows.head.late_submission_penalty = late or None
    rows.write()
    if result.status == "graded":
        carried.exercises = _counted(rows.marks, result)
        carried.score = float(sum(carried.exercises.values()))
    before_commit(carried)
    gradebook.db.commit()


def give(
    gradebook: Gradebook, course: Course, student: str, lab: str, cell: str, score: float | None
) -> float | None:
    """Sets a TA's own score of one cell, or takes it back with None; returns the one before.

    Raises:
        UsageError: not between 0 and the cell's points.
        MissingEntry: no such cell, or nothing was graded of this student.
    """
    grade = gradebook.find_grade(cell, lab, lab, student)
    if score is not None and not 0 <= score <= grade.max_score:
        raise UsageError(f"{cell}: 0점부터 {grade.max_score:g}점까지 줄 수 있습니다")
    before, grade.manual_score = grade.manual_score, score
    grade.needs_manual_grade = score is None and grade.auto_score is None
    gradebook.db.commit()
    relate(gradebook, course, student, lab)
    return before


def comment(gradebook: Gradebook, student: str, lab: str, exercise: str) -> str:
    """What a TA said about an exercise. Raises MissingEntry where nothing was graded."""
    return gradebook.find_comment(exercise, lab, lab, student).manual_comment or ""


def say(gradebook: Gradebook, student: str, lab: str, exercise: str, text: str) -> None:
    """Sets a TA's comment on an exercise. Raises MissingEntry where nothing was graded."""
    gradebook.find_comment(exercise, lab, lab, student).manual_comment = text or None
    gradebook.db.commit()


def relate(gradebook: Gradebook, course: Course, student: str, lab: str) -> None:
    """Works a student's lateness out anew, after the deadline was put off for them or put back."""
    try:
        notebook = gradebook.find_submission_notebook(lab, lab, student)
    except MissingEntry:
        return
    submission = notebook.assignment
    submission.extension = extensions.extra(course, student, lab)
    gradebook.db.flush()
    gradebook.db.refresh(notebook)
    late = late_penalty(notebook.score or 0.0, submission.total_seconds_late, course.late)
    notebook.late_submission_penalty = late or None
    gradebook.db.commit()


def _same_text(previous: Result | None, result: Result) -> bool:
    """Whether a mark of the written answer still belongs to it. Where nothing is known it does."""
    before = previous.manual.answer if previous and previous.manual else None
    now = result.manual.answer if result.manual else None
    return before is None or now is None or before.strip() == now.strip()


def _carry(grade: Mark, same: bool, pending: Mapping[str, float] | None, carried: Carried) -> None:
    """Keeps or drops a TA's score.

    An unfinished run may or may not have come to drop it: what stands there now is a newer score
    of a TA unless it is the very one that was to be dropped.
    """
    mark = grade.manual_score
    if mark is None:
        return
    if pending is not None:
        same = grade.name not in pending or pending[grade.name] != mark
    if same:
        carried.kept[grade.name] = mark
        carried.dropped.pop(grade.name, None)
    else:
        carried.dropped[grade.name] = mark
        grade.manual_score = None


def _dropped(written: bool, name: str, mark: float) -> str:
    if written:
        return f"서술형 답이 바뀌어 다시 채점합니다 (이전 점수 {mark:g}점)."
    return f"{name}: 이전 제출에 조교가 준 점수({mark:g}점)는 새 제출에 적용되지 않습니다."


def _counted(marks: Sequence[Mark], result: Result) -> dict[str, float]:
    """exercise → its score as the gradebook has it: a TA's own before ours."""
    scores = {mark.name: mark.score for mark in marks}
    return {
        name: float(sum(scores.get(check.grade_id, 0.0) for check in exercise.checks))
        for name, exercise in result.exercises.items()
    }


def own_scores(
    gradebook: Gradebook, lab: str, student: str | None = None
) -> dict[str, dict[str, float]]:
    """student → cell → the score that a TA gave, for all who have one (or for this student)."""
    query = (
        select(SubmittedAssignment.student_id, BaseCell.name, Grade.manual_score)
        .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(Grade, Grade.notebook_id == SubmittedNotebook.id)
        .join(BaseCell, BaseCell.id == Grade.cell_id)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .where(Assignment.name == lab, Grade.manual_score.is_not(None))
    )
    if student is not None:
        query = query.where(SubmittedAssignment.student_id == student)
    found: dict[str, dict[str, float]] = {}
    for whose, cell, mark in gradebook.db.execute(query):
        found.setdefault(whose, {})[cell] = mark
    return found


def refresh(gradebook: Gradebook, result: Result) -> Result:
    """Puts the gradebook's present scores (a TA may have changed some) into the result, in place."""
    if result.status != "graded":
        return result
    try:
        marks = Rows(gradebook.db, result.student, result.lab).marks
    except MissingEntry:
        return result
    own = {mark.name for mark in marks if mark.manual_score is not None}
    for name, score in _counted(marks, result).items():
        exercise = result.exercises[name]
        exercise.score = score
        if any(check.grade_id in own for check in exercise.checks):
            exercise.reason = f"조교가 점수를 고쳤습니다. {exercise.reason}".strip()
    result.score = float(sum(each.score for each in result.exercises.values()))
    if result.manual is not None:
        scores = [mark.manual_score for mark in marks if mark.written]
        result.manual.score = None if None in scores or not scores else float(sum(scores))
    return result

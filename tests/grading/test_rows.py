"""Rows that we make and write ourselves are those that nbgrader would have made and read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from nbgrader.api import Gradebook, MissingEntry

from autograder.grading import assignment
from autograder.grading.gradebook import open_gradebook
from autograder.grading.rows import Rows
from tests.grading.toycourse import make_course


@pytest.fixture
def gradebook(tmp_path):
    course = make_course(tmp_path / "course")
    with open_gradebook(course) as gradebook:
        source = assignment.load_source(course, "toy")
        assignment.register(gradebook, course, course.lab("toy"), source)
        yield gradebook


def told(gradebook: Gradebook, student: str) -> dict:
    """A submission as nbgrader's own objects tell it, without ids."""
    submission = gradebook.find_submission("toy", student)
    (notebook,) = submission.notebooks
    return {
        "when": (submission.timestamp, submission.extension, submission.total_seconds_late),
        "notebook": (notebook.name, notebook.flagged, notebook.late_submission_penalty),
        "score": (notebook.score, notebook.max_score, notebook.needs_manual_grade),
        "grades": sorted(
            (g.name, g.auto_score, g.manual_score, g.extra_credit, g.needs_manual_grade, g.score)
            for g in notebook.grades
        ),
        "comments": sorted(
            (c.name, c.auto_comment or "", c.manual_comment or "") for c in notebook.comments
        ),
    }


def test_new_rows_are_those_of_add_submission(gradebook):
    for student in ("theirs", "ours"):
        gradebook.add_student(student)
    gradebook.add_submission("toy", "theirs")
    Rows.made(gradebook.db, "ours", "toy")
    gradebook.db.commit()
    assert told(gradebook, "ours") == told(gradebook, "theirs")
    assert told(gradebook, "ours")["grades"]


def test_what_is_written_is_what_nbgrader_reads(gradebook):
    gradebook.add_student("s")
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    gradebook.update_or_create_assignment("toy", duedate=str(now - timedelta(hours=5)))
    rows = Rows.made(gradebook.db, "s", "toy")
    rows.head.timestamp = now
    rows.head.extension = timedelta(hours=3)
    rows.head.late_submission_penalty = 2.5
    for number, mark in enumerate(rows.marks):
        mark.auto_score = None if mark.written else float(number)
        mark.manual_score = 7.0 if number == 1 else None
        mark.needs_manual_grade = mark.written
    rows.remarks[0].auto_comment, rows.remarks[0].manual_comment = "ours", "the TA's"
    rows.write()
    gradebook.db.commit()
    found = told(gradebook, "s")
    assert found["when"][:2] == (rows.head.timestamp, rows.head.extension)
    assert found["notebook"][2] == 2.5
    assert found["score"][0] == sum(mark.score for mark in rows.marks)
    again = Rows(gradebook.db, "s", "toy")
    assert (again.head, again.marks, again.remarks) == (rows.head, rows.marks, rows.remarks)
    assert again.head.seconds_late == found["when"][2] == 2 * 3600


def test_nothing_is_there_before_a_commit(gradebook):
    gradebook.add_student("s")
    Rows.made(gradebook.db, "s", "toy")
    gradebook.db.rollback()
    with pytest.raises(MissingEntry):
        Rows(gradebook.db, "s", "toy")


def test_what_is_not_there_is_missing(gradebook):
    with pytest.raises(MissingEntry):
        Rows.made(gradebook.db, "s", "no-such-lab")
    with pytest.raises(MissingEntry):
        Rows(gradebook.db, "nobody", "toy")


def test_extra_credit_and_a_tas_own_score_count_as_nbgrader_counts_them(gradebook):
    gradebook.add_student("s")
    Rows.made(gradebook.db, "s", "toy")
    gradebook.db.commit()
    cases = [
        (None, None, 3.0),
        (2.0, None, None),
        (2.0, 5.0, None),
        (2.0, 5.0, 1.5),
        (2.0, 0.0, 1.0),
    ]
    names = [grade.name for grade in gradebook.find_submission("toy", "s").notebooks[0].grades]
    for name, (auto, own, extra) in zip(names, cases, strict=False):
        grade = gradebook.find_grade(name, "toy", "toy", "s")
        grade.auto_score, grade.manual_score, grade.extra_credit = auto, own, extra
    gradebook.db.commit()
    theirs = {grade[0]: grade[-1] for grade in told(gradebook, "s")["grades"]}
    assert {m.name: m.score for m in Rows(gradebook.db, "s", "toy").marks} == theirs


def test_what_a_ta_changes_meanwhile_stays(gradebook):
    gradebook.add_student("s")
    Rows.made(gradebook.db, "s", "toy")
    gradebook.db.commit()
    rows = Rows(gradebook.db, "s", "toy")
    name = next(mark.name for mark in rows.marks if not mark.written)
    gradebook.find_grade(name, "toy", "toy", "s").manual_score = 4.0
    gradebook.db.commit()
    for mark in rows.marks:
        mark.auto_score = 1.0
    rows.write()
    gradebook.db.commit()
    found = gradebook.find_grade(name, "toy", "toy", "s")
    assert (found.auto_score, found.manual_score) == (1.0, 4.0)

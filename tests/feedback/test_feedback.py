"""From saved results and the gradebook to the files that students get."""

from __future__ import annotations

import io
import shutil
from datetime import UTC, datetime

import pytest
from nbgrader.api import Gradebook

from autograder.course import Course
from autograder.feedback.feedback import feedback
from autograder.grading import assignment, record
from autograder.grading import gradebook as book
from autograder.intake.inbox import HandIn, Inbox
from autograder.publish.release import release
from autograder.results import Check, Exercise, Manual, Result
from tests.publish import small


def quiet(_: str) -> None:
    pass


def graded(student: str) -> Result:
    """One exercise right, the other wrong in its hidden test, which a trick has printed."""
    wrong = Check("root-hidden", "hidden", False, 0, 30, "값이 다릅니다: 2", [], small.HIDDEN)
    return Result(
        student=student, lab="mini", file="mini.ipynb", sha256="ab" * 32, attempt=1,
        status="graded", score=70, handed_in="2026-11-24T04:05:06+00:00", key="k",
        manual=Manual(None, 10, "<!-- [mini:reflection] -->\n내 생각"),
        exercises={
            "squares": Exercise(
                60, 60, "",
                [Check("squares-public", "public", True, 20, 20),
                 Check("squares-hidden", "hidden", True, 40, 40)],
            ),
            "root": Exercise(
                10, 40, "숨은 테스트를 통과하지 못했습니다.",
                [Check("root-public", "public", True, 10, 10), wrong],
                [{"output_type": "stream", "name": "stdout", "text": f"봤다: {small.HIDDEN}\n내 줄"}],
            ),
        },
    )  # fmt: skip


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A graded course; making a gradebook takes seconds, so it is made once and copied."""
    made = small.small_course(tmp_path_factory.mktemp("template"))
    release(made, say=quiet)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("COURSE_DB_URL", raising=False)
        with book.open_gradebook(made) as gradebook:
            source = assignment.load_source(made, "mini")
            assignment.register(gradebook, made, made.lab("mini"), source)
            for student in ("s01", "s02"):
                result = graded(student)
                book.save(gradebook, made, result)
                record.save(made, result)
    return made.root


@pytest.fixture
def course(template, tmp_path, monkeypatch):
    monkeypatch.delenv("COURSE_DB_URL", raising=False)
    return Course.find(shutil.copytree(template, tmp_path / "course"))


def read(course, student: str) -> str:
    return (course.feedback(student, "mini") / "mini.html").read_text(encoding="utf-8")


def hand_in(course, student, name: str, reason: str, hour: int) -> None:
    inbox = Inbox(course)
    with inbox.writing():
        sha256, path = inbox.keep(io.BytesIO(name.encode()), name)
        when = datetime(2026, 11, 25, hour, tzinfo=UTC)
        inbox.add(HandIn(student, "mini", name, name, sha256, when, when, "refused", path, reason))


def test_every_student_gets_a_page_without_hidden_tests(course):
    said: list[str] = []
    feedback(course, say=said.append)
    assert said == ["mini: 피드백 2명 (feedback/)"]
    for student in ("s01", "s02"):
        text = read(course, student)
        assert "70<small> / 100점" in text and "1. 제곱 더하기" in text and "내 줄" in text
        assert small.HIDDEN not in text and "값이 다릅니다: 2" not in text
    assert "s02" not in read(course, "s01")
    before = read(course, "s01")
    feedback(course, say=quiet)
    assert read(course, "s01") == before


def test_a_ta_s_score_and_comment_reach_the_student(course):
    with Gradebook(course.db_url, "small") as gradebook:
        written = gradebook.find_grade("reflection", "mini", "mini", "s01")
        written.manual_score = 8
        gradebook.find_grade("root-hidden", "mini", "mini", "s01").manual_score = 15
        comment = gradebook.find_comment("reflection", "mini", "mini", "s01")
        comment.manual_comment = "잘 썼습니다 <i>!</i>"
        comment = gradebook.find_comment("root", "mini", "mini", "s01")
        comment.manual_comment = f"경계를 보세요.\n{small.HIDDEN}"
        gradebook.db.commit()
    feedback(course, say=quiet)
    text = read(course, "s01")
    assert "85<small>" in text and "8 / 10점" in text
    assert "잘 썼습니다 &lt;i&gt;!&lt;/i&gt;" in text
    assert "경계를 보세요." in text and small.HIDDEN not in text
    assert "조교 채점 대기" in read(course, "s02")


def test_refused_hand_ins_are_told(course):
    hand_in(course, "s03", "essay.pdf", "노트북이 아닙니다.", 1)
    hand_in(course, "s01", "later.ipynb", "빈 파일입니다.", 2)
    hand_in(course, None, "nobody.ipynb", "누구의 것인지 모릅니다.", 3)
    feedback(course, say=quiet)
    assert "노트북이 아닙니다." in read(course, "s03") and "essay.pdf" in read(course, "s03")
    text = read(course, "s01")
    assert "later.ipynb: 빈 파일입니다." in text and "70<small>" in text
    assert sorted(p.name for p in (course.root / "feedback").iterdir()) == ["s01", "s02", "s03"]


def test_a_broken_record_costs_nobody_else_anything(course):
    (course.record("s01", "mini") / "result.json").write_text("{", encoding="utf-8")
    feedback(course, say=quiet)
    assert "70<small>" in read(course, "s02")
    assert not course.feedback("s01", "mini").exists()

"""The history: every score with its cause, through kills, torn lines and a TA's changes."""

from __future__ import annotations

import json

import pytest

from autograder.cli import main
from autograder.course import Course
from autograder.grading import grade as grading
from autograder.grading import history, record
from autograder.sandbox.executor import ExecutorFailed
from tests.executors import run
from tests.grading.toycourse import (
    HALF,
    RIGHT,
    hand_in,
    make_course,
    scores,
    set_lab,
    set_manual,
)
from tests.judge.lab import toy


@pytest.fixture
def course(tmp_path) -> Course:
    return make_course(tmp_path / "course")


def entries(course: Course, student: str = "s01") -> list[dict]:
    return history.read(course.record(student, "toy"))


def told(course: Course) -> list[tuple]:
    return [(each["cause"], each["score"]) for each in entries(course)]


def test_entries_are_numbered_and_only_added(tmp_path):
    for number in (1, 2, 3):
        assert history.add(tmp_path, {"cause": "x", "score": number}) == number
    lines = (tmp_path / history.NAME).read_bytes().splitlines(keepends=True)
    history.add(tmp_path, {"cause": "y"})
    assert (tmp_path / history.NAME).read_bytes().splitlines(keepends=True)[:3] == lines
    assert [each["n"] for each in history.read(tmp_path)] == [1, 2, 3, 4]


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_torn_last_line_is_no_entry_and_is_mended(tmp_path, cut):
    history.add(tmp_path, {"cause": "a"})
    whole = (tmp_path / history.NAME).read_bytes()
    history.add(tmp_path, {"cause": "나"})
    file = tmp_path / history.NAME
    file.write_bytes(file.read_bytes()[:-cut])
    # Without its line end the entry is whole; with less it never was.
    survived = 2 if cut == 1 else 1
    assert len(history.read(tmp_path)) == survived
    assert history.add(tmp_path, {"cause": "c"}) == survived + 1
    assert file.read_bytes().startswith(whole) and file.read_bytes().endswith(b"\n")
    assert [json.loads(line)["n"] for line in file.read_bytes().splitlines()] == list(
        range(1, survived + 2)
    )


def test_every_cause_is_told_apart(course):
    hand_in(course, "s01", HALF)
    run(course)
    run(course)
    run(course, force=True)
    harder = toy()
    harder.cells[3].source += "\nassert double('가') == '가나'"
    set_lab(course, harder)
    run(course)
    settings = course.root / "course.toml"
    settings.write_text(settings.read_text("utf-8").replace("cell_seconds = 3", "cell_seconds = 4"))
    course = Course(course.root)
    run(course)
    data = course.release("toy").parent / "data.txt"
    data.write_text("new")
    set_lab(course, toy())
    run(course)
    hand_in(course, "s01", RIGHT)
    run(course)
    hand_in(course, "s01", RIGHT, when="2027-03-02T00:00:00+00:00")
    run(course)
    assert told(course) == [
        ("first", 40),
        ("forced", 40),
        ("tests changed", 10),
        ("limits changed", 10),
        ("tests changed, files changed", 40),
        ("new hand-in", 100),
        ("new hand-in", 100),
    ]


def test_a_failure_is_told_and_so_is_the_retry(course, monkeypatch):
    hand_in(course, "s01", RIGHT)

    def broken(*arguments):
        raise ExecutorFailed("멈췄습니다")

    with monkeypatch.context() as patch:
        patch.setattr(grading, "mark", broken)
        assert run(course)["s01"].status == "failed"
    run(course)
    assert told(course) == [("first", None), ("retried", 100)]


def test_a_written_mark_does_not_survive_a_new_text_by_way_of_a_failure(course, monkeypatch):
    hand_in(course, "s01", RIGHT, written="첫 답")
    run(course)
    set_manual(course, "s01", "reflection", 8)
    hand_in(course, "s01", RIGHT, written="다른 답")

    def broken(*arguments):
        raise ExecutorFailed("멈췄습니다")

    with monkeypatch.context() as patch:
        patch.setattr(grading, "mark", broken)
        run(course)
    result = run(course)["s01"]
    assert result.manual.score is None
    assert any("이전 점수 8점" in notice for notice in result.notices)


def test_a_tas_scores_enter_the_history_and_leave_it(course):
    hand_in(course, "s01", HALF, written="첫 답")
    run(course)
    set_manual(course, "s01", "relu-public", 15)
    set_manual(course, "s01", "reflection", 8)
    run(course)
    run(course)
    run(course, force=True)
    hand_in(course, "s01", RIGHT, written="새 답")
    run(course)
    own = {"relu-public": 15.0, "reflection": 8.0}
    assert [(e["cause"], e["score"], e["ta"], e["dropped"]) for e in entries(course)] == [
        ("first", 40, {}, {}),
        ("TA", 55, own, {}),
        ("forced", 55, own, {}),
        ("new hand-in", 100, {}, own),
    ]


def test_a_tas_score_on_a_cell_that_goes_was_told_before(course):
    hand_in(course, "s01", HALF)
    run(course)
    set_manual(course, "s01", "relu-hidden", 5)
    changed = toy()
    changed.cells = [cell for cell in changed.cells if cell.id != "relu-hidden"]
    set_lab(course, changed)
    run(course)
    # The released line of the cell that went is now a cell of the student's own.
    assert told(course) == [("first", 40), ("TA", 45), ("tests changed, answers rebuilt", 40)]


class Crash(BaseException):
    """What a kill looks like from inside: nothing below catches it."""


STEPS = [
    (record, "save_notebook", "before"),
    (record, "save_notebook", "after"),
    (history, "add", "before"),
    (history, "add", "after"),
    (record, "save", "before"),
    (record, "save", "after"),
]


@pytest.mark.parametrize(("module", "name", "when"), STEPS, ids=lambda s: getattr(s, "__name__", s))
def test_killed_at_every_step_of_saving_the_next_run_ends_alike(
    tmp_path, monkeypatch, module, name, when
):
    def prepared(folder) -> Course:
        made = make_course(tmp_path / folder)
        hand_in(made, "s01", HALF, written="첫 답")
        run(made)
        set_manual(made, "s01", "relu-public", 15)
        set_manual(made, "s01", "reflection", 8)
        run(made)
        hand_in(made, "s01", RIGHT, written="새 답")
        return made

    def state(made: Course) -> tuple:
        kept = [{k: v for k, v in e.items() if k != "time"} for e in entries(made)]
        result = record.load(made, "s01", "toy")
        return scores(made), kept, result.summary(), result.notices, result.entry

    whole, killed = prepared("whole"), prepared("killed")
    run(whole)
    honest = getattr(module, name)

    def crash(*arguments, **options):
        if when == "after":
            honest(*arguments, **options)
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(module, name, crash)
        with pytest.raises(Crash):
            run(killed)
    run(killed)
    assert state(killed) == state(whole)


def test_a_mark_given_after_a_kill_stays(course, monkeypatch):
    hand_in(course, "s01", HALF)
    run(course)
    set_manual(course, "s01", "relu-public", 15)
    run(course)
    hand_in(course, "s01", HALF, when="2027-03-03T00:00:00+00:00")
    hand_in(course, "s01", {"double": "def double(x):\n    return 2 * x"})

    def crash(*arguments):
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(record, "save", crash)
        with pytest.raises(Crash):
            run(course)
    set_manual(course, "s01", "relu-public", 12)
    result = run(course)["s01"]
    assert scores(course)["s01", "relu-public"] == (0, 12, True)
    assert result.score == 52


def test_one_grade_at_a_time(course, monkeypatch, capsys):
    monkeypatch.chdir(course.root)
    with record.writing(course):
        assert main(["grade"]) == 2
    assert "다른 course grade" in capsys.readouterr().err
    assert main(["grade"]) == 0


def test_status_of_a_student_shows_it(course, monkeypatch, capsys):
    hand_in(course, "s01", HALF)
    run(course)
    set_manual(course, "s01", "relu-public", 15)
    run(course)
    monkeypatch.chdir(course.root)
    assert main(["status", "toy", "--student", "s01"]) == 0
    head, first, own = capsys.readouterr().out.splitlines()
    assert "s01" in head
    assert "40점  처음 채점  double 40 relu 0" in first
    assert "55점  조교가 고침  double 40 relu 15  조교 relu-public 15" in own
    assert main(["status", "--student", "nobody"]) == 2

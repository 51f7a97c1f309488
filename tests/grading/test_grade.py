"""Grading into the gradebook: what is kept, what is dropped, what is never guessed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import pytest

from autograder import notebooks
from autograder.cli import main
from autograder.course import Course
from autograder.grading import pool, record
from autograder.grading.export import table
from autograder.sandbox.executor import ExecutorFailed
from tests.executors import run
from tests.grading.killing import entries, heed_control_c
from tests.grading.toycourse import (
    DOUBLE,
    HALF,
    RIGHT,
    ROOT,
    command,
    formgrader_scores,
    hand_in,
    make_course,
    scores,
    set_lab,
    set_manual,
    unhurried,
)
from tests.judge.lab import toy


@pytest.fixture
def course(tmp_path) -> Course:
    return make_course(tmp_path / "course")


def test_scores_reach_the_gradebook_and_a_second_run_changes_nothing(course):
    hand_in(course, "s01", RIGHT)
    hand_in(course, "s02", HALF)
    first = run(course)
    assert {s: r.score for s, r in first.items()} == {"s01": 100, "s02": 40}
    before = (
        scores(course),
        [p.read_bytes() for p in sorted(course.root.rglob("records/**/*.json*"))],
    )
    assert before[0]["s01", "relu-hidden"] == (40, None, False)
    assert before[0]["s01", "reflection"] == (None, None, True)
    second = run(course)
    assert {s: r.summary() for s, r in second.items()} == {s: r.summary() for s, r in first.items()}
    after = (
        scores(course),
        [p.read_bytes() for p in sorted(course.root.rglob("records/**/*.json*"))],
    )
    assert before == after


def test_force_grades_again_and_history_keeps_every_score(course):
    hand_in(course, "s01", HALF)
    run(course)
    run(course, force=True)
    hand_in(course, "s01", RIGHT)
    run(course)
    lines = (course.record("s01", "toy") / "history.jsonl").read_text(encoding="utf-8").splitlines()
    told = [(entry["cause"], entry["score"]) for entry in map(json.loads, lines)]
    assert told == [("first", 40), ("forced", 40), ("new hand-in", 100)]


def test_a_changed_test_regrades_and_no_old_score_survives(course):
    hand_in(course, "s01", RIGHT)
    run(course)
    harder = toy()
    harder.cells[3].source += "\nassert double('가') == '가나'"
    set_lab(course, harder)
    assert run(course)["s01"].exercises["double"].score == 10
    assert scores(course)["s01", "double-hidden"] == (0, None, False)


def test_cells_may_come_and_go_in_mid_term(course):
    hand_in(course, "s01", RIGHT)
    run(course)
    set_manual(course, "s01", "reflection", 7)
    changed = toy()
    changed.cells = [cell for cell in changed.cells if cell.id != "relu-hidden"]
    set_lab(course, changed)
    assert run(course)["s01"].score == 60
    assert ("s01", "relu-hidden") not in scores(course)
    assert scores(course)["s01", "reflection"] == (None, 7, False)
    set_lab(course, toy())
    assert run(course)["s01"].score == 100
    assert scores(course)["s01", "relu-hidden"] == (40, None, False)


def test_a_tas_score_stays_for_the_same_hand_in_and_goes_with_a_new_one(course):
    hand_in(course, "s01", HALF)
    run(course)
    set_manual(course, "s01", "relu-public", 15)
    kept = run(course, force=True)["s01"]
    assert kept.exercises["relu"].score == 15 and kept.score == 55
    assert scores(course)["s01", "relu-public"] == (0, 15, True)
    hand_in(course, "s01", {"relu": RIGHT["relu"]})
    fresh = run(course)["s01"]
    assert fresh.score == 60
    assert any("조교가 준 점수" in notice for notice in fresh.notices)


def test_a_written_mark_belongs_to_its_text(course):
    hand_in(course, "s01", HALF, written="첫 답")
    run(course)
    set_manual(course, "s01", "reflection", 8)
    hand_in(course, "s01", RIGHT, written="첫 답")
    assert run(course)["s01"].manual.score == 8
    hand_in(course, "s01", RIGHT, written="고친 답")
    again = run(course)["s01"]
    assert again.manual.score is None
    assert scores(course)["s01", "reflection"] == (None, None, True)
    assert any("이전 점수 8점" in notice for notice in again.notices)


def test_our_failure_is_named_scored_by_nobody_and_tried_again(course, monkeypatch):
    hand_in(course, "s01", RIGHT)
    run(course)
    hand_in(course, "s01", HALF)

    class Dead:
        def run(self, *args):
            raise ExecutorFailed("멈췄습니다")

        def close(self):
            pass

    with monkeypatch.context() as patch:
        patch.setattr(pool.run_all, "__defaults__", (Dead,))
        failed = run(course)["s01"]
    assert (failed.status, failed.score, failed.reason) == ("failed", None, "멈췄습니다")
    assert scores(course)["s01", "double-public"] == (None, None, True)
    assert table(course, course.labs, "csv").splitlines()[1].startswith("s01,,,,")
    assert run(course)["s01"].score == 40


def test_failure_is_exit_code_1_and_the_others_are_graded(course, monkeypatch):
    for student in ("s01", "s02", "s03"):
        hand_in(course, student, RIGHT)
    monkeypatch.chdir(course.root)
    import autograder.grading.grade as module

    honest = module.mark

    def sometimes(*arguments):
        if "first" not in sometimes.__dict__:
            sometimes.first = True
            raise ZeroDivisionError("bug")
        return honest(*arguments)

    monkeypatch.setattr(module, "mark", sometimes)
    assert main(["grade", "--workers", "1", "--json", "out.json"]) == 1
    data = json.loads((course.root / "out.json").read_text(encoding="utf-8"))
    assert data["schema"] == 1
    assert sorted(r["status"] for r in data["results"]) == ["failed", "graded", "graded"]
    assert main(["grade", "--workers", "1"]) == 0


@pytest.mark.parametrize("times", [1, 2])
def test_what_cannot_be_saved_is_named_and_stops_nobody(course, monkeypatch, times):
    hand_in(course, "s02", RIGHT)
    run(course)
    for student in ("s01", "s02", "s03"):
        hand_in(course, student, HALF)
    honest, tried = record.journal, []

    def full(course, result, *rest):
        if result.student == "s02" and len(tried) < times:
            tried.append(1)
            raise OSError(28, "No space left on device")
        return honest(course, result, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(record, "journal", full)
        results = run(course)
    assert len(tried) == times
    assert {name: each.status for name, each in results.items()} == {
        "s01": "graded",
        "s02": "failed",
        "s03": "graded",
    }
    assert "No space left" in results["s02"].reason and results["s02"].score is None
    assert {name: each.score for name, each in run(course).items()} == dict.fromkeys(results, 40)


def test_late_work_loses_what_the_rule_says(tmp_path):
    course = make_course(tmp_path / "late", deadline="2027-03-01T23:59:00+09:00")
    hand_in(course, "s01", RIGHT, when="2027-03-01T23:58:00+09:00")
    hand_in(course, "s02", RIGHT, when="2027-03-03T12:00:00+09:00")
    run(course)
    rows = table(course, course.labs, "csv").splitlines()
    assert rows[1].split(",")[3:7] == ["100", "100", "", "0"]
    assert rows[2].split(",")[3:7] == ["80", "100", "", "20"]


def test_tables_for_canvas_and_moodle(course):
    from autograder.intake.roster import import_roster

    roster = course.root / "class.csv"
    roster.write_text(
        "id,name,email,lms_id\ns01,=홍길동,s01@example.org,901\ns02,임꺽정,,902\n", encoding="utf-8"
    )
    import_roster(course, roster)
    hand_in(course, "s01", RIGHT)
    run(course)
    assert table(course, course.labs, "canvas").splitlines() == [
        "Student,ID,SIS User ID,SIS Login ID,Section,toy",
        "    Points Possible,,,,,110",
        "'=홍길동,901,s01,s01@example.org,,100",
        "임꺽정,902,s02,,,",
    ]
    assert table(course, course.labs, "moodle").splitlines() == [
        "ID number,Full name,Email address,toy",
        "s01,'=홍길동,s01@example.org,100",
        "s02,임꺽정,,",
    ]


def test_a_stale_release_is_one_line(course, monkeypatch, capsys):
    changed = toy()
    changed.cells = [cell for cell in changed.cells if cell.id != "relu-hidden"]
    notebooks.write(course.source("toy"), changed)
    monkeypatch.chdir(course.root)
    assert main(["grade"]) == 2
    assert capsys.readouterr().err.strip().endswith("course release toy")


def test_control_c_is_one_line_and_the_next_run_goes_on(course):
    """Kills that give no time for a last word: test_kills.py."""
    for number in range(12):
        hand_in(course, f"s{number:02}", unhurried(RIGHT if number % 2 else HALF))
    process = subprocess.Popen(
        [sys.executable, "-m", "autograder", "grade", "--workers", "1"],
        cwd=course.root,
        env={"PYTHONPATH": str(ROOT), "PATH": f"{sys.prefix}/bin:/usr/bin:/bin"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_control_c,
    )
    end = time.monotonic() + 120
    while entries(course) < 2 and time.monotonic() < end:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and entries(course) < 12
    assert errors.strip().splitlines()[-1].startswith("course: 중단") and "Traceback" not in errors
    assert {s: r.score for s, r in run(course).items()} == {
        f"s{number:02}": 100 if number % 2 else 40 for number in range(12)
    }
    assert entries(course) == 12


def test_plain_nbgrader_autograde_gives_the_same_scores(course):
    hand_in(course, "s01", RIGHT)
    hand_in(course, "s02", {"double": DOUBLE, "relu": "def relu(x):\n    return torch.relu(x)"})
    run(course)
    ours = scores(course)
    notebook = notebooks.read(course.submitted("s02", "toy") / "toy.ipynb")
    for cell in notebook.cells:  # a student who edits tests and points gains nothing here either
        if cell.metadata.get("nbgrader", {}).get("grade") and cell.cell_type == "code":
            cell.source, cell.metadata.nbgrader["points"] = "pass", 1000
    notebooks.write(course.submitted("s02", "toy") / "toy.ipynb", notebook)
    done = command(course, "nbgrader", "autograde", "toy", "--force")
    assert done.returncode == 0, done.stderr
    assert scores(course) == ours
    assert record.load(course, "s01", "toy").score == 100


def test_nbgrader_export_and_formgrader_show_the_same_scores(course):
    hand_in(course, "s01", RIGHT)
    hand_in(course, "s02", HALF)
    run(course)
    done = command(course, "nbgrader", "export", "--to", "table.csv")
    assert done.returncode == 0, done.stderr
    rows = (course.root / "table.csv").read_text(encoding="utf-8").splitlines()
    assert {row.split(",")[3]: float(row.split(",")[9]) for row in rows[1:]} == {
        "s01": 100,
        "s02": 40,
    }
    assert formgrader_scores(course) == {"s01": 100, "s02": 40}


def test_a_broken_notebook_laid_by_hand_is_named_and_stops_nobody(course, monkeypatch, capsys):
    hand_in(course, "s01", RIGHT)
    broken = course.submitted("s02", "toy") / "toy.ipynb"
    broken.parent.mkdir(parents=True)
    broken.write_text("not json", encoding="utf-8")
    results = run(course)
    assert results["s01"].score == 100
    assert results["s02"].status == "refused" and "JSON" in results["s02"].reason
    monkeypatch.chdir(course.root)
    assert main(["status"]) == 0
    shown = capsys.readouterr().out
    assert "s02  거절" in shown and "100/100" in shown

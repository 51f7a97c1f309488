"""`course grade --dry-run`: tells exactly what the real run then does, and writes nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograder.cli import main
from autograder.course import Course
from autograder.grading.rehearse import rehearse
from tests.executors import run
from tests.grading.toycourse import HALF, RIGHT, hand_in, make_course, set_lab, set_manual
from tests.judge.lab import toy


@pytest.fixture
def course(tmp_path) -> Course:
    return make_course(tmp_path / "course")


def tree(course: Course) -> dict[str, tuple[bytes, int]]:
    return {
        str(path.relative_to(course.root)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(course.root.rglob("*"))
        if path.is_file()
    }


def dry(course: Course, **options):
    said: list[str] = []
    results, changes = rehearse(course, course.labs, workers=1, say=said.append, quiet=True)
    return results, {change.student: change for change in changes}, said


def harder(course: Course) -> None:
    changed = toy()
    changed.cells[3].source += "\nassert double('가') == '가나'"
    set_lab(course, changed)


def test_the_real_run_does_what_the_dry_run_said(course):
    for student, answers in (("s01", RIGHT), ("s02", HALF), ("s03", {}), ("s04", RIGHT)):
        hand_in(course, student, answers, written="답")
    run(course)
    set_manual(course, "s02", "relu-public", 15)
    set_manual(course, "s04", "double-hidden", 25)
    harder(course)
    hand_in(course, "s02", RIGHT, written="새 답")
    hand_in(course, "s05", HALF)
    before = tree(course)

    results, changes, said = dry(course)
    assert tree(course) == before
    assert list(changes) == ["s01", "s02", "s03", "s04", "s05"]  # by size: -30, +15, 0, 0; first
    assert {s: (c.before, c.after) for s, c in changes.items()} == {
        "s01": (100, 70),
        "s02": (55, 70),
        "s03": (0, 0),
        "s04": (95, 95),
        "s05": (None, 10),
    }
    assert changes["s01"].exercises == {"double": (40, 10), "relu": (60, 60)}
    assert changes["s01"].cause == "tests changed"
    assert changes["s02"].cause == "new hand-in"
    assert changes["s02"].dropped == {"relu-public": 15}
    assert said[:3] == [
        "■ toy — 장난감",
        "  s01  100 → 70 (-30)  테스트 변경  double 40 → 10",
        "  s02  55 → 70 (+15)  새 제출  double 40 → 10  relu 15 → 60  "
        "조교가 준 relu-public 15점 사라짐",
    ]
    assert said[3].startswith("  s05  없음 → 10  처음 채점")
    assert said[4].startswith("다시 채점 4개: 오름 1, 내림 1, 그대로 2. 처음 채점 1개, 실패 0개")

    real = run(course)
    assert {r.student: r.score for r in results} == {s: r.score for s, r in real.items()}
    assert {r.student: r.summary() for r in results} == {s: r.summary() for s, r in real.items()}
    assert dry(course)[1] == {}


def test_a_course_that_was_never_graded_stays_untouched(course):
    hand_in(course, "s01", RIGHT)
    before = tree(course)
    _, changes, _ = dry(course)
    assert changes["s01"].after == 100 and changes["s01"].is_first
    assert tree(course) == before and not (course.root / "records").exists()


def test_data_and_exit_code(course, monkeypatch, capsys):
    hand_in(course, "s01", RIGHT)
    run(course)
    harder(course)
    monkeypatch.chdir(course.root)
    assert main(["grade", "--dry-run", "--workers", "1", "--json", "out.json"]) == 0
    data = json.loads(Path("out.json").read_text(encoding="utf-8"))
    assert data["schema"] == 1 and data["dry_run"] is True
    assert data["results"][0]["score"] == 70
    assert data["changes"] == [
        {
            "student": "s01",
            "lab": "toy",
            "cause": ["tests changed"],
            "before": 100,
            "after": 70,
            "exercises": {
                "double": {"before": 40, "after": 10},
                "relu": {"before": 60, "after": 60},
            },
            "dropped": {},
        }
    ]
    assert "아무것도 쓰지 않았습니다" in capsys.readouterr().out


def test_after_a_kill_it_compares_with_the_last_score_that_counts(course, monkeypatch):
    from autograder.grading import record

    class Crash(BaseException):
        pass

    def crash(*arguments):
        raise Crash

    hand_in(course, "s01", HALF)
    run(course)
    hand_in(course, "s01", RIGHT)
    with monkeypatch.context() as patch:
        patch.setattr(record, "save", crash)
        with pytest.raises(Crash):
            run(course)
    _, changes, _ = dry(course)
    assert (changes["s01"].before, changes["s01"].after) == (40, 100)

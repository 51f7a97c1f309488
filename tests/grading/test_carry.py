"""Carry forward on the way to gradebook, history, feedback, plain nbgrader and `course verify`."""

from __future__ import annotations

import json

import pytest

from autograder import notebooks
from autograder.course import Course
from autograder.grading.grade import grade
from autograder.grading.verify import verify
from tests.grading.toycourse import command, hand_in, make_course, scores, set_lab
from tests.judge.lab import toy

WRONG = {
    "double": "def double(x):\n    return 3 * x",
    "relu": "def relu(x):\n    return double(x).clamp(min=0) / 2",
}


def asking(names=("double",)):
    source = toy()
    for cell in source.cells:
        if cell.id == "relu":
            cell.metadata.course.carry = list(names)
    return source


@pytest.fixture
def course(tmp_path) -> Course:
    course = make_course(tmp_path / "course")
    hand_in(course, "s01", WRONG)
    return course


def run(course: Course):
    (result,) = grade(course, course.labs, workers=1, say=lambda line: None, quiet=True)
    return result


def test_asking_for_it_regrades_says_why_and_a_second_run_changes_nothing(course):
    assert run(course).score == 20
    set_lab(course, asking())
    result = run(course)
    assert result.score == 60 and result.exercises["relu"].carried == ["double"]
    assert "우리가 만든 것을 넣고" in result.summary()["exercises"]["relu"]["reason"]
    rows = scores(course)
    assert rows["s01", "relu-hidden"] == (40, None, False)
    assert rows["s01", "double-public"] == rows["s01", "double-hidden"] == (0, None, False)
    text = (course.record("s01", "toy") / "history.jsonl").read_text(encoding="utf-8")
    told = [(entry["cause"], entry["score"]) for entry in map(json.loads, text.splitlines())]
    assert told == [("first", 20), ("tests changed", 60)]
    run(course)
    assert (course.record("s01", "toy") / "history.jsonl").read_text(encoding="utf-8") == text
    set_lab(course, toy())
    assert run(course).score == 20


def test_plain_nbgrader_autograde_takes_the_same_path(course):
    run(course)  # nbgrader wants to know the lab beforehand
    set_lab(course, asking())
    done = command(course, "nbgrader", "autograde", "toy", "--force")
    assert done.returncode == 0, done.stderr
    rows = scores(course)
    assert rows["s01", "relu-public"][0] == 20 and rows["s01", "relu-hidden"][0] == 40
    assert rows["s01", "double-public"][0] == 0


VERIFIED = {
    "MUTANTS": {
        "double": {
            "thrice": "def double(x):\n    return 3 * x",
            "same": "def double(x):\n    return x",
            "square": "def double(x):\n    return x * x * x",
        },
        "relu": {
            "same": "def relu(x):\n    return double(x) / 2",
            "abs": "def relu(x):\n    return abs(x)",
            "zero": "def relu(x):\n    return 0 * x",
        },
    },
    "VARIANTS": {
        "double": {
            "sum": "def double(x):\n    return x + x",
            "shift": "def double(x):\n    return x / 0.5",
        },
        "relu": {
            "on_double": WRONG["relu"],
            "clamp": "def relu(x):\n    return x.clamp(min=0)",
        },
    },
}


def write_tables(course: Course, **tables: dict) -> None:
    """tests/mutants/toy.py of the course."""
    text = "".join(f"{name} = {table!r}\n" for name, table in tables.items())
    notebooks.write_text(course.root / "tests" / "mutants" / "toy.py", text)


def verified(course: Course, **more) -> list[str]:
    write_tables(course, **{name: VERIFIED[name] | more.get(name, {}) for name in VERIFIED})
    found = verify(course, course.labs, workers=1, say=lambda line: None, quiet=True)
    return [problem.text for problem in found]


def test_verify_tries_what_is_carried(course):
    set_lab(course, asking())
    assert verified(course) == []
    # Without an answer that calls what it asks for, nothing of it would be tried.
    relu = VERIFIED["VARIANTS"]["relu"] | {"on_double": "def relu(x):\n    return x * (x > 0)"}
    (line,) = verified(course, VARIANTS={"relu": relu})
    assert line == "relu: double을(를) 부르는 정답이 없어 course.carry를 시험하지 못합니다"


def test_verify_finds_a_reference_that_does_not_serve(course):
    source = asking()
    # The reference keeps its result where the second exercise's answer cannot find it.
    double = next(cell for cell in source.cells if cell.id == "double")
    double.source = (
        "# [toy:double]\ndef double(x):\n    double.seen = 2 * x\n    return double.seen"
    )
    set_lab(course, source)
    reader = "def relu(x):\n    double(x)\n    return double.seen.clamp(min=0) / 2"
    relu = VERIFIED["VARIANTS"]["relu"] | {"reads": reader}
    double = {"sum": double.source, "same": double.source}
    lines = verified(course, VARIANTS={"relu": relu, "double": double})
    assert len(lines) == 2 and all(
        line.startswith("relu / reads (앞 문제 없이): 정답인데 relu-") for line in lines
    )

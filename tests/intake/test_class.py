"""The class in tests/class: its files are current, and intake does with them what the table says."""

from __future__ import annotations

import importlib.util
import shutil
import sys
import tomllib
from pathlib import Path

import pytest

from autograder import notebooks
from autograder.course import Course
from autograder.intake.collect import collect
from autograder.intake.inbox import Inbox
from autograder.intake.submission import submissions

ROOT = Path(__file__).parents[2]
CLASS = ROOT / "tests" / "class"
RELEASE = ROOT / "labs" / "rnn" / "rnn.ipynb"
TABLE = tomllib.loads((CLASS / "expected.toml").read_text(encoding="utf-8"))["handin"]


@pytest.fixture(scope="module")
def make():
    spec = importlib.util.spec_from_file_location("make_class", CLASS / "make.py")
    module = importlib.util.module_from_spec(spec)
    before = list(sys.path)
    spec.loader.exec_module(module)
    sys.path[:] = before
    return module


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Course:
    root = tmp_path_factory.mktemp("course")
    for name in ("course.toml", "_config.yml"):
        shutil.copy(ROOT / name, root / name)
    (root / "labs" / "rnn").mkdir(parents=True)
    shutil.copy(RELEASE, root / "labs" / "rnn" / "rnn.ipynb")
    shutil.copy(CLASS / "roster.csv", root / "roster.csv")
    return Course(root)


@pytest.fixture(scope="module")
def taken_in(course: Course) -> dict[tuple, object]:
    receipts = collect(course, CLASS / "handins", say=lambda line: None)
    return {receipt.source: receipt for receipt in receipts}


def test_files_are_current(make):
    old = make.stale(make.build(RELEASE))
    assert not old, f"{old}: .venv/bin/python tests/class/make.py"


def test_files_are_small():
    assert sum(path.stat().st_size for path in CLASS.rglob("*.*")) < 2 * 2**20


def test_points_of_the_table_are_the_labs_points():
    most: dict[str, float] = {}
    for cell in notebooks.read(ROOT / "solutions" / "rnn" / "rnn.ipynb").cells:
        if notebooks.role(cell) in ("public", "hidden"):
            name = notebooks.exercise(cell)
            most[name] = most.get(name, 0) + notebooks.points(cell)
    assert sum(most.values()) == 100
    for row in TABLE:
        if row["status"] == "graded":
            assert row["score"] == sum(row["exercises"].values())
            assert set(row["exercises"]) == set(most)
            assert all(score <= most[name] for name, score in row["exercises"].items())


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["student"])
def test_each_hand_in(row, taken_in, course):
    if row["student"] == "s21":
        pytest.skip("made on demand: test_huge")
    receipt = taken_in[row["where"]]
    assert receipt.student == row["student"]
    assert receipt.lab == "rnn"
    assert receipt.attempt == row.get("attempt", 1)
    assert receipt.status == ("refused" if row["status"] == "refused" else "accepted")
    assert row.get("reason", "") in receipt.reason
    current = {each.handin.student: each for each in submissions(course, "rnn")}
    if row["status"] == "graded":
        submission = current[row["student"]]
        assert submission.handin.sha256 == receipt.sha256
        notices = submission.rebuilt.notices
        assert len(notices) == len(row["notices"])
        assert all(part in said for part, said in zip(row["notices"], notices, strict=True))
        assert not submission.rebuilt.missing
        written = submission.rebuilt.written["reflection"]
        assert ("경사 클리핑" in written) == row["written"]
    else:
        assert row["student"] not in current or row["status"] == "superseded"


def test_nothing_else_came_in(taken_in):
    assert set(taken_in) == {row["where"] for row in TABLE if row["student"] != "s21"}


def test_every_answer_arrives_as_it_was_written(make, course, taken_in):
    """Colab's form and the loss of all metadata change no letter of an answer."""
    made = make.Class(RELEASE)
    wanted = {
        "s01": made.notebook(),
        "s03": made.notebook({"grad_norm_by_step": "slopes_after_W_h"}, variant=1),
        "s04": made.notebook({"sequence_cross_entropy": "log_of_softmax"}, variant=2),
    }
    found = {each.handin.student: each.rebuilt for each in submissions(course, "rnn")}
    for student, notebook in wanted.items():
        answers = {
            notebooks.exercise(cell): cell.source
            for cell in notebook.cells
            if notebooks.role(cell) == "answer"
        }
        assert found[student].answers == answers
        assert found[student].extras == 0


def test_of_doubled_answers_the_better_one_below(make, course, taken_in):
    found = {each.handin.student: each.rebuilt for each in submissions(course, "rnn")}["s05"]
    right = make.Class(RELEASE).right
    assert found.answers["bptt"] == right["bptt"]
    assert found.answers["generate"] == right["generate"]
    assert found.extras == 0


def test_own_cells_stand_where_they_are_needed(course, taken_in):
    found = {each.handin.student: each.rebuilt for each in submissions(course, "rnn")}["s09"]
    assert found.extras == 4
    ids = [cell.id for cell in found.notebook.cells]
    before = found.notebook.cells[ids.index("rnn_cell") - 1]
    assert before.source.startswith("def squash")


def test_a_second_time_changes_nothing(course, taken_in):
    def files() -> dict:
        return {
            path: (path.read_bytes(), path.stat().st_mtime_ns)
            for folder in ("inbox", "submitted")
            for path in (course.root / folder).rglob("*")
            if path.is_file() and path.name != ".lock"
        }

    before = files()
    collect(course, CLASS / "handins", say=lambda line: None)
    assert files() == before


def test_huge(make, course, taken_in, tmp_path):
    path = make.huge(tmp_path)
    assert 55 < path.stat().st_size / 2**20 < 65
    said: list[str] = []
    (receipt,) = collect(course, tmp_path, say=said.append)
    row = next(row for row in TABLE if row["student"] == "s21")
    assert (receipt.student, receipt.status) == ("s21", "refused")
    assert row["reason"] in receipt.reason and row["reason"] in said[0]
    assert receipt.path.stat().st_size == path.stat().st_size
    assert receipt in Inbox(course).refused()

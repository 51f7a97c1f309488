"""The labs after the first: hand-ins of tests/class/labs/*.toml, collected, graded, given back."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path

import pytest

from autograder.course import Course
from tests.grading.toycourse import ROOT, course_main

PARTS = ["course.toml", "_config.yml", "_toc.yml", "nbgrader_config.py", "solutions", "labs"]
_SPEC = importlib.util.spec_from_file_location("class_labs", ROOT / "tests/class/labs.py")
made = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(made)


@pytest.fixture(scope="module", params=made.labs())
def graded(request, warm, tmp_path_factory) -> tuple[str, Course, dict[str, dict]]:
    """The lab, its course, and what `course grade` says of each student."""
    lab = request.param
    root = tmp_path_factory.mktemp(lab) / "course"
    root.mkdir()
    for name in PARTS:
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, root / name)
    course = Course(root)
    handins: Path = tmp_path_factory.mktemp(f"{lab}-handins")
    made.write(lab, handins)
    for arguments in (
        ["roster", "import", str(ROOT / "tests/class/roster.csv")],
        ["collect", str(handins)],
        ["grade", lab, "--workers", "1", "--json", "out.json"],
        ["feedback"],
    ):
        done = course_main(course, *arguments)
        assert done.returncode == 0, (arguments, done.stderr)
    results = json.loads((root / "out.json").read_text(encoding="utf-8"))["results"]
    return lab, course, {result["student"]: result for result in results}


def test_every_score_is_the_one_in_the_table(graded):
    lab, _, results = graded
    table = made.table(lab)
    assert set(results) == {wanted["student"] for wanted in table} and len(table) >= 4
    for wanted in table:
        got = results[wanted["student"]]
        scores = {name: exercise["score"] for name, exercise in got["exercises"].items()}
        assert (got["status"], scores) == ("graded", wanted["exercises"]), wanted["what"]
        assert got["score"] == wanted["score"] == sum(scores.values())
        assert got["lab"] == lab


def test_every_student_gets_a_page_without_hidden_tests(graded):
    lab, course, results = graded
    for student in results:
        page = (course.feedback(student, lab) / f"{lab}.html").read_text(encoding="utf-8")
        assert f"{results[student]['score']:g}" in page
        assert "BEGIN HIDDEN" not in page and "fresh.seed()" not in page

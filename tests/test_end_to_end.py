"""A whole class, from the files as they arrived to the tables that go out (tests/class/)."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
import tomllib

import pytest

from autograder.course import Course
from tests.grading.toycourse import ROOT, command, course_main, formgrader_scores

CLASS = ROOT / "tests" / "class"
EXPECTED = tomllib.loads((CLASS / "expected.toml").read_text(encoding="utf-8"))["handin"]
GRADED = [each for each in EXPECTED if each["status"] == "graded"]
REFUSED = [each for each in EXPECTED if each["status"] == "refused"]
PARTS = ["course.toml", "_config.yml", "_toc.yml", "nbgrader_config.py", "solutions", "labs"]


@pytest.fixture(scope="module")
def course(warm, tmp_path_factory) -> Course:
    """The course of a fresh clone, in which a TA has typed collect, grade, feedback, export.

    Grading runs as a process of its own, as a TA's does; the others do the same in this one.
    """
    root = tmp_path_factory.mktemp("class") / "course"
    root.mkdir()
    for name in PARTS:
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, root / name)
    course = Course(root)
    huge = tmp_path_factory.mktemp("huge")
    subprocess.run([sys.executable, CLASS / "make.py", "--huge", huge], check=True)
    for arguments in (
        ["roster", "import", str(CLASS / "roster.csv")],
        ["collect", str(CLASS / "handins")],
        ["collect", str(huge)],
        ["grade", "--json", "out.json"],
        ["feedback"],
        ["export"],
        ["export", "--format", "canvas"],
        ["export", "--format", "moodle"],
    ):
        if arguments[0] == "grade":
            done = command(course, "autograder", *arguments)
        else:
            done = course_main(course, *arguments)
        assert done.returncode == 0, (arguments, done.stderr)
        assert "Traceback" not in done.stdout + done.stderr
    return course


@pytest.fixture(scope="module")
def results(course) -> dict[str, dict]:
    data = json.loads((course.root / "out.json").read_text(encoding="utf-8"))
    assert data["schema"] == 1
    found = {result["student"]: result for result in data["results"]}
    assert len(found) == len(data["results"])
    return found


def test_nobody_is_missing_and_nobody_is_made_up(results):
    assert set(results) == {each["student"] for each in GRADED + REFUSED}


@pytest.mark.parametrize("wanted", GRADED, ids=lambda each: f"{each['student']}-{each['what']}")
def test_status_and_score_exercise_by_exercise(results, wanted):
    got = results[wanted["student"]]
    scores = {name: exercise["score"] for name, exercise in got["exercises"].items()}
    assert (got["status"], scores) == ("graded", wanted["exercises"])
    assert got["score"] == wanted["score"] == sum(scores.values())
    assert got["max_score"] == 100 and got["manual"] == {"score": None, "max_score": 10}
    assert got["attempt"] == wanted["attempt"] and got["lab"] == "rnn" and got["reason"] == ""
    for exercise in got["exercises"].values():
        assert bool(exercise["reason"]) == (exercise["score"] < exercise["max_score"])


@pytest.mark.parametrize("wanted", REFUSED, ids=lambda each: f"{each['student']}-{each['what']}")
def test_refused_with_one_clear_line_and_kept(course, results, wanted):
    got = results[wanted["student"]]
    assert got["status"] == "refused" and got["score"] is None
    assert wanted["reason"] in got["reason"] and "\n" not in got["reason"]
    assert (course.inbox / got["sha256"] / "record.json").is_file()


@pytest.mark.parametrize("wanted", GRADED, ids=lambda each: each["student"])
def test_the_student_reads_what_happened(course, results, wanted):
    page = course.feedback(wanted["student"], "rnn") / "rnn.html"
    text = page.read_text(encoding="utf-8")
    assert f"{wanted['score']:g}" in text
    for notice in wanted["notices"]:
        assert notice in text
    assert "BEGIN HIDDEN" not in text and "fresh.seed()" not in text


def test_no_line_of_a_hidden_test_is_on_a_students_page(course):
    secret = set()
    for cell in json.loads(course.source("rnn").read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if "BEGIN HIDDEN TESTS" in source:
            secret |= {line.strip() for line in source.splitlines() if len(line.strip()) >= 40}
    assert len(secret) > 50
    pages = list(course.root.glob("feedback/*/*/*.html"))
    assert len(pages) >= len(GRADED)
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert not [line for line in secret if line in text]


def test_status_lists_everyone(course):
    done = course_main(course, "status")
    for each in GRADED + REFUSED:
        assert each["student"] in done.stdout
    assert "내지 않음" in done.stdout and "s22" in done.stdout


def test_the_tables(course):
    def rows(name: str) -> list[list[str]]:
        text = (course.root / name).read_text(encoding="utf-8-sig")
        return list(csv.reader(io.StringIO(text)))

    wanted = {each["student"]: f"{each['score']:g}" for each in GRADED}
    wanted |= {each["student"]: "" for each in REFUSED} | {"s22": ""}
    head, *body = rows("grades.csv")
    assert {row[0]: row[head.index("rnn_tests")] for row in body} == wanted
    head, maximum, *body = rows("grades-canvas.csv")
    assert maximum[head.index("rnn")] == "110"
    assert {row[head.index("SIS User ID")]: row[head.index("rnn")] for row in body} == wanted
    head, *body = rows("grades-moodle.csv")
    assert {row[0]: row[head.index("rnn")] for row in body} == wanted


def test_twice_in_a_row_changes_nothing(course):
    def tree() -> dict[str, bytes]:
        folders = ("inbox", "submitted", "autograded", "records", "feedback")
        paths = [p for f in folders for p in sorted((course.root / f).rglob("*")) if p.is_file()]
        return {str(path): path.read_bytes() for path in paths}

    before = (
        tree(),
        (course.root / "out.json").read_bytes(),
        (course.root / "grades.csv").read_bytes(),
    )
    for arguments in (
        ["collect", str(CLASS / "handins")],
        ["grade", "--json", "out.json"],
        ["feedback"],
        ["export"],
    ):
        assert course_main(course, *arguments).returncode == 0
    after = (
        tree(),
        (course.root / "out.json").read_bytes(),
        (course.root / "grades.csv").read_bytes(),
    )
    assert before[0].keys() == after[0].keys()
    assert [name for name in before[0] if before[0][name] != after[0][name]] == []
    assert before[1:] == after[1:]


def test_nbgraders_own_tools_show_the_same_scores(course):
    wanted = {each["student"]: each["score"] for each in GRADED}
    done = command(course, "nbgrader", "export", "--to", "nbgrader.csv")
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO((course.root / "nbgrader.csv").read_text("utf-8"))))
    rows = [row for row in rows if row["assignment"] == "rnn"]
    assert {row["student_id"]: float(row["score"]) for row in rows} == wanted
    assert formgrader_scores(course, "rnn") == wanted


def test_nothing_was_written_outside_the_course(course):
    beside = {path.name for path in course.root.parent.iterdir()}
    assert beside == {"course"}
    known = {*PARTS, "inbox", "submitted", "autograded", "records", "feedback", "roster.csv"}
    known |= {
        "gradebook.db",
        "desk.db",
        "links.csv",
        "out.json",
        "nbgrader.csv",
        "grades.csv",
        "jupyter",
    }
    known |= {"grades-canvas.csv", "grades-moodle.csv"}
    assert {path.name for path in course.root.iterdir() if not path.name.startswith(".")} <= known

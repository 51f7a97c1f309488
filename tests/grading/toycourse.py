"""A small course on disk around the toy lab, and ways to hand in to it and to look at its gradebook."""

from __future__ import annotations

import contextlib
import copy
import io
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

from nbformat import NotebookNode

from autograder import notebooks
from autograder.cli import main
from autograder.course import Course
from autograder.grading.gradebook import open_gradebook
from tests.judge.lab import handed_in, toy

ROOT = Path(__file__).parents[2]
SETTINGS = """
[course]
id = "toy-course"
timezone = "Asia/Seoul"
[limits]
cell_seconds = 3
[late]
percent_per_day = 10
days = 5
[[lab]]
name = "toy"
title = "장난감"
chapter = "easy/toy"
deadline = "{deadline}"
"""
DOUBLE, RELU = "def double(x):\n    return x + x", "def relu(x):\n    return x.clamp(min=0)"
RIGHT = {"double": DOUBLE, "relu": RELU}
HALF = {"double": DOUBLE}


def unhurried(answers: dict[str, str]) -> dict[str, str]:
    """The same answers, whose first takes 0.1 s: a class that can be stopped in the middle.

    Without it a few hand-ins are graded sooner than a test that waits for the third can act.
    """
    return answers | {"double": "import time\ntime.sleep(0.1)\n" + answers["double"]}


def make_course(folder: Path, deadline: str = "") -> Course:
    """A course with the toy lab, released."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "course.toml").write_text(SETTINGS.format(deadline=deadline), encoding="utf-8")
    (folder / "_config.yml").write_text("title: toy\n", encoding="utf-8")
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    course = Course(folder)
    set_lab(course, toy())
    return course


def set_lab(course: Course, source: NotebookNode) -> None:
    """Puts an instructor's notebook in place, and the release that goes with it."""
    notebooks.write(course.source("toy"), source)
    release = copy.deepcopy(source)
    stubs = {cell.id: cell.source for cell in toy(hidden=False, answers=False).cells}
    for cell in release.cells:
        if notebooks.role(cell) in ("answer", "hidden"):
            cell.source = stubs.get(cell.id, "# 숨은 테스트")
    notebooks.write(course.release("toy"), release)


def hand_in(
    course: Course, student: str, answers: dict[str, str], written: str = "", when: str = ""
) -> None:
    """Lays a notebook into submitted/, as nbgrader's own collecting would."""
    notebook = handed_in(answers)
    if written:
        cell = next(c for c in notebook.cells if c.id == "reflection")
        cell.source = f"<!-- [toy:reflection] -->\n{written}"
    path = course.submitted(student, "toy") / "toy.ipynb"
    notebooks.write(path, notebook)
    moment = datetime.fromisoformat(when) if when else datetime(2027, 3, 1, tzinfo=UTC)
    stamp = moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    (path.parent / "timestamp.txt").write_text(stamp, encoding="utf-8")


def scores(course: Course) -> dict[tuple[str, str], tuple]:
    """(student, cell) → (auto, manual, needs a person): the gradebook as rows, without its ids."""
    found = {}
    with open_gradebook(course) as gradebook:
        for submission in gradebook.assignment_submissions("toy"):
            for grade in submission.notebooks[0].grades:
                row = (grade.auto_score, grade.manual_score, grade.needs_manual_grade)
                found[submission.student.id, grade.name] = row
    return found


def set_manual(course: Course, student: str, cell: str, score: float) -> None:
    """What a TA does in formgrader."""
    with open_gradebook(course) as gradebook:
        grade = gradebook.find_grade(cell, "toy", "toy", student)
        grade.manual_score, grade.needs_manual_grade = score, False
        gradebook.db.commit()


def command(course: Course, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    """Runs `python -m …` in the course's folder, as a TA in the course's environment would."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=course.root,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def course_main(course: Course, *arguments: str) -> subprocess.CompletedProcess:
    """Runs `course …` in the course's folder in this process: nbgrader is imported only once."""
    said, errors = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(course.root),
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(errors),
    ):
        code = main(arguments)
    return subprocess.CompletedProcess(arguments, code, said.getvalue(), errors.getvalue())


def formgrader_scores(course: Course, lab: str = "toy") -> dict[str, float]:
    """What formgrader's own page gets from its server."""
    with subprocess.Popen(
        [sys.executable, "-m", "jupyter", "server", "--no-browser", "--allow-root"]
        + ["--port=0", "--ServerApp.token=toy", "--ServerApp.port_retries=0"]
        + ["--ServerApp.jpserver_extensions={'nbgrader.server_extensions.formgrader': True}"],
        cwd=course.root,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PATH": f"{sys.prefix}/bin:{os.environ['PATH']}",
            "JUPYTER_CONFIG_DIR": str(course.root / "jupyter"),
            "JUPYTER_RUNTIME_DIR": str(course.root / "jupyter"),
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            deadline = time.monotonic() + 60
            while not (found := list((course.root / "jupyter").glob("jpserver-*.json"))):
                assert time.monotonic() < deadline and server.poll() is None
                time.sleep(0.2)
            time.sleep(0.5)
            url = json.loads(found[0].read_text(encoding="utf-8"))["url"]
            request = f"{url}formgrader/api/submissions/{lab}?token=toy"
            with urllib.request.urlopen(request, timeout=60) as answer:
                return {
                    each["student"]: each["score"]
                    for each in json.load(answer)
                    if each["autograded"]
                }
        finally:
            server.terminate()
            server.wait(timeout=30)

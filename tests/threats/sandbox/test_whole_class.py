"""A hostile hand-in among honest ones, through `grade` as a TA runs it."""

from __future__ import annotations

from autograder.grading.grade import grade
from tests.grading.toycourse import DOUBLE, HALF, RIGHT, hand_in, make_course

BOMB = """
import os, pathlib, signal, subprocess
for name in ("gradebook.db", "records", "submitted"):
    for path in pathlib.Path(COURSE).glob(name + "*"):
        print("found", path)
subprocess.Popen(["sleep", "6000"], start_new_session=True)
signal.signal(signal.SIGINT, signal.SIG_IGN)
os.kill(-1, 9)
while True:
    try:
        os.fork()
    except OSError:
        pass
"""


def test_the_others_get_what_they_would_have_got(tmp_path):
    course = make_course(tmp_path / "course")
    hand_in(course, "s01", RIGHT)
    hostile = BOMB.replace("COURSE", repr(str(course.root)))
    hand_in(course, "s02", {"double": DOUBLE, "relu": hostile})
    hand_in(course, "s03", HALF)
    results = grade(course, course.labs, workers=2, say=lambda line: None, quiet=True)
    found = {result.student: (result.status, result.score) for result in results}
    assert found == {"s01": ("graded", 100), "s02": ("graded", 40), "s03": ("graded", 40)}
    written = (course.autograded("s02", "toy") / "toy.ipynb").read_text(encoding="utf-8")
    assert "found /" not in written

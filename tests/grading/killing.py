"""Kills a running `course grade` at chosen moments of its progress, and what must come out."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from autograder.course import Course
from autograder.grading import history, record
from tests.executors import run
from tests.grading.toycourse import (
    HALF,
    RIGHT,
    ROOT,
    hand_in,
    make_course,
    scores,
    set_manual,
    unhurried,
)

BLOWS = ("worker", "writer", "all")


def regraded_class(folder: Path, students: int) -> Course:
    """A class that was graded once, marked by a TA, and has since handed in anew.

    The grading that is to be killed has thus scores to change, to keep and to drop.
    """
    course = make_course(folder)
    names = [f"s{number:02}" for number in range(students)]
    for name in names:
        hand_in(course, name, HALF, written="첫 답")
    run(course)
    for name in names[::2]:
        set_manual(course, name, "relu-public", 15)
        set_manual(course, name, "reflection", 8)
    run(course)
    for position, name in enumerate(names):
        answers = unhurried(RIGHT if position % 3 else HALF)
        hand_in(course, name, answers, written=f"{position}번째 새 답")
    return course


def copied(course: Course, to: Path) -> Course:
    """The same course in another folder."""
    shutil.copytree(course.root, to)
    return Course(to)


def entries(course: Course) -> int:
    """How far a grading has come: lines in all histories."""
    return sum(path.read_bytes().count(b"\n") for path in course.records.glob("*/*/history.jsonl"))


def heed_control_c() -> None:
    """In a started process: whoever runs the tests in the background has it ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def struck(course: Course, blow: str, at: int, chance: random.Random) -> bool:
    """Starts `course grade`, strikes when `at` more entries are there; whether it hit in time.

    blow: `worker` kills the warm processes (the run must end well by itself), `writer` the grade
    process, `all` both and everything below them at once.
    """
    goal = entries(course) + at
    process = subprocess.Popen(
        [sys.executable, "-m", "autograder", "grade", "--workers", "2"],
        cwd=course.root,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while process.poll() is None and (
            entries(course) < goal or not (below := _below(process.pid))
        ):
            time.sleep(0.002)
        time.sleep(chance.uniform(0, 0.03))
        hit = process.poll() is None
        below = _below(process.pid) if hit else []
        if blow in ("writer", "all"):
            process.kill()
        if blow in ("worker", "all"):
            for each in below:
                with contextlib.suppress(psutil.NoSuchProcess):
                    each.kill()
        code = process.wait(timeout=120)
        assert not hit or blow != "worker" or code == 0
    finally:
        process.kill()
        process.wait()
    end = time.monotonic() + 10
    while any(each.is_running() and each.status() != "zombie" for each in below):
        assert time.monotonic() < end, "a process outlived its grader"
        time.sleep(0.05)
    return hit


def _below(pid: int) -> list[psutil.Process]:
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).children(recursive=True)
    return []


def state(course: Course) -> tuple[dict, dict, dict]:
    """Gradebook, results and histories without what may differ (times, seconds)."""
    results, histories = {}, {}
    for folder in sorted(course.records.glob("*/toy")):
        name = folder.parent.name
        result = record.load(course, name, "toy")
        results[name] = (result.summary(), result.notices, result.key, result.entry)
        told = history.read(folder)
        histories[name] = [{k: v for k, v in e.items() if k != "time"} for e in told]
    return scores(course), results, histories

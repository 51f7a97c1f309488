"""Grading grows in line with the class, and memory does not grow at all."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from autograder.course import Course
from tests.grading.toycourse import HALF, RIGHT, ROOT, hand_in, make_course, scores

SIZES = tuple(map(int, os.environ.get("COURSE_MANY", "10,100,1000").split(",")))

LASTING = 2.0  # seconds


@dataclass(frozen=True)
class Run:
    """One `course grade`: seconds from the first result to the last, MB early and at the most."""

    students: int
    seconds: float
    grade_mb: tuple[float, float]
    warm_mb: tuple[float, float]


def mb(process: psutil.Process) -> float:
    return process.memory_info().rss / 2**20


def graded(course: Course, students: int) -> Run:
    process = subprocess.Popen(
        [sys.executable, "-m", "autograder", "grade", "--workers", "1"],
        cwd=course.root,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    # Counted as they come: listing a thousand folders again and again would be measured too.
    names = [f"s{number:04}" for number in range(students)]
    first, seen, sizes = None, 0, []
    watched = psutil.Process(process.pid)
    while process.poll() is None:
        while seen < students and (course.record(names[seen], "toy") / "result.json").exists():
            seen += 1
        if seen and first is None:
            first = time.monotonic()
        try:
            # The trunk and what waits for submissions; a toy submission itself is gone by then.
            warm = [
                child
                for child in watched.children(recursive=True)
                if "python" in child.name() and time.time() - child.create_time() > LASTING
            ]
            if seen and warm:
                sizes.append((seen, mb(watched), max(map(mb, warm))))
        except psutil.NoSuchProcess:
            pass
        time.sleep(0.05)
    last = time.monotonic()
    assert process.returncode == 0
    early = [each for each in sizes if each[0] >= min(10, students // 2)][0]
    return Run(
        students,
        last - first,
        (early[1], max(each[1] for each in sizes)),
        (early[2], max(each[2] for each in sizes)),
    )


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_time_is_linear_and_memory_flat(tmp_path: Path, capsys):
    runs = []
    for students in SIZES:
        course = make_course(tmp_path / str(students))
        for number in range(students):
            hand_in(course, f"s{number:04}", RIGHT if number % 3 else HALF)
        runs.append(graded(course, students))
        assert len(scores(course)) == students * 5
        with capsys.disabled():
            print(f"\n{runs[-1]}", end="")
    small, large = runs[-2], runs[-1]
    assert large.seconds / large.students < 1.5 * small.seconds / small.students
    assert large.grade_mb[1] - large.grade_mb[0] < 60  # a thousand Results, no notebooks
    assert large.warm_mb[1] - large.warm_mb[0] < 30

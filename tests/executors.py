"""Warm processes for a whole test run: to start a pair costs seconds, a toy hand-in hundredths.

Its fixtures `executor` and `warm` are given to all tests by conftest.py. That a grading starts and
ends processes of its own is seen where `course grade` runs as a process (tests/grading/killing.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import pytest

from autograder.course import Course
from autograder.grading import pool
from autograder.results import Result
from autograder.sandbox.fork import ForkExecutor


class Kept:
    """An executor for one user at a time; `close` leaves it warm for the next one."""

    free: ClassVar[list[ForkExecutor]] = []

    def __init__(self) -> None:
        try:
            self._real = Kept.free.pop()
        except IndexError:
            self._real = ForkExecutor()

    def run(self, *arguments):
        return self._real.run(*arguments)

    def close(self) -> None:
        """Give it back; once."""
        Kept.free.append(self._real)
        del self._real


@pytest.fixture(scope="session")
def kept() -> Iterator[type[Kept]]:
    """Executors that are closed when all tests are done."""
    yield Kept
    while Kept.free:
        Kept.free.pop().close()


@pytest.fixture(scope="module")
def warm(kept) -> Iterator[None]:
    """Lets every grading in this process use executors that are kept."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pool.run_all, "__defaults__", (kept,))
        yield


@pytest.fixture(scope="session")
def executor() -> Iterator[ForkExecutor]:
    """For tests that run steps themselves; also where this machine lacks a wall."""
    made = ForkExecutor(weak=True)
    yield made
    made.close()


def run(course: Course, **options) -> dict[str, Result]:
    """`course grade` in this process; student → result."""
    from autograder.grading.grade import grade  # nbgrader takes seconds to import

    options = {"workers": 1, "say": lambda line: None, "quiet": True} | options
    return {result.student: result for result in grade(course, course.labs, **options)}

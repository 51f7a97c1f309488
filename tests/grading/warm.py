"""One warm process for a whole test module: starting one costs seconds, a toy hand-in hundredths."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from autograder.course import Course
from autograder.grading import pool
from autograder.grading.grade import grade
from autograder.results import Result
from autograder.sandbox.fork import ForkExecutor


@pytest.fixture(scope="module")
def warm() -> Iterator[None]:
    """Lets the pool use one executor, which `close` leaves warm."""
    real = ForkExecutor()

    class Kept:
        def run(self, *arguments):
            return real.run(*arguments)

        def close(self) -> None:
            pass

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pool.run_all, "__defaults__", (Kept,))
        yield
    real.close()


def run(course: Course, **options) -> dict[str, Result]:
    """`course grade` in this process; student → result."""
    options = {"workers": 1, "say": lambda line: None, "quiet": True} | options
    return {result.student: result for result in grade(course, course.labs, **options)}

"""kill -9 at any moment: the next `course grade` ends as if nothing had happened."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from autograder.course import Course
from tests.executors import run
from tests.grading.killing import BLOWS, copied, regraded_class, state, struck

STUDENTS = 20


@pytest.fixture(scope="module")
def classes(tmp_path_factory) -> tuple[Course, tuple]:
    """A class about to be regraded, and what an undisturbed run makes of it."""
    folder = tmp_path_factory.mktemp("kills")
    before = regraded_class(folder / "before", STUDENTS)
    whole = copied(before, folder / "whole")
    run(whole)
    return before, state(whole)


def strike(before: Course, wanted: tuple, to: Path, moments: list[tuple[str, int]], seed: int):
    """Kills one grading after another in the same course, then lets one through."""
    course, chance = copied(before, to), random.Random(seed)
    hits = [struck(course, blow, at, chance) for blow, at in moments]
    run(course)
    assert state(course) == wanted
    return hits


def test_five_kills_spread_over_one_grading(classes, tmp_path):
    # Each run is killed after `at` more submissions: together they reach from start to end.
    moments = [("all", 0), ("writer", 4), ("worker", 2), ("all", 5), ("writer", 3)]
    moments[2], moments[4] = moments[4], moments[2]  # the killed worker's run goes on to the end
    hits = strike(*classes, tmp_path / "course", moments, seed=4)
    assert all(hits), hits


@pytest.mark.soak
@pytest.mark.parametrize("round_", range(10))
def test_fifty_kills(classes, tmp_path, round_):
    chance = random.Random(round_)
    moments = [(chance.choice(BLOWS[1:]), chance.randrange(0, 5)) for _ in range(4)]
    hits = strike(*classes, tmp_path / "course", [*moments, ("worker", 1)], seed=round_)
    assert sum(hits) >= 4, hits

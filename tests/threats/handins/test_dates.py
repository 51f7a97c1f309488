"""A hand-in that is earlier, or for ever the last, by its own word."""

from __future__ import annotations

import pytest

from autograder.intake.archive import time_of
from tests.threats.handins.court import HANDED_IN, RIGHT_BYTES
from tests.threats.handins.zips import entry, make_zip, try_zip

EARLY, LATE = (1999, 1, 1, 0, 0, 0), (2107, 12, 31, 0, 0, 0)
TRUE = "2026-03-02T05:00:00+00:00"


@pytest.mark.parametrize("date", [EARLY, LATE])
@pytest.mark.parametrize("depth", [1, 2])
def test_dates_in_a_students_own_archive(court, date, depth):
    data = make_zip((entry("toy.ipynb", date=date), RIGHT_BYTES))
    if depth == 2:
        data = make_zip((entry("work.zip", date=date), data))
    outcome = court(data, "m50_toy.zip")
    outcome.assert_graded("m50", 100)
    assert outcome.results["m50"].handed_in == TRUE


def test_dates_in_the_archive_of_the_class_are_the_platforms(court):
    inner = make_zip((entry("toy.ipynb", date=EARLY), RIGHT_BYTES))
    when = (2026, 3, 2, 14, 0, 0)  # in the course's time zone
    place = "m50_1_assignsubmission_file_/work.zip"
    outcome = court(make_zip((entry(place, date=when), inner)), "class.zip")
    assert outcome.results["m50"].handed_in == TRUE


@pytest.mark.parametrize(
    "folder", ["m50_1_assignsubmission_file_", "m50", "m50_1_assignsubmission_file_/toy"]
)
def test_a_timestamp_of_the_students_own(court, folder):
    court.lay(f"{folder}/timestamp.txt", b"1999-01-01 00:00:00 UTC")
    path = court.lay(f"{folder}/toy.ipynb", RIGHT_BYTES)
    outcome = court()
    outcome.assert_graded("m50", 100)
    assert outcome.results["m50"].handed_in == TRUE
    assert time_of(path).timestamp() != HANDED_IN  # read as it is, it would have been believed


def test_in_a_zip_a_timestamp_is_no_hand_in(court):
    try_zip(court, ("timestamp.txt", b"1999"), ("toy.ipynb", RIGHT_BYTES)).assert_graded("m50", 100)

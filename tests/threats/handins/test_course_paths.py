"""A student's archive with folders of the course or of another student in it."""

from __future__ import annotations

import pytest

from tests.threats.handins.zips import RIGHT_BYTES, entry, make_zip, try_zip

OTHERS = ["z99/toy.ipynb", "z99/toy/toy.ipynb", "submitted/z99/toy/toy.ipynb", "z99_toy.ipynb"]
PLATFORM = ["z99_12_assignsubmission_file_/toy.ipynb", "z99_12_34_toy.ipynb"]
FILES = ["gradebook.db", "roster.csv", "course.toml", "feedback/z99/toy/toy.html", "inbox/.lock"]
LATER = (2026, 12, 24, 0, 0, 0)


@pytest.mark.parametrize("roster", [True, False])
@pytest.mark.parametrize("name", OTHERS + PLATFORM)
def test_it_is_the_archives_owners(court, name, roster):
    if roster:
        court.roster("m50")
    outcome = try_zip(court, (entry(name, date=LATER), RIGHT_BYTES))
    outcome.assert_graded("m50", 100)
    assert set(outcome.points) == {"a01", "m50", "z99"}


@pytest.mark.parametrize("name", OTHERS + PLATFORM)
def test_the_same_in_an_archive_of_the_class(court, name):
    inner = make_zip((entry(name, date=LATER), RIGHT_BYTES))
    outcome = court(make_zip((entry("m50_toy.zip"), inner)), "class.zip")
    outcome.assert_graded("m50", 100)
    assert set(outcome.points) == {"a01", "m50", "z99"}


def test_the_courses_files_stay(court):
    outcome = try_zip(court, *((each, b"x") for each in FILES), ("toy.ipynb", RIGHT_BYTES))
    assert all("노트북 파일(.ipynb)이 아닙니다" in line for line in outcome.refusals)
    assert outcome.points["m50"] == 100

"""Names that look like another student's: other alphabets, full width, invisible signs, right to left."""

from __future__ import annotations

import pytest

from tests.threats.handins.zips import RIGHT_BYTES, refused_all, try_zip

ALIKE = [
    "а01",
    "ａ０１",
    "a0l",
    "a01\u200b",
    "\u202ea01",
    "\u202e10a",
    "a01\u0301",
    "a\u00ad01",
]


@pytest.mark.parametrize("name", ALIKE, ids=[ascii(each) for each in ALIKE])
def test_with_a_roster_it_is_nobodys(court, name):
    court.roster("m50")
    outcome = court(RIGHT_BYTES, f"{name}_toy.ipynb")
    refused_all(outcome, "누구의 제출인지 알 수 없습니다", 1)


@pytest.mark.parametrize("name", [each for each in ALIKE if each != "a0l"], ids=ascii)
def test_without_one_it_is_nobodys_either(court, name):
    refused_all(court(RIGHT_BYTES, f"{name}_toy.ipynb"), "누구의 제출인지 알 수 없습니다", 1)


def test_in_a_students_own_archive_names_do_not_matter(court):
    outcome = try_zip(court, *((f"{each}/toy.ipynb", RIGHT_BYTES) for each in ALIKE))
    outcome.assert_graded("m50", 100)
    assert set(outcome.points) == {"a01", "m50", "z99"}

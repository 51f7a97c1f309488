"""Students whose id would be a path, from a name, from the roster, from the command line."""

from __future__ import annotations

import pytest

from autograder.course import UsageError
from autograder.intake.collect import collect
from autograder.intake.roster import import_roster
from tests.threats.handins.zips import RIGHT_BYTES, refused_all

IDS = [
    "..",
    ".",
    ".ssh",
    "a01.",
    "a/../b",
    "../z99",
    "x" * 70,
    "a\n01",
    "a\x1b[31m01",
    "<b>",
    "~root",
]


@pytest.mark.parametrize(
    "name", [each for each in IDS if "/" not in each and each != "."], ids=ascii
)
def test_in_a_name(court, name):
    refused_all(court(RIGHT_BYTES, f"{name}_toy.ipynb"), "누구의 제출인지 알 수 없습니다", 1)


@pytest.mark.parametrize("name", IDS, ids=ascii)
def test_in_the_roster_and_on_the_command_line(court, name):
    path = court.lay("../list.csv", f'id,name\n"{name}",x\n'.encode())
    if "\n" not in name:  # a roster's cells are one line: the break becomes a blank
        with pytest.raises(UsageError, match="2번째 줄"):
            import_roster(court.course, path)
    with pytest.raises(UsageError, match="학생 id로 쓸 수 없습니다"):
        collect(court.course, court.source, student=name)
    assert not court.course.roster.exists()
    court()

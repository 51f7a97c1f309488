"""Names that a shell or a command would take for an option or a command."""

from __future__ import annotations

import pytest

from tests.threats.handins.zips import RIGHT_BYTES, refused_all, try_zip

NAMES = ["-rf", "--student=a01", "-", "$(touch owned)", "`touch owned`", "x;touch owned", "*", "~"]


@pytest.mark.parametrize("name", NAMES)
def test_it_is_a_name_and_nobodys(court, name):
    refused_all(court(RIGHT_BYTES, f"{name}_toy.ipynb"), "누구의 제출인지 알 수 없습니다", 1)
    assert not list(court.room.rglob("owned"))


def test_in_a_zip(court):
    outcome = try_zip(court, *((f"{each}/{each}.ipynb", RIGHT_BYTES) for each in NAMES))
    outcome.assert_graded("m50", 100)
    assert set(outcome.points) == {"a01", "m50", "z99"}

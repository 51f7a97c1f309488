"""Names that mean something else on Windows: devices, streams, ends with a dot or a blank."""

from __future__ import annotations

import pytest

from tests.threats.handins.zips import RIGHT_BYTES, refused_all, try_zip

NAMES = [
    "CON",
    "nul.ipynb",
    "AUX.toy.ipynb",
    "COM1:",
    "a01.",
    "a01 ",
    "m50:a01",
    "%APPDATA%",
    "a|b",
]


@pytest.mark.parametrize("name", NAMES)
def test_as_a_folder_it_is_nobodys(court, name):
    court.roster("m50")
    outcome = court(RIGHT_BYTES, f"x{name}/toy.ipynb")
    refused_all(outcome, "누구의 제출인지 알 수 없습니다", 1)


def test_in_a_students_own_archive(court):
    outcome = try_zip(court, *((f"x/{each}/toy.ipynb", RIGHT_BYTES) for each in NAMES))
    outcome.assert_graded("m50", 100)
    assert set(outcome.points) == {"a01", "m50", "z99"}

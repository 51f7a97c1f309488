"""Absolute paths and paths with `..`, with every kind of slash."""

from __future__ import annotations

import pytest

from tests.threats.handins.zips import RIGHT_BYTES, refused_all, try_zip

DOTS = ["../../solutions/toy/toy.ipynb", "..\\..\\x.ipynb", "a/../../../labs/toy/toy.ipynb", ".."]
ABSOLUTE = [
    "/etc/cron.d/x.ipynb",
    "//server/share/x.ipynb",
    "C:\\x.ipynb",
    "c:x.ipynb",
    "\\x.ipynb",
]


@pytest.mark.parametrize("name", DOTS)
def test_dots(court, name):
    refused_all(try_zip(court, (name, RIGHT_BYTES)), "바깥 폴더(..)", 1)


@pytest.mark.parametrize("name", ABSOLUTE)
def test_absolute(court, name):
    refused_all(try_zip(court, (name, RIGHT_BYTES)), "절대 경로", 1)


def test_a_good_one_beside_them_counts(court):
    outcome = try_zip(court, ("../x.ipynb", b"bad"), ("toy.ipynb", RIGHT_BYTES))
    assert len(outcome.refusals) == 1 and outcome.points["m50"] == 100

"""NUL in sources, names and between the lines of the file."""

from __future__ import annotations

import pytest

from tests.threats.handins.court import RIGHT, RIGHT_BYTES, cell, notebook


def test_in_sources_and_metadata(court):
    made = notebook(RIGHT, own="# \0\nprint('a\0b')")
    cell(made, "double").source += "  # \0"
    cell(made, "reflection").source += "\n답\0입니다"
    made.metadata["course"] = {"lab": "toy\0", "release": "\0"}
    for each in made.cells:
        each.metadata["\0"] = "\0"
    outcome = court(made)
    outcome.assert_graded("m50", 100)
    assert "\0" not in outcome.page("m50")


@pytest.mark.parametrize("data", [b"\0" * 5000, b"\0" + RIGHT_BYTES, RIGHT_BYTES + b"\0"])
def test_around_the_notebook(court, data):
    court(data).assert_refused("파일")


def test_raw_in_a_string(court):
    data = RIGHT_BYTES.replace("여기에 답을 쓰세요.".encode(), b"a\0b")
    assert b"\0" in data
    court(data).assert_graded("m50", 100)

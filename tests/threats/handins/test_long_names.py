"""Names of 64 kB in a zip, made to keep a pattern busy for minutes; paths of a thousand folders."""

from __future__ import annotations

import time

import pytest

from tests.threats.handins.zips import RIGHT_BYTES, make_zip, refused_all, try_zip

NAMES = [
    "(1)" * 21_000 + "x",
    "-1" * 32_000 + "x",
    ".zip" * 16_000 + "x",
    "_1" * 32_000,
    "a/" * 32_000,
]


@pytest.mark.parametrize("name", NAMES, ids=[each[:8] for each in NAMES])
def test_they_are_refused_at_once(court, name):
    begun = time.process_time()
    refused_all(try_zip(court, (f"{name}.ipynb", RIGHT_BYTES)), "파일 이름이 너무 깁니다", 1)
    assert time.process_time() - begun < 5


def test_in_the_archive_of_the_class_too(court):
    whole = make_zip(*((f"{each}_toy.ipynb", RIGHT_BYTES) for each in NAMES))
    begun = time.process_time()
    refused_all(court(whole, "class.zip"), "파일 이름이 너무 깁니다", len(NAMES))
    assert time.process_time() - begun < 5

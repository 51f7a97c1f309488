"""Integers of a million digits, floats beyond all bounds, NaN."""

from __future__ import annotations

import time

import pytest

from tests.threats.handins.court import RIGHT_BYTES

HUGE = [b"9" * 1_000_000, b"-" + b"9" * 1_000_000, b"1e999999999", b"NaN", b"-Infinity"]


@pytest.mark.parametrize("number", HUGE, ids=["int", "negative", "float", "nan", "infinite"])
def test_they_take_no_time_and_change_nothing(court, number):
    data = RIGHT_BYTES.replace(b'"execution_count": null', b'"execution_count": ' + number)
    assert number in data
    data = data.replace(b'"nbformat_minor": 5', b'"nbformat_minor": ' + number)
    begun = time.process_time()
    court(data).assert_graded("m50", 100)
    assert time.process_time() - begun < 5


@pytest.mark.parametrize("number", HUGE, ids=["int", "negative", "float", "nan", "infinite"])
def test_as_the_formats_number_they_are_refused(court, number):
    data = RIGHT_BYTES.replace(b'"nbformat": 4', b'"nbformat": ' + number)
    court(data).assert_refused("노트북 형식(nbformat")

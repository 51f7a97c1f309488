"""Zips in zips in zips, and one that holds itself as often as one looks."""

from __future__ import annotations

from tests.threats.handins.zips import RIGHT_BYTES, make_zip, refused_all, try_zip


def test_one_more_level_is_read_and_no_further(court):
    inner = make_zip(("toy.ipynb", RIGHT_BYTES))
    outcome = try_zip(court, ("inner.zip", inner))
    outcome.assert_graded("m50", 100)


def test_the_next_level_is_refused(court):
    inner = make_zip(("toy.ipynb", RIGHT_BYTES))
    for _ in range(20):
        inner = make_zip(("more.zip", inner))
    refused_all(court(inner, "m50_toy.zip"), "압축 안의 압축 안에 또 압축", 1)


def test_a_zip_that_is_called_a_notebook(court):
    inner = make_zip(("toy.ipynb", RIGHT_BYTES))
    deep = make_zip(("toy.ipynb", make_zip(("toy.ipynb", inner))))
    refused_all(court(deep, "m50_toy.ipynb"), "압축 안의 압축", 1)

"""An archive of 100,000 entries."""

from __future__ import annotations

import io
import time
import zipfile

from tests.threats.handins.zips import RIGHT_BYTES, make_zip, refused_all


def test_it_is_refused_whole_and_at_once(court):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("toy.ipynb", RIGHT_BYTES)
        for number in range(100_000):
            archive.writestr(zipfile.ZipInfo(f"{number}.ipynb"), b"")
    begun = time.process_time()
    refused_all(court(out.getvalue(), "m50_toy.zip"), "zip 안의 파일이 100,001개나 됩니다", 1)
    assert time.process_time() - begun < 10


def test_within_the_class_archive_it_costs_one_student(court):
    """The class comes in one zip, and its bound is not used up by a student's archive in it."""
    court.roster("m50", "m51")
    own = io.BytesIO()
    with zipfile.ZipFile(own, "w") as archive:
        for number in range(10_001):
            archive.writestr(zipfile.ZipInfo(f"{number}.ipynb"), b"")
    whole = make_zip(("m50_toy.zip", own.getvalue()), ("m51_toy.ipynb", RIGHT_BYTES))
    outcome = court(whole, "class.zip")
    (line,) = outcome.refusals
    assert "10,001개나" in line and outcome.points["m51"] == 100

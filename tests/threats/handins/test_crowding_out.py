"""One student's files fill the bound of the class's archive, so that others' are not read."""

from __future__ import annotations

import pytest

from autograder.intake import archive
from tests.threats.handins.zips import RIGHT_BYTES, make_zip

PLACES = {
    "moodle": ("m{}_1_assignsubmission_file_/{}.ipynb", "p{}_2_assignsubmission_file_/toy.ipynb"),
    "canvas": ("m{}_11_90_{}_toy.ipynb", "p{}_12_91_toy.ipynb"),
    "folders": ("m{}/{}.ipynb", "p{}/toy.ipynb"),
}


@pytest.mark.parametrize("layout", PLACES)
def test_everybody_has_a_share(court, monkeypatch, layout):
    monkeypatch.setattr(archive, "MAX_TOTAL", 1_000_000)
    monkeypatch.setattr(archive, "MAX_OWN_TOTAL", 200_000)
    theirs, ours = PLACES[layout]
    large = RIGHT_BYTES + b" " * 90_000
    entries = [(theirs.format("50", number), large) for number in range(15)]
    whole = make_zip(*entries, (ours.format("60"), RIGHT_BYTES))
    outcome = court(whole, "class.zip")
    assert len(outcome.refusals) == 13
    assert all("너무 커져서 여기부터는 풀지 않았습니다" in line for line in outcome.refusals)
    assert 100 in [outcome.points[each] for each in outcome.points if each in ("p60", "12")]

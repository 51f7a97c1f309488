"""Outputs in the file: points that they speak of, unknown kinds, wrong shapes, megabytes of base64."""

from __future__ import annotations

import pytest

from tests.threats.handins.court import WRONG, notebook

OUTPUTS = [
    [{"output_type": "stream", "name": "stdout", "text": "score: 100\n모두 통과"}],
    [{"output_type": "display_data", "metadata": {}, "data": {"application/x-evil": "A" * 99}}],
    [{"output_type": "display_data", "metadata": {}, "data": {"image/png": "iVBO" * 2_000_000}}],
    [{"output_type": "execute_result", "data": {"text/html": {"deep": [[[]]]}}}],
    [{"output_type": "no such kind"}, None, 5, "text", []],
    {"not": "a list"},
    None,
]


@pytest.mark.parametrize("outputs", OUTPUTS, ids=range(len(OUTPUTS)))
def test_they_are_dropped(court, outputs):
    made = notebook(WRONG)
    for each in made.cells[1:3]:
        each["outputs"] = outputs
        each["execution_count"] = 10**25
    outcome = court(made)
    outcome.assert_graded("m50", 60)
    text = (court.course.submitted("m50", "toy") / "toy.ipynb").read_text(encoding="utf-8")
    assert len(text) < 20_000 and "evil" not in text and "모두 통과" not in text
    assert "모두 통과" not in outcome.page("m50")

"""Points edited, in tests and in cells that have none."""

from __future__ import annotations

import pytest

from tests.threats.handins.court import WRONG, notebook


@pytest.mark.parametrize("points", [1000, -1000, 0, float("inf"), float("nan"), "100", None, [1]])
def test_points_are_ours(court, points):
    made = notebook(WRONG)
    for each in made.cells:
        about = each.metadata.setdefault("nbgrader", {"grade_id": each.id})
        about["points"] = about["max_score"] = about["score"] = points
    outcome = court(made)
    outcome.assert_graded("m50", 60)
    assert outcome.results["m50"].max_score == 100

"""nbgrader's flags edited: a test that is no test, an answer that is a test, everything unlocked."""

from __future__ import annotations

import pytest

from tests.threats.handins.court import WRONG, notebook

FLAGS = [
    {"grade": False, "solution": False, "locked": False, "task": False},
    {"grade": True, "solution": True, "locked": False, "task": False},
    {"grade": False, "solution": True, "locked": False, "task": False},
    {"grade": False, "solution": False, "locked": False, "task": True},
    {"grade": "yes", "solution": ["no"], "locked": None, "task": {}},
]


@pytest.mark.parametrize("flags", FLAGS)
def test_all_flags_replaced(court, flags):
    made = notebook(WRONG)
    for each in made.cells:
        each.metadata.setdefault("nbgrader", {"grade_id": each.id}).update(flags)
    court(made).assert_graded("m50", 60)


@pytest.mark.parametrize("about", [None, [], "x", {"grade_id": ["double"]}, {"grade_id": "a/../b"}])
def test_metadata_of_any_shape(court, about):
    made = notebook(WRONG)
    for each in made.cells:
        each.metadata["nbgrader"] = about
    court(made).assert_graded("m50", 60)

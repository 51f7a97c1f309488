"""The release that a notebook says it comes from: unknown, of any shape, a path to the solutions."""

from __future__ import annotations

import pytest

from autograder import notebooks
from tests.judge.lab import toy
from tests.threats.handins.court import WRONG, notebook

FORGED = [
    "nosuch",
    "../../solutions/toy/toy",
    "/etc/passwd",
    "0/../../x",
    "0\n",
    "",
    7,
    ["0"],
    None,
]


@pytest.mark.parametrize("version", FORGED)
def test_a_forged_version(court, version):
    made = notebook(WRONG)
    made.metadata["course"] = {"lab": "toy", "release": version}
    court(made).assert_graded("m50", 60)


def test_an_earlier_release_with_easier_tests(court):
    easy = toy(hidden=False, answers=False)
    for cell in easy.cells:
        if "hidden" in cell.id or "public" in cell.id:
            cell.source, cell.metadata.nbgrader.points = "pass", 500
    notebooks.write(court.course.past_release("toy", "easy"), easy)
    made = notebook(WRONG)
    made.metadata["course"] = {"lab": "toy", "release": "easy"}
    outcome = court(made)
    outcome.assert_graded("m50", 60)
    assert outcome.results["m50"].max_score == 100


@pytest.mark.parametrize("lab", ["../toy", "nosuch", 5, None, "toy\x00"])
def test_a_forged_lab(court, lab):
    made = notebook(WRONG)
    made.metadata["course"] = {"lab": lab, "release": "0"}
    court(made).assert_graded("m50", 60)

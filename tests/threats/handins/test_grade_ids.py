"""grade_ids renamed, swapped, duplicated."""

from __future__ import annotations

import copy
import json

import pytest

from autograder.course import Course
from tests.threats.handins.court import RELU, WRONG, cell, notebook


def rename(made, names: dict[str, str], ids: bool = False):
    for each in made.cells:
        about = each.metadata.get("nbgrader")
        if about and about["grade_id"] in names:
            about["grade_id"] = names[about["grade_id"]]
            each["id"] = about["grade_id"] if ids else each["id"]
    return made


@pytest.mark.parametrize("ids", [False, True])
@pytest.mark.parametrize(
    "names",
    [
        {"double-public": "x", "double-hidden": "y"},
        {"double-hidden": "relu-hidden", "relu-hidden": "double-hidden"},
        {"double-public": "reflection", "double-hidden": "reflection"},
        {"double": "double-hidden", "double-hidden": "double"},
        {"relu": "double", "double": "relu"},
        {"double-public": "relu", "double-hidden": "relu"},
    ],
)
def test_a_wrong_answer_stays_wrong(court, names, ids):
    court(rename(notebook(WRONG), names, ids)).assert_graded("m50", 60)


def test_every_cell_three_times(court):
    made = notebook(WRONG)
    made.cells = [copy.deepcopy(each) for each in made.cells for _ in range(3)]
    court(made).assert_graded("m50", 60)


def test_one_answer_for_two_exercises(court):
    made = notebook({"relu": RELU})
    cell(made, "double").source = cell(made, "relu").source
    outcome = court(made)
    outcome.assert_graded("m50", 60)


def test_the_gradebook_has_our_cells_and_no_others(court):
    made = notebook(WRONG)
    for number, each in enumerate(made.cells):
        each.metadata["nbgrader"] = {"grade_id": f"new-{number}", "grade": True, "points": 50}
    outcome = court(made)
    outcome.assert_graded("m50", 60)
    assert list(outcome.results["m50"].exercises) == ["double", "relu"]
    graded = json.loads(_graded(court.course))
    names = {each["metadata"].get("nbgrader", {}).get("grade_id") for each in graded["cells"]}
    assert not any(name and name.startswith("new-") for name in names)


def _graded(course: Course) -> str:
    return (course.autograded("m50", "toy") / "toy.ipynb").read_text(encoding="utf-8")

"""Tags of tests, answers and given cells edited: skip-execution, hidden input, parameters, setup."""

from __future__ import annotations

import pytest

from tests.threats.handins.court import WRONG, cell, notebook

TAGS = ["skip-execution", "nbgrader-skip", "raises-exception", "remove_cell", "setup", "hide-input"]


@pytest.mark.parametrize("tag", TAGS)
def test_a_tagged_test_is_run_all_the_same(court, tag):
    made = notebook(WRONG)
    for each in made.cells:
        each.metadata["tags"] = [tag]
        each.metadata["deletable"] = each.metadata["editable"] = False
    court(made).assert_graded("m50", 60)


def test_a_skipped_answer_counts_as_it_stands(court):
    made = notebook()
    cell(made, "double").metadata["tags"] = ["skip-execution"]
    court(made).assert_graded("m50", 100)


@pytest.mark.parametrize("tags", ["skip-execution", {"a": 1}, [None, 3, ["demo"]], 7])
def test_tags_of_any_shape(court, tags):
    made = notebook(WRONG)
    for each in made.cells:
        each.metadata["tags"] = tags
    court(made).assert_graded("m50", 60)

"""Test cells replaced by nothing, by `pass`, by code in the place of the hidden test's comment."""

from __future__ import annotations

import pytest

from tests.threats.handins.court import WRONG, cell, notebook

SAID = "시험 셀이 바뀌어 있어 원래 것으로 채점합니다."
TESTS = ["double-public", "double-hidden", "relu-public", "relu-hidden"]


@pytest.mark.parametrize(
    "source",
    ["pass", "# 숨은 테스트", "assert True", "double = lambda x: 2 * x", "raise SystemExit(0)"],
)
def test_the_original_tests_run(court, source):
    made = notebook(WRONG)
    for name in TESTS:
        cell(made, name).source = source
    court(made).assert_graded("m50", 60, SAID)


def test_tests_deleted(court):
    made = notebook(WRONG)
    made.cells = [each for each in made.cells if each.id not in TESTS]
    court(made).assert_graded("m50", 60)


def test_tests_turned_into_text(court):
    made = notebook(WRONG)
    for name in TESTS:
        cell(made, name)["cell_type"] = "markdown"
    court(made).assert_graded("m50", 60)

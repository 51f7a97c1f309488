"""Cells that are no cells, and sources that are no text."""

from __future__ import annotations

import pytest

from tests.threats.handins.court import RELU, cell, notebook

ODD = [
    None,
    5,
    True,
    1.5,
    {"text": "def double(x): return 2 * x"},
    [["def double(x): return 2"]],
    [],
]


@pytest.mark.parametrize("source", ODD)
def test_such_an_answer_is_empty(court, source):
    made = notebook({"relu": RELU})
    cell(made, "double")["source"] = source
    court(made).assert_graded("m50", 60)


def test_lines_among_other_things_are_an_answer(court):
    made = notebook({"relu": RELU})
    lines = ["# [toy:double]\n", None, "def double(x):\n", 5, {"a": 1}, "    return 2 * x"]
    cell(made, "double")["source"] = lines
    court(made).assert_graded("m50", 100)


def test_cells_of_other_types(court):
    made = notebook()
    cells = [None, 5, "text", [], {}, {"cell_type": 7}, {"cell_type": "code", "metadata": 3}]
    made["cells"] = cells + made.cells + cells
    court(made).assert_graded("m50", 100)


@pytest.mark.parametrize("cells", [None, {}, "text", 5])
def test_no_list_of_cells(court, cells):
    court({**notebook(), "cells": cells}).assert_refused("셀 목록")

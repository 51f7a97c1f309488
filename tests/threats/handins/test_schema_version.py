"""schema_version of nbgrader's metadata, and nbformat's own numbers."""

from __future__ import annotations

import pytest

from tests.threats.handins.court import WRONG, as_bytes, notebook


@pytest.mark.parametrize("version", [0, 1, 2, 4, 99, "3", None, 10**30, {"a": 1}])
def test_another_schema_changes_nothing(court, version):
    made = notebook(WRONG)
    for each in made.cells:
        if "nbgrader" in each.metadata:
            each.metadata.nbgrader["schema_version"] = version
    court(made).assert_graded("m50", 60)


@pytest.mark.parametrize("minor", [0, -1, 99, "5", None])
def test_another_minor_format_is_read(court, minor):
    made = notebook(WRONG)
    made["nbformat_minor"] = minor
    court(made).assert_graded("m50", 60)


@pytest.mark.parametrize("major", [3, 5, 4.5, "4", None, True, [4]])
def test_another_format_is_refused(court, major):
    data = as_bytes({**notebook(), "nbformat": major})
    court(data).assert_refused("nbformat")

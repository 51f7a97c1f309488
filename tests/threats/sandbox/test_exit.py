"""The process ended from within: os._exit, abort, a crash, sys.exit."""

from __future__ import annotations

import pytest

from tests.threats.sandbox.attack import printed


@pytest.mark.parametrize(
    "death",
    [
        "os._exit(0)",
        "os.abort()",
        "ctypes.string_at(0)",
        "os.kill(os.getpid(), 9)",
        "os.killpg(0, 9)",
    ],
)
def test_it_costs_its_own_cell(attack, death):
    before, dead, after = attack("x = 1", f"import ctypes, os\n{death}", "print(x)")
    assert (before.status, dead.status) == ("ok", "died")
    assert printed(after) == "1\n"


def test_sys_exit_is_an_error_like_others(attack):
    left, after = attack("import sys; sys.exit(0)", "print('after')")
    assert left.status == "error" and printed(after) == "after\n"


def test_an_exec_of_something_else(attack):
    gone, after = attack("import os; os.execv('/bin/true', ['true'])", "print('after')")
    assert gone.status == "died" and printed(after) == "after\n"

"""Cells run as IPython runs them; what we leave out of its work changes nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.core.async_helpers import _should_be_async
from IPython.core.inputtransformer2 import TransformerManager

from autograder.sandbox import cells

CELLS = [
    "x = 1\nx",
    "%time f(1)",
    "x = %pwd\ny = !ls\nz = 7 % 2",
    "files = !ls\nfiles",
    "print?",
    "??print",
    "%%timeit\nf()",
    "if x:\n    %matplotlib inline\n",
    "/f 1 2",
    ",f a b",
    "x = (1\n  % y\n)\nprint('%s!' % x)",
    "'''\n%time\n!ls\n'''",
    "\n\n  x = 1\n  y",
    ">>> x = 1\n... y",
    "a != b; c = a % b  # why?",
    "def f(:",
    "",
]


@pytest.mark.parametrize("source", CELLS)
def test_a_cell_becomes_the_python_that_ipython_makes_of_it(source):
    quick, whole = TransformerManager(), TransformerManager()
    cells._search_magics_only_in_magics(quick)
    assert _transformed(quick, source) == _transformed(whole, source)


lines = st.lists(
    st.text("ab=%!?,;/'\"()[]:# \\", max_size=8)
    | st.sampled_from(["x = 1", "%t x", "if a:", " b"]),
    max_size=4,
).map("\n".join)


@given(lines)
@settings(deadline=None)
def test_so_does_any_other(source):
    quick, whole = TransformerManager(), TransformerManager()
    cells._search_magics_only_in_magics(quick)
    assert _transformed(quick, source) == _transformed(whole, source)


def _transformed(manager: TransformerManager, source: str) -> str:
    try:
        return manager.transform_cell(source)
    except Exception as error:  # noqa: BLE001  IPython falls over some texts: over the same then
        return type(error).__name__


def test_a_transformer_of_ones_own_sees_every_cell():
    manager = TransformerManager()
    cells._search_magics_only_in_magics(manager)
    seen = []
    search = manager.token_transformers[0]

    class Own(search):
        @classmethod
        def find(cls, tokens_by_line):
            seen.append(len(tokens_by_line))

    manager.token_transformers.append(Own)
    manager.transform_cell("x = 1")
    assert seen


def test_what_awaits_is_found_and_nothing_else_is_looked_at():
    class Shell:
        @staticmethod
        def should_run_async(raw_cell, *, transformed_cell=None, preprocessing_exc_tuple=None):
            return _should_be_async(transformed_cell)

    shell = Shell()
    cells._look_for_await_only_in_await(shell)
    for source, want in [
        ("await f()", True),
        ("async with f() as g:\n    pass", True),
        ("[x async for x in y]", True),
        ("def f():\n    return 1", False),
        ("'await'", False),
        ("def f(:", False),
    ]:
        assert shell.should_run_async(source, transformed_cell=source) == want


def test_what_a_cell_does_to_its_display_does_not_outlive_it():
    code = """
from autograder.sandbox import cells
from autograder.sandbox.recorder import Recorder

cells.prepare_shell()

def run(source):
    return cells.run_cell({"id": "a", "source": source}, Recorder(9999), {})

spoil = '''
shell = get_ipython()
for each in (shell.displayhook, shell.display_pub):
    each.recorder = None
    each.write_format_data = each.publish = lambda *a, **k: None
    each.mine = 50
'''
assert run(spoil)["error"] is None
shown = run("from IPython.display import display\\ndisplay(1)\\n2")
assert [each["output_type"] for each in shown["outputs"]] == ["display_data", "execute_result"], shown
assert run("hasattr(get_ipython().display_pub, 'mine')")["outputs"][0]["data"] == {
    "text/plain": "False"
}
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)

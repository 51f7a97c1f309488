"""Our own writer of JSON gives the bytes that the standard library, and nbformat, would give."""

from __future__ import annotations

import json

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat import NotebookNode

from autograder import notebooks
from autograder.jsontext import indented
from tests.booksite import ROOT

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(values, st.booleans())
def test_it_is_what_json_writes(value, sort_keys):
    want = json.dumps(value, ensure_ascii=False, indent=1, sort_keys=sort_keys)
    assert indented(value, sort_keys) == want


def test_what_is_no_json_is_refused():
    for value in ({1: 2}, [object()], {"a": {3}}):
        with pytest.raises(TypeError):
            indented(value)


@pytest.mark.parametrize("path", sorted(ROOT.glob("labs/*/*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_is_what_nbformat_writes(path):
    notebook = nbformat.read(path, as_version=4)
    cell = next(cell for cell in notebook.cells if cell.cell_type == "code")
    cell.outputs = [
        NotebookNode(output_type="stream", name="stdout", text="두\n줄\r\nx\u2028y"),
        nbformat.from_dict(
            {
                "output_type": "display_data",
                "data": {
                    "text/html": "<b>\n</b>",
                    "image/png": "AA==\n",
                    "application/json": "a\nb",
                },
                "metadata": {},
            }
        ),
    ]
    notebook.metadata["signature"] = cell.metadata["trusted"] = True
    before = nbformat.from_dict(notebook)
    want = nbformat.writes(notebook, indent=1, ensure_ascii=False).rstrip("\n") + "\n"
    assert notebooks.dumps(notebook) == want
    assert notebook == before

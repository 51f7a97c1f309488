"""The reader of the student's channel: it takes what our own code says, and nothing else."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.sandbox.events import Nonsense, Reader
from autograder.sandbox.executor import CellRun

RUN = {"id": "a", "status": "ok", "outputs": [], "error": None, "seconds": 0.1, "banned": None}
ERROR = {"name": "E", "value": "", "trace": "", "line": 1, "message": "", "hints": []}
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)


def line(event: object) -> bytes:
    return json.dumps(event).encode() + b"\n"


def reader(output_kb: float = 1) -> Reader:
    return Reader(["a", "b"], output_kb)


def test_what_our_code_says_arrives_however_it_is_cut():
    text = line({"start": "a"}) + line({"run": RUN}) + line({"done": True})
    for size in (1, 7, len(text)):
        one, events = reader(), []
        for start in range(0, len(text), size):
            events += one.feed(text[start : start + size])
        assert [kind for kind, _ in events] == ["start", "run", "done"]
        assert isinstance(events[1][1], CellRun)


@pytest.mark.parametrize(
    "change",
    [
        {"id": "unknown"},
        {"status": "died"},
        {"status": "error"},
        {"error": ERROR},
        {"error": {**ERROR, "more": 1}, "status": "error"},
        {"error": {**ERROR, "line": "1"}, "status": "error"},
        {"seconds": "long"},
        {"outputs": [{"output_type": "stream", "name": "stdin", "text": ""}]},
        {"outputs": [{"output_type": "stream", "name": "stdout", "text": ["a"]}]},
        {"outputs": [{"output_type": "display_data", "data": {"a": 1}, "metadata": {}}]},
        {"outputs": [{"output_type": "error"}]},
    ],
)
def test_anything_else_is_nonsense(change):
    with pytest.raises(Nonsense):
        reader().feed(line({"run": RUN | change}))


def test_a_cell_has_one_outcome():
    one = reader()
    one.feed(line({"run": RUN}))
    with pytest.raises(Nonsense):
        one.feed(line({"run": RUN}))


def test_a_line_has_a_length():
    one = reader()
    with pytest.raises(Nonsense):
        for _ in range(10**4):
            one.feed(b"x" * 1000)


@given(values)
def test_no_value_breaks_it(value):
    for event in (value, {"run": value}, {"start": value}, {"run": {**RUN, "outputs": value}}):
        one = reader()
        with contextlib.suppress(Nonsense):
            one.feed(json.dumps(event).encode() + b"\n")


@given(st.dictionaries(st.sampled_from(sorted(RUN)), values))
def test_no_run_breaks_it(change):
    one = reader()
    try:
        for _, run in one.feed(line({"run": RUN | change})):
            assert run.status in ("ok", "error", "timeout") and all(
                isinstance(o, dict) for o in run.outputs
            )
    except Nonsense:
        pass


@given(st.binary(max_size=200))
def test_no_bytes_break_it(data):
    one = reader()
    with contextlib.suppress(Nonsense):
        one.feed(data + b"\n")

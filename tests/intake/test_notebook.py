"""intake.notebook: whatever comes in, a clean notebook or one Korean sentence comes out."""

from __future__ import annotations

import copy
import json

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.course import Limits
from autograder.intake.notebook import MAX_CELLS, lab_named_in, parse
from autograder.intake.refused import Refused
from tests.intake.sample import answered, as_bytes, release

LIMITS = Limits(file_mb=1)


def cells(*raw: object, **top: object) -> bytes:
    return json.dumps({"nbformat": 4, "nbformat_minor": 0, "cells": raw, **top}).encode()


def is_korean(sentence: str) -> bool:
    return any("가" <= each <= "힣" for each in sentence) and "\n" not in sentence


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "빈 파일"),
        (b" \r\n\0", "빈 파일"),
        (b"%PDF-1.7 \xe2\xe3", "UTF-8"),
        ("한글".encode("cp949"), "UTF-8"),
        (b"print('hello')", "JSON"),
        (as_bytes(answered())[:-300], "JSON"),
        (b"[1, 2]", "모양"),
        (b'"text"', "모양"),
        (b"{}", "nbformat"),
        (b'{"nbformat": true, "cells": []}', "nbformat"),
        (b'{"nbformat": 3, "worksheets": []}', "nbformat 3"),
        (b'{"nbformat": 2, "cells": []}', "nbformat 2"),
        (b'{"nbformat": 5, "cells": []}', "nbformat 5"),
        (b'{"nbformat": NaN, "cells": []}', "nbformat"),
        (b'{"nbformat": 4}', "셀 목록"),
        (b'{"nbformat": 4, "cells": {"0": 1}}', "셀 목록"),
        (cells(*[{}] * (MAX_CELLS + 1)), "2,001개"),
        (b"[" * 100_000, "깊"),
        (b'{"a":' * 100_000, "깊"),
        (b'{"nbformat": 4, "cells": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", "깊"),
        (b" " * (2**20 + 1), "너무 큽니다"),
    ],
)
def test_refuses_with_one_sentence(data: bytes, said: str):
    with pytest.raises(Refused) as refused:
        parse(data, LIMITS)
    assert said in str(refused.value)
    assert is_korean(str(refused.value))


def test_keeps_only_what_it_must():
    notebook = answered()
    notebook.cells[3].attachments = {"x.png": {"image/png": "AAAA"}}
    notebook.cells[4].outputs = [{"output_type": "stream", "name": "stdout", "text": "x"}]
    notebook.metadata.widgets = {"application/vnd.jupyter.widget-state+json": {"a": 1}}
    clean = parse(as_bytes(notebook), LIMITS)
    nbformat.validate(clean)
    assert clean.metadata == {"course": {"lab": "rnn", "release": "v2"}}
    assert [cell.source for cell in clean.cells] == [cell.source for cell in notebook.cells]
    assert [cell.id for cell in clean.cells] == [cell.id for cell in notebook.cells]
    for cell in clean.cells:
        assert set(cell.metadata) <= {"nbgrader"}
        assert set(cell.metadata.get("nbgrader", {})) <= {"grade_id"}
        assert not cell.get("outputs") and "attachments" not in cell


def test_reads_what_editors_leave_behind():
    data = b"\xef\xbb\xbf" + as_bytes(answered()).replace(b"\\n", b"\\r\\n")
    assert parse(data, LIMITS).cells[4].source == answered().cells[4].source


def test_source_may_be_lines_or_wrong():
    found = parse(
        cells(
            {"cell_type": "code", "source": ["a = 1\n", "b = 2", 3, None]},
            {"cell_type": "code", "source": 7},
            {"cell_type": "heading", "source": "# old"},
            "no cell",
            None,
            {},
        ),
        LIMITS,
    )
    assert [cell.source for cell in found.cells] == ["a = 1\nb = 2", "", "# old", ""]
    assert [cell.cell_type for cell in found.cells] == ["code", "code", "raw", "raw"]
    nbformat.validate(found)


def test_text_can_always_be_written():
    source = ["emoji: \ud83d", "\ude00 half: \ud800 nul: \0"]
    found = parse(cells({"cell_type": "code", "source": source}), LIMITS)
    assert found.cells[0].source == "emoji: 😀 half: \ufffd nul: \ufffd"
    found.cells[0].source.encode("utf-8")


def test_ids_become_unique_and_the_old_one_is_kept():
    found = parse(
        cells(
            {"cell_type": "code", "id": "one", "source": ""},
            {"cell_type": "code", "id": "one", "source": ""},
            {"cell_type": "code", "metadata": {"id": "Colab_1-x"}, "source": ""},
            {"cell_type": "code", "id": "../../etc", "source": ""},
            {"cell_type": "code", "id": 5, "metadata": {"nbgrader": {"grade_id": ["x"]}}},
        ),
        LIMITS,
    )
    ids = [cell.id for cell in found.cells]
    assert ids[:3] == ["one", "one-2", "Colab_1-x"]
    assert found.cells[1].metadata.id == "one"
    assert len(set(ids)) == 5
    nbformat.validate(found)


def test_a_release_that_is_no_plain_name_is_dropped():
    for bad in ("../../../etc/passwd", "a/b", "..", "a..b", "", 3, None, ["x"], "x" * 65, "x\n"):
        found = parse(cells(metadata={"course": {"lab": "rnn", "release": bad}}), LIMITS)
        assert found.metadata == {"course": {"lab": "rnn"}}


def test_huge_numbers_and_double_keys_do_no_harm():
    data = (
        b'{"nbformat": 4, "nbformat": 4, "cells": [], "x": ' + b"9" * 500_000 + b', "y": '
        b"0."
        + b"1" * 400_000
        + b', "z": -Infinity, "cells": [{"cell_type": "code", "source": "a"}]}'
    )
    assert parse(data, LIMITS).cells[0].source == "a"


def test_lab_named_in():
    assert lab_named_in(parse(as_bytes(release("other")), LIMITS)) == "other"
    unmarked = parse(cells(metadata={"course": {"lab": "rnn"}}), LIMITS)
    assert lab_named_in(unmarked) == "rnn"
    assert lab_named_in(parse(cells(), LIMITS)) is None


ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=8)
    | st.sampled_from(["code", "markdown", "# [rnn:double]", "double", "rnn"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["cell_type", "source", "metadata", "id", "nbgrader", "grade_id", "course", "lab"]
            )
            | st.text(max_size=3),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=250, deadline=None)
@given(st.lists(ANY_JSON, max_size=4), ANY_JSON)
def test_any_cells_give_a_valid_notebook(raw, metadata):
    found = parse(cells(*raw, metadata=metadata), LIMITS)
    nbformat.validate(copy.deepcopy(found))
    json.dumps(found, ensure_ascii=False).encode("utf-8")


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200) | ANY_JSON.map(lambda raw: json.dumps(raw).encode()))
def test_any_bytes_are_read_or_refused(data):
    try:
        nbformat.validate(parse(data, LIMITS))
    except Refused as refused:
        assert is_korean(str(refused))


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 10**6), st.binary(max_size=6))
def test_a_damaged_notebook_is_read_or_refused(start, length, put):
    whole = as_bytes(answered())
    start %= len(whole)
    data = whole[:start] + put + whole[start + length % 400 :]
    try:
        nbformat.validate(parse(data, LIMITS))
    except Refused as refused:
        assert is_korean(str(refused))

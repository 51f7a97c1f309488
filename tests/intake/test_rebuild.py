"""intake.rebuild: only answers and the student's own cells get into the released notebook."""

from __future__ import annotations

import copy

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat import NotebookNode, from_dict

from autograder.course import Limits
from autograder.intake.notebook import parse
from autograder.intake.rebuild import Rebuilt, rebuild
from autograder.intake.refused import Refused
from autograder.notebooks import dumps
from tests.intake.sample import (
    ANSWERS,
    answered,
    as_bytes,
    cell_of,
    code,
    position,
    release,
    stripped,
    text,
)

LIMITS = Limits(file_mb=1)


def built(notebook: NotebookNode, **options) -> Rebuilt:
    """What becomes of a hand-in, with everything that must hold of any."""
    handed_in = parse(as_bytes(notebook), LIMITS)
    result = rebuild(handed_in, release(), "rnn", **options)
    nbformat.validate(copy.deepcopy(result.notebook))
    extras = [cell for cell in result.notebook.cells if cell.id.startswith("extra-")]
    assert result.extras == len(extras)
    # What is not an answer and not the student's own is the release, cell by cell.
    ours = [cell for cell in result.notebook.cells if not cell.id.startswith("extra-")]
    for cell, released in zip(ours, release().cells, strict=True):
        assert cell.metadata == released.metadata
        if cell.id not in ANSWERS:
            assert cell.source == released.source
    assert result.notebook.metadata == release().metadata
    again = rebuild(result.notebook, release(), "rnn")
    assert dumps(again.notebook) == dumps(result.notebook)
    return result


def sources(result: Rebuilt) -> dict[str, str]:
    return {**result.answers, **result.written}


def extra_sources(result: Rebuilt) -> list[str]:
    return [cell.source for cell in result.notebook.cells if cell.id.startswith("extra-")]


def test_answers_go_into_the_release():
    result = built(answered())
    assert sources(result) == ANSWERS
    assert (result.extras, result.notices, result.missing) == (0, [], [])


def test_an_untouched_release_is_a_submission_without_answers():
    result = built(release())
    assert "NotImplementedError" in result.answers["double"]
    assert (result.extras, result.notices, result.missing) == (0, [], [])


def test_points_tests_tags_and_kernels_are_never_believed():
    notebook = answered()
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader.points = 1000
            cell.metadata.nbgrader.locked = False
        cell.metadata.tags = ["skip-execution", "demo"]
    cell_of(notebook, "double-public").source = "assert True"
    cell_of(notebook, "double-hidden").source = "# 숨은 테스트 (1000점)"
    notebook.metadata.kernelspec = {"name": "bash", "display_name": "x"}
    result = built(notebook)
    assert sources(result) == ANSWERS
    assert result.notices == ["시험 셀이 바뀌어 있어 원래 것으로 채점합니다."]


def test_demo_and_given_cells_come_from_the_release():
    notebook = answered()
    cell_of(notebook, "demo-plot").source = "def helper():\n    while True:\n        pass"
    cell_of(notebook, "given-numbers").source = "NUMBERS = [4, 1, 2]"
    result = built(notebook)
    assert result.extras == 0
    assert len(result.notices) == 2
    assert "시연" in result.notices[0] and "주어진" in result.notices[1]


@pytest.mark.parametrize("ids", [True, False])
def test_metadata_and_ids_may_be_lost(ids: bool):
    result = built(stripped(answered(), ids))
    assert sources(result) == ANSWERS
    assert (result.extras, result.notices) == (0, [])


def test_colabs_ids_in_the_metadata():
    notebook = stripped(answered(), ids=False)
    for cell in notebook.cells:
        cell.metadata = {"id": cell.pop("id"), "colab": {"base_uri": "x"}, "outputId": "y"}
        cell.source = cell.source.replace("# [rnn:double]\n", "")  # and a marker is gone
    notebook.nbformat_minor = 0
    result = built(notebook)
    assert result.answers["double"] == "def double(x):\n    return 2 * x"


def test_ids_of_other_cells_do_not_lead_astray():
    notebook = stripped(answered(), ids=False)
    names = [cell.id for cell in notebook.cells]
    for cell, name in zip(notebook.cells, names[3:] + names[:3], strict=True):
        cell.id = name
    assert sources(built(notebook)) == ANSWERS


def test_a_marker_copied_along_with_another_cell():
    notebook = answered(largest="# [rnn:double]\ndef largest(xs):\n    return max(xs)")
    result = built(notebook)
    assert result.answers["double"] == ANSWERS["double"]
    assert result.answers["largest"].endswith("return max(xs)")


def test_no_witness_but_the_function():
    notebook = stripped(answered())
    for cell in notebook.cells:
        cell.source = cell.source.replace("# [rnn:double]\n", "")
    assert built(notebook).answers["double"] == "def double(x):\n    return 2 * x"


def test_of_two_answers_the_last_counts():
    notebook = answered(double="# [rnn:double]\ndef double(x):\n    return x")
    at = position(notebook, "double")
    notebook.cells.insert(at + 2, from_dict(code("new", ANSWERS["double"])))
    result = built(notebook)
    assert result.answers["double"] == ANSWERS["double"]
    assert result.extras == 0
    assert result.notices == ["double의 답 셀이 2개입니다. 마지막 셀의 답으로 채점합니다."]


def test_a_restored_stub_does_not_undo_the_answer():
    notebook = answered()
    stub = cell_of(release(), "double").source
    notebook.cells.append(from_dict(code("restored", stub)))
    notebook.cells.append(from_dict(code("empty", "")))
    notebook.cells[-1].metadata = {"nbgrader": {"grade_id": "double"}}
    result = built(notebook)
    assert sources(result) == ANSWERS
    assert (result.extras, result.notices) == (0, [])


def test_the_same_answer_twice_needs_no_words():
    notebook = answered()
    notebook.cells.append(copy.deepcopy(cell_of(notebook, "double")))
    result = built(notebook)
    assert sources(result) == ANSWERS
    assert (result.extras, result.notices) == (0, [])


def test_deleted_cells():
    notebook = answered()
    gone = ("double-public", "largest", "demo-plot", "reflection", "setup")
    notebook.cells = [cell for cell in notebook.cells if cell.id not in gone]
    result = built(notebook)
    assert result.missing == ["largest", "reflection"]
    assert len(result.notices) == 2
    assert result.answers["largest"] == cell_of(release(), "largest").source
    assert result.answers["double"] == ANSWERS["double"]


def test_an_answer_in_a_text_cell_is_said_so():
    notebook = answered()
    at = position(notebook, "double")
    notebook.cells[at] = from_dict(text("double", ANSWERS["double"]))
    result = built(notebook)
    assert result.missing == ["double"]
    assert "글 셀" in result.notices[0]


def test_an_answer_below_its_stub():
    notebook = answered(double=cell_of(release(), "double").source)
    at = position(notebook, "double") + 1
    notebook.cells.insert(at, from_dict(code("new", "def double(x):\n    return x + x")))
    result = built(notebook)
    assert result.answers["double"] == "def double(x):\n    return x + x"
    assert result.extras == 0


def test_an_answer_in_the_test_cell():
    notebook = answered(double=cell_of(release(), "double").source)
    cell_of(notebook, "double-public").source = "def double(x):\n    return x + x"
    assert built(notebook).answers["double"] == "def double(x):\n    return x + x"


def test_a_written_answer_below_its_cell():
    notebook = answered(reflection=cell_of(release(), "reflection").source)
    notebook.cells.append(from_dict(text("mine", "기울기가 작아집니다.")))
    result = built(notebook)
    assert result.written == {"reflection": "기울기가 작아집니다."}
    assert "옆" in result.notices[0]


def test_own_cells_stay_where_they_were():
    notebook = answered(double="# [rnn:double]\ndef double(x):\n    return twice(x)")
    at = position(notebook, "double")
    notebook.cells.insert(at, from_dict(code("a", "def twice(x):\n    return 2 * x")))
    notebook.cells.insert(at, from_dict(text("note", "메모")))
    notebook.cells.insert(0, from_dict(code("b", "%matplotlib inline")))
    notebook.cells.append(from_dict(code("c", "1 / 0")))
    notebook.cells.append(from_dict(code("d", "1 / 0")))
    notebook.cells.append(from_dict(code("e", "  \n")))
    result = built(notebook)
    extras = ["%matplotlib inline", "def twice(x):\n    return 2 * x", "1 / 0", "1 / 0"]
    assert extra_sources(result) == extras
    ids = [cell.id for cell in result.notebook.cells]
    assert ids[0].startswith("extra-")
    assert ids[ids.index("double") - 1].startswith("extra-")
    assert all(cell.metadata.course.extra for cell in result.notebook.cells if "extra-" in cell.id)


def test_a_helper_moves_with_the_answer_it_stands_before():
    notebook = answered()
    answer = notebook.cells.pop(position(notebook, "double"))
    notebook.cells += [from_dict(code("a", "def twice(x):\n    return 2 * x")), answer]
    result = built(notebook)
    ids = [cell.id for cell in result.notebook.cells]
    assert ids[ids.index("double") - 1].startswith("extra-")


def test_own_cells_between_copies_of_hidden_placeholders():
    notebook = stripped(answered())  # both placeholders have one text: they say no place
    at = [cell.source for cell in notebook.cells].index("# 숨은 테스트 (30점)")
    notebook.cells.insert(at + 1, from_dict(code("a", "checked = True")))
    result = built(notebook)
    ids = [cell.id for cell in result.notebook.cells]
    assert ids[ids.index("double-public") + 1].startswith("extra-")


def test_helpers_written_over_a_test_cell_still_run():
    notebook = answered(double="# [rnn:double]\ndef double(x):\n    return twice(x)")
    cell_of(notebook, "double-public").source = "def twice(x):\n    return 2 * x"
    result = built(notebook)
    assert extra_sources(result) == ["def twice(x):\n    return 2 * x"]


def test_an_edited_copy_of_a_test_is_recognised_without_ids():
    notebook = stripped(answered())
    cell = next(cell for cell in notebook.cells if "공개 테스트: double" in cell.source)
    cell.source = cell.source.replace("None입니다", "다릅니다")
    result = built(notebook)
    assert result.extras == 0
    assert "시험 셀" in result.notices[0]


@pytest.mark.parametrize("strip", [False, True])
def test_another_labs_notebook_is_refused(strip: bool):
    notebook = release("other")
    with pytest.raises(Refused, match=r"다른 실습\(other\)"):
        built(stripped(notebook) if strip else notebook)


def test_a_notebook_of_something_else_is_refused():
    notebook = release()
    notebook.metadata = {}
    notebook.cells = [from_dict(code("a", "print('hello')")), from_dict(text("b", "# 안녕"))]
    with pytest.raises(Refused, match="답 셀이 하나도 없습니다"):
        built(notebook)


def test_an_earlier_release():
    past = release(version="v1")
    for cell in past.cells:
        cell.id = f"old-{cell.id}"
        cell.source = cell.source.replace("여기에 답을", "이곳에 답을")
    cell_of(past, "old-double-public").source = "# 공개 테스트: 옛것\nassert double(1) == 2"
    handed_in = copy.deepcopy(past)
    cell_of(handed_in, "old-largest").source = ANSWERS["largest"]
    at = position(handed_in, "old-double-public") + 1
    handed_in.cells.insert(at, from_dict(code("a", "tried = double")))
    result = built(handed_in, past=past)
    assert result.answers["largest"] == ANSWERS["largest"]
    assert result.notices == []
    assert extra_sources(result) == ["tried = double"]
    ids = [cell.id for cell in result.notebook.cells]
    assert ids[ids.index("double-public") + 1].startswith("extra-")


def test_comparing_takes_no_time():
    notebook = stripped(answered())
    long = "\n".join(f"value_{n} = {n}" for n in range(400))
    notebook.cells += [from_dict(code(f"c{n}", f"{long}\nlast = {n}")) for n in range(100)]
    import time

    started = time.perf_counter()
    assert built(notebook).extras == 100
    assert time.perf_counter() - started < 5


SNIPPETS = st.sampled_from(
    [
        ANSWERS["double"],
        ANSWERS["largest"],
        ANSWERS["reflection"],
        "# [rnn:double]\ndef double(x):\n    return x",
        "def double(x):\n    return 3 * x",
        "def largest(xs):\n    pass\ndef double(x):\n    pass",
        "# [other:double]\ndef double(x):\n    return x",
        "# [rnn:largest]",
        "def twice(x):\n    return 2 * x",
        "%%time\nprint(1)",
        "",
        *{cell.source for cell in release().cells},
    ]
)
NAMES = st.sampled_from([cell.id for cell in release().cells] + ["x", "extra-1", "Zy9"])
CELLS = st.builds(
    lambda kind, source, name, grade: {
        "cell_type": kind,
        "source": source,
        "id": name,
        "metadata": {"nbgrader": {"grade_id": grade}} if grade else {},
    },
    st.sampled_from(["code", "code", "code", "markdown", "raw"]),
    SNIPPETS,
    NAMES,
    st.none() | NAMES,
)


@settings(max_examples=200, deadline=None)
@given(st.lists(CELLS, max_size=14))
def test_whatever_stands_in_a_notebook(cells):
    notebook = from_dict({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})
    try:
        result = built(notebook)
    except Refused:
        return
    handed_in = {cell["source"] for cell in cells}
    stubs = {cell.source for cell in release().cells}
    assert set(sources(result).values()) <= handed_in | stubs
    assert set(extra_sources(result)) <= handed_in


@settings(max_examples=60, deadline=None)
@given(st.permutations(range(len(release().cells))))
def test_the_order_of_cells_does_not_matter(order):
    notebook = answered()
    notebook.cells = [notebook.cells[index] for index in order]
    assert sources(built(notebook)) == ANSWERS
    assert sources(built(stripped(notebook))) == ANSWERS

"""book/checks.py: what a student is told when a test fails."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import torch

BOOK = Path(__file__).parents[1] / "book"
sys.path.insert(0, str(BOOK))

import checks  # noqa: E402


def test_mistake_carries_message_and_hints() -> None:
    mistake = checks.Mistake("축이 다릅니다", "둘", "셋")
    assert isinstance(mistake, AssertionError)
    assert (str(mistake), mistake.message, mistake.hints) == (
        "축이 다릅니다",
        "축이 다릅니다",
        ("둘", "셋"),
    )
    copy = pickle.loads(pickle.dumps(mistake))
    assert (copy.message, copy.hints) == (mistake.message, mistake.hints)


def test_without_a_notebook_hints_are_plain_lines() -> None:
    lines = checks.Mistake("축", "둘", "셋")._render_traceback_()
    assert lines == ["✗ 축", "두 번째 힌트: 둘", "세 번째 힌트: 셋"]


@pytest.mark.parametrize("ok", [True, torch.tensor(True), 1])
def test_check_passes(ok: object) -> None:
    checks.check(ok, "말하지 않습니다")


def test_check_raises() -> None:
    with pytest.raises(checks.Mistake, match="틀렸습니다"):
        checks.check(torch.tensor(False), "틀렸습니다")


@pytest.mark.parametrize(
    ("got", "said"),
    [
        (None, "None"),
        ([1, 2], "torch.Tensor여야 하는데 list"),
        (torch.zeros(3, 2), "축의 순서가 바뀌었습니다"),
        (torch.zeros(2, 3, 1), "축이 2개가 아니라 3개"),
        (torch.zeros(2, 4), r"맞는 모양 \(2, 3\), 나온 모양 \(2, 4\)"),
    ],
)
def test_check_shape_says_what_is_off(got: object, said: str) -> None:
    with pytest.raises(checks.Mistake, match=said):
        checks.check_shape(got, (2, 3), "hs")


def test_check_dtype() -> None:
    checks.check_dtype(torch.zeros(2), torch.float32, "hs")
    with pytest.raises(checks.Mistake, match="맞는 dtype float64, 나온 dtype float32"):
        checks.check_dtype(torch.zeros(2), torch.float64, "hs")


def test_check_close_names_the_first_wrong_entry() -> None:
    want = torch.arange(6.0).view(2, 3)
    got = want.clone()
    got[0, 2], got[1, 1] = 9, 9
    with pytest.raises(checks.Mistake) as caught:
        checks.check_close(got, want, "hs", "둘")
    assert "[0, 2]의 값이 다릅니다. 맞는 값 2, 나온 값 9 (전체 6개 가운데 2개가 다름)" in str(
        caught.value
    )
    assert caught.value.hints == ("둘",)


def test_check_close_is_strict() -> None:
    checks.check_close(torch.tensor([1, 2]), torch.tensor([1, 2]), "ids")
    checks.check_close(0.5, torch.tensor(0.5), "loss")
    checks.check_close(torch.ones(2, requires_grad=True), torch.ones(2), "hs")
    for got in (torch.tensor([1.0, float("nan")]), torch.ones(1), torch.ones(2) * 1.001):
        with pytest.raises(checks.Mistake):
            checks.check_close(got, torch.ones(2), "hs")
    with pytest.raises(checks.Mistake):  # large integers must not meet in float
        checks.check_close(torch.tensor([2**60 + 1]), torch.tensor([2**60]), "ids")


def test_works_without_ipython() -> None:
    code = (
        "import sys; sys.modules['IPython'] = None; import checks; "
        "raise checks.Mistake('한 문장', '둘째')"
    )
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", code], cwd=BOOK, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 1
    assert "한 문장" in done.stderr
    assert "두 번째 힌트: 둘째" in done.stderr


def test_in_a_notebook_no_traceback_and_folded_hints(tmp_path: Path) -> None:
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    cell = f"import sys; sys.path.insert(0, {str(BOOK)!r})\nimport checks"
    fails = "checks.check(1 == 2, '둘은 다릅니다', '<b>둘</b>', '셋')"
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell), nbformat.v4.new_code_cell(fails)]
    )
    client = nbclient.NotebookClient(
        notebook,
        kernel_name="python3",
        allow_errors=True,
        resources={"metadata": {"path": tmp_path}},
    )
    client.execute()
    outputs = notebook.cells[1].outputs
    error = next(o for o in outputs if o.output_type == "error")
    assert (error.ename, error.evalue, error.traceback) == (
        "Mistake",
        "둘은 다릅니다",
        ["✗ 둘은 다릅니다"],
    )
    folded = next(o.data["text/html"] for o in outputs if "data" in o)
    assert folded.count("<details>") == 2
    assert "&lt;b&gt;둘" in folded


def in_parts(*bodies) -> str:
    """What a cell with these parts (points, title, what it raises or None) tells; "" for nothing."""
    try:
        with checks.parts() as part:
            for points, title, raised in bodies:
                with part(points, title):
                    if raised is not None:
                        raise raised
    except checks.Unmet as unmet:
        return f"{unmet}\n{unmet.parts}"
    return ""


def test_all_parts_hold_and_nothing_is_said() -> None:
    assert in_parts((4, "모양", None), (6, "값", None)) == ""


def test_every_part_is_tried_and_every_failure_is_told() -> None:
    told = in_parts(
        (4, "모양", checks.Mistake("모양이 다릅니다.", "힌트")),
        (2.5, "dtype", None),
        (1, "값", ValueError("둘\n셋")),
        (1, "보통", AssertionError()),
        (1, "아직", NotImplementedError()),
    )
    assert told.splitlines() == [
        "부분 점수 2.5점입니다.",
        "✗ 모양 (4점): 모양이 다릅니다.",
        "✓ dtype (2.5점)",
        "✗ 값 (1점): 오류가 났습니다: ValueError: 둘 셋",
        "✗ 보통 (1점): 조건이 맞지 않습니다.",
        "✗ 아직 (1점): 아직 작성하지 않았습니다.",
        "('모양이 다릅니다.', '', '오류가 났습니다: ValueError: 둘 셋', '조건이 맞지 않습니다.', "
        "'아직 작성하지 않았습니다.')",
    ]


def test_the_hints_are_those_of_the_first_mistake_and_it_pickles() -> None:
    with pytest.raises(checks.Unmet) as caught:
        with checks.parts() as part:
            with part(1, "하나"):
                raise ValueError
            with part(1, "둘"):
                raise checks.Mistake("둘", "힌트")
    copy = pickle.loads(pickle.dumps(caught.value))
    assert copy.hints == ("힌트",) and copy.parts == caught.value.parts and len(copy.parts) == 2


def test_an_error_that_is_the_same_everywhere_is_told_once() -> None:
    with pytest.raises(NotImplementedError):
        in_parts((1, "하나", NotImplementedError()), (1, "둘", NotImplementedError()))


def test_an_error_between_parts_ends_the_test_and_keeps_what_held() -> None:
    with pytest.raises(checks.Unmet) as caught:
        with checks.parts() as part:
            with part(3, "하나"):
                pass
            raise ValueError("가운데")
    assert caught.value.parts == ("", "오류가 났습니다: ValueError: 가운데")
    with pytest.raises(ZeroDivisionError):
        with checks.parts():
            raise ZeroDivisionError  # nothing was tried before it


def test_the_stop_button_stops() -> None:
    with pytest.raises(KeyboardInterrupt):
        in_parts((1, "하나", None), (1, "둘", KeyboardInterrupt()))

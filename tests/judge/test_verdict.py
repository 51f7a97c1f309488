"""From a rebuilt notebook to points and Korean sentences, through a real process."""

from __future__ import annotations

import pytest

from autograder.course import Limits
from autograder.grading.one import Paper, fingerprint, mark, parts
from autograder.judge.plan import plan
from autograder.judge.verdict import HIDDEN_FAILED
from tests.judge.lab import handed_in, toy

DOUBLE, RELU = "def double(x):\n    return x + x", "def relu(x):\n    return x.clamp(min=0)"
LIMITS = Limits(cell_seconds=2, submission_seconds=20)
PAPER = Paper("toy", toy(), toy(hidden=False, answers=False), LIMITS)


def marked(executor, answers, extras=None):
    return mark(PAPER, handed_in(answers, extras), executor)


def scores(result) -> dict[str, float]:
    return {name: each.score for name, each in result.exercises.items()}


def test_right_answers_get_everything_and_demos_do_not_run(executor):
    result = marked(executor, {"double": DOUBLE, "relu": RELU})
    assert scores(result) == {"double": 40, "relu": 60}
    assert [each.reason for each in result.exercises.values()] == ["", ""]
    assert (result.manual.score, result.manual.max_score) == (None, 10)


def test_stub_gets_nothing_and_is_told_so(executor):
    result = marked(executor, {})
    assert scores(result) == {"double": 0, "relu": 0}
    assert result.exercises["double"].reason == "아직 작성하지 않은 문제입니다."


def test_public_failure_is_told_in_the_tests_words(executor):
    result = marked(executor, {"double": "def double(x):\n    return x", "relu": RELU})
    assert scores(result) == {"double": 0, "relu": 60}
    assert result.exercises["double"].reason == "두 배가 아닙니다."


def test_hidden_failure_keeps_public_points_and_tells_nothing(executor):
    result = marked(executor, {"double": "def double(x):\n    return 4", "relu": RELU})
    double = result.exercises["double"]
    assert double.score == 10 and double.reason == HIDDEN_FAILED
    assert "SECRET" not in double.reason


def test_syntax_error_and_crash_are_told_of_the_answer_cell(executor):
    result = marked(executor, {"double": "def double(x)\n    return x", "relu": "relu = 1 / 0"})
    assert "문법 오류" in result.exercises["double"].reason
    assert "ZeroDivisionError" in result.exercises["relu"].reason


def test_endless_loop_costs_its_exercise_only(executor):
    loop = "def double(x):\n    while True:\n        pass"
    result = marked(executor, {"double": loop, "relu": RELU})
    assert scores(result) == {"double": 0, "relu": 60}
    assert "시간 안에 끝나지 않았습니다" in result.exercises["double"].reason


@pytest.mark.parametrize(
    "answer",
    [
        "def relu(x):\n    return F.relu(x)",
        "from torch.nn.functional import relu as r\ndef relu(x):\n    return r(x)",
        "def relu(x):\n    return getattr(torch, 're' + 'lu')(x)",
    ],
)
def test_banned_call_costs_the_whole_exercise(executor, answer):
    result = marked(executor, {"double": DOUBLE, "relu": answer})
    assert scores(result) == {"double": 40, "relu": 0}
    assert "쓸 수 없는 함수" in result.exercises["relu"].reason


@pytest.mark.parametrize(
    "answer",
    [
        "import warnings\ndef double(x):\n    warnings.warn('careful')\n    return 2 * x",
        "import sys\ndef double(x):\n    print('dbg', file=sys.stderr)\n    return 2 * x",
        "print('hello')\ndouble = lambda x: 2 * x\ndouble(1)",
    ],
)
def test_noise_costs_nothing(executor, answer):
    assert scores(marked(executor, {"double": answer, "relu": RELU}))["double"] == 40


def test_printed_numbers_earn_nothing(executor):
    answer = "def double(x):\n    print(40)\n    return 40.0\n40.0"
    assert scores(marked(executor, {"double": answer}))["double"] == 0


def test_own_cells_run_in_place_and_their_failure_costs_nothing(executor):
    result = marked(
        executor,
        {"double": "def double(x):\n    return helper(x)", "relu": RELU},
        {"given": "def helper(x):\n    return 2 * x", "double": "print('mine'); 1 / 0"},
    )
    assert scores(result) == {"double": 40, "relu": 60}
    shown = "".join(o.get("text", "") for o in result.exercises["double"].outputs)
    assert "mine" in shown and "ZeroDivisionError" in shown


def test_graded_notebook_shows_our_tests_and_why_they_failed(executor):
    result = marked(executor, {"double": "def double(x):\n    return 4"})
    cells = {cell.id: cell for cell in result.notebook.cells}
    assert "double(7)" in cells["double-hidden"].source
    assert cells["double-hidden"].outputs[-1].ename == "불통과"
    assert cells["double-public"].outputs == []


def test_fingerprint_changes_with_answers_tests_points_and_limits():
    def key(paper, notebook):
        return fingerprint(parts(paper, plan(notebook, paper.source), notebook))

    base = key(PAPER, handed_in({"double": DOUBLE}))
    assert base == key(PAPER, handed_in({"double": DOUBLE}))
    assert base != key(PAPER, handed_in({"double": DOUBLE + " "}))
    harder = toy()
    harder.cells[3].source += "\nassert double(0) == 0"
    other_points = toy()
    other_points.cells[3].metadata.nbgrader.points = 31
    for source in (harder, other_points):
        paper = Paper("toy", source, PAPER.release, LIMITS)
        assert base != key(paper, handed_in({"double": DOUBLE}))
    paper = Paper("toy", PAPER.source, PAPER.release, Limits(cell_seconds=3))
    assert base != key(paper, handed_in({"double": DOUBLE}))

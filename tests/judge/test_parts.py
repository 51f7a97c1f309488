"""Points in parts: what is declared in our test cell, what is earned, what a student cannot add."""

from __future__ import annotations

from pathlib import Path

import pytest
from nbgrader.utils import determine_grade

from autograder.course import Limits
from autograder.grading.one import Paper, mark
from autograder.judge.points import declared
from autograder.judge.verdict import HIDDEN_FAILED
from tests.judge.lab import handed_in, toy

LIMITS = Limits(call_seconds=1, cell_seconds=3, submission_seconds=20)
CHECKS = (Path(__file__).parents[2] / "book" / "checks.py").read_bytes()
PUBLIC = """
import checks
with checks.parts() as part:
    with part(4, "모양"):
        checks.check(relu(torch.zeros(2)).shape == (2,), "모양이 다릅니다.", "힌트")
    with part(6, "음수"):
        checks.check(relu(torch.tensor(-1.)) == 0, "음수가 남습니다.")
    with part(10, "양수"):
        checks.check(relu(torch.tensor(2.)) == 2, "양수가 달라집니다.")
"""
HIDDEN = """
import checks
with checks.parts() as part:
    with part(15, "비밀 하나"):
        assert torch.equal(relu(torch.tensor([-3., 4.])), torch.tensor([0., 4.])), "HIDDEN-1"
    with part(25, "비밀 둘"):
        assert relu(torch.tensor(5.)) == 5, "HIDDEN-2"
"""


def paper(public: str = PUBLIC, hidden: str = HIDDEN) -> Paper:
    source = toy()
    tests = {"relu-public": public, "relu-hidden": hidden}
    for cell in source.cells:
        cell.source = tests.get(cell.id, cell.source)
    release = toy(hidden=False, answers=False)
    return Paper("toy", source, release, LIMITS, {"checks.py": CHECKS})


def relu(executor, body: str, **tests):
    answer = f"def relu(x):\n    {body}"
    return mark(paper(**tests), handed_in({"relu": answer}), executor)


def test_the_sum_of_the_parts_that_held(executor):
    result = relu(executor, "return x")
    public, hidden = result.exercises["relu"].checks
    assert (public.score, public.passed, hidden.score, hidden.passed) == (14, False, 25, False)
    assert result.exercises["relu"].score == 39
    assert [(p["title"], p["points"], p["passed"]) for p in public.parts] == [
        ("모양", 4, True), ("음수", 6, False), ("양수", 10, True),
    ]  # fmt: skip
    assert result.exercises["relu"].reason == "[음수] 음수가 남습니다."
    assert relu(executor, "return x.clamp(min=0)").exercises["relu"].score == 60


def test_all_failures_are_told_and_a_hidden_one_in_no_word(executor):
    exercise = relu(executor, "return -x").exercises["relu"]
    assert exercise.reason == "[음수] 음수가 남습니다. [양수] 양수가 달라집니다."
    exercise = relu(executor, "return x.clamp(0, 2)").exercises["relu"]
    assert exercise.score == 20 and exercise.reason == HIDDEN_FAILED


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("raise NotImplementedError()", "아직 작성하지 않은 문제입니다."),
        ("return torch.relu(x)", "이 문제에서 쓸 수 없는 함수를 불렀습니다"),
        ("return getattr(torch, 're' + 'lu')(x) if x.dim() == 0 else x", "쓸 수 없는 함수"),
        ("while x.dim() == 0: pass\n    return x", "시간 안에 끝나지 않았습니다"),
        ("__import__('os')._exit(0) if x.dim() == 0 else 0\n    return x", "프로세스가 끝나"),
    ],
)
def test_what_costs_the_whole_cell(executor, body, reason):
    exercise = relu(executor, body).exercises["relu"]
    assert exercise.score == 0 and reason in exercise.reason
    assert all(check.parts == [] for check in exercise.checks)


def test_an_error_between_parts_costs_what_comes_after_it(executor):
    public = PUBLIC.replace("    with part(10", "    got = relu('word')\n    with part(10")
    exercise = relu(executor, "return x.clamp(min=0)", public=public).exercises["relu"]
    assert exercise.checks[0].score == 10
    assert "AttributeError" in exercise.checks[0].parts[2]["message"]


def test_the_notebook_for_nbgrader_bears_the_same_score(executor):
    for body in ("return x", "return x.clamp(min=0)", "raise NotImplementedError()", "return -x"):
        result = relu(executor, body)
        for cell in result.notebook.cells:
            if cell.id in ("relu-public", "relu-hidden"):
                (check,) = (c for c in result.exercises["relu"].checks if c.grade_id == cell.id)
                assert determine_grade(cell) == (check.score, check.max_score)


def test_points_are_read_from_the_text_of_our_cell_only():
    assert [part.points for part in declared(PUBLIC)] == [4, 6, 10]
    for source in (
        PUBLIC.replace("part(4,", "part(n,"),
        PUBLIC.replace("part(4,", "part(True,"),
        PUBLIC.replace('"모양"', "title"),
    ):
        assert [part.points for part in declared(source)] == [6, 10]
    for source in (
        PUBLIC.replace("checks.parts", "other.parts"),
        "%magic",
        "x = 1",
        "with a: pass",
    ):
        assert declared(source) == []

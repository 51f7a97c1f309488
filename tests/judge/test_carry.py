"""An exercise that builds on an earlier one is judged again with the reference in its place."""

from __future__ import annotations

import pytest

from autograder.course import Limits
from autograder.grading.one import Paper, fingerprint, mark, parts
from autograder.judge import carry
from autograder.judge.plan import plan
from tests.judge.lab import handed_in, toy

LIMITS = Limits(call_seconds=2, cell_seconds=3, submission_seconds=20)
WRONG = "def double(x):\n    return 3 * x"
RIGHT = "def double(x):\n    return x + x"
RELU = "def relu(x):\n    return double(x).clamp(min=0) / 2"


def paper(asked=("double",), tests: dict[str, str] | None = None, reference: str = "") -> Paper:
    """The toy lab whose second exercise may be carried over names of the first."""
    source = toy()
    for cell in source.cells:
        if cell.id == "relu" and asked:
            cell.metadata.course.carry = list(asked)
        if cell.id == "double" and reference:
            cell.source = f"# [toy:double]\n{reference}"
        cell.source = (tests or {}).get(cell.id, cell.source)
    return Paper("toy", source, toy(hidden=False, answers=False), LIMITS)


def marked(executor, double, relu=RELU, extras=None, **about):
    return mark(paper(**about), handed_in({"double": double, "relu": relu}, extras), executor)


def scores(result) -> dict[str, float]:
    return {name: each.score for name, each in result.exercises.items()}


def test_the_second_exercise_gets_its_points_and_the_first_gets_none(executor):
    result = marked(executor, WRONG)
    assert scores(result) == {"double": 0, "relu": 60}
    relu, double = result.exercises["relu"], result.exercises["double"]
    assert relu.carried == ["double"] and double.carried == []
    assert relu.reason == (
        "앞에서 만든 double 대신 우리가 만든 것을 넣고 채점했습니다. "
        "앞 문제가 아직 맞지 않기 때문이며, 앞 문제의 점수는 그대로입니다."
    )
    assert all(check.passed and not check.message for check in relu.checks)
    cells = {cell.id: cell for cell in result.notebook.cells}
    assert cells["relu-hidden"].outputs == [] and cells["double-public"].outputs != []


def test_who_asked_for_nothing_gets_nothing(executor):
    assert scores(marked(executor, WRONG, asked=())) == {"double": 0, "relu": 20}


def test_right_answers_run_once(executor, monkeypatch):
    ran = []
    run = executor.run
    monkeypatch.setattr(executor, "run", lambda *args: ran.append(args) or run(*args))
    result = marked(executor, RIGHT)
    assert scores(result) == {"double": 40, "relu": 60} and len(ran) == 1
    assert result.exercises["relu"].carried == [] and result.exercises["relu"].reason == ""
    result = marked(executor, RIGHT, "def relu(x):\n    return double(x)")
    assert scores(result)["relu"] == 0 and len(ran) == 2  # what it builds on was right
    marked(executor, WRONG, "def relu(x):\n    return x.clamp(min=0)")
    assert len(ran) == 3  # it builds on nothing


def test_a_wrong_second_exercise_stays_wrong_with_its_own_reason(executor):
    plain = marked(executor, WRONG, "def relu(x):\n    return double(x)", asked=())
    result = marked(executor, WRONG, "def relu(x):\n    return double(x)")
    assert scores(result)["relu"] == 0 and result.exercises["relu"].carried == []
    assert result.exercises["relu"].reason == plain.exercises["relu"].reason != ""


def test_it_is_never_lower(executor):
    # Right by two wrongs: with the right `double` it would lose the points it has.
    result = marked(executor, WRONG, "def relu(x):\n    return double(x).clamp(min=0) / 3")
    assert scores(result) == {"double": 0, "relu": 60}
    only = "def relu(x):\n    return 0 * x if double(1) == 3 and x.dim() == 0 else None"
    result = marked(executor, WRONG, only)
    assert scores(result)["relu"] == 20 and result.exercises["relu"].carried == []


@pytest.mark.parametrize(
    "first", ["raise NotImplementedError()", "def double(x)\n    return", "double = 5", ""]
)
def test_whatever_is_wrong_with_the_first_answer(executor, first):
    assert scores(marked(executor, first)) == {"double": 0, "relu": 60}


def test_a_first_answer_without_end_leaves_time_for_the_second_run(executor):
    loop = "def double(x):\n    while True:\n        pass"
    assert scores(marked(executor, loop)) == {"double": 0, "relu": 60}


def test_names_that_the_answer_cell_binds_at_once_are_the_references(executor):
    relu = "twice = double\ndef relu(x, f=double):\n    return (twice(x) + f(x)).clamp(min=0) / 4"
    assert scores(marked(executor, WRONG, relu))["relu"] == 60


def test_gradients_and_changed_arguments_come_through_the_reference(executor):
    test = """
x = torch.tensor([-1.0, 2.0], requires_grad=True)
relu(x).sum().backward()
assert x.grad.tolist() == [0.0, 1.0], x.grad
"""
    result = marked(executor, WRONG, tests={"relu-public": test})
    assert scores(result)["relu"] == 60
    fill = "def double(x):\n    x.mul_(2)"
    relu = "def relu(x):\n    y = x.clone()\n    double(y)\n    return y.clamp(min=0) / 2"
    test = "assert relu(torch.tensor([-1.0, 2.0])).tolist() == [0.0, 2.0]"
    result = marked(executor, WRONG, relu, reference=fill, tests={"relu-public": test})
    assert scores(result)["relu"] == 60


def test_an_exception_of_the_reference_is_the_students_to_catch(executor):
    reference = (
        "def double(x):\n    if x is None:\n        raise ValueError('없습니다')\n    return 2 * x"
    )
    relu = """
def relu(x):
    try:
        double(None)
    except ValueError as error:
        assert str(error) == '없습니다'
        return x.clamp(min=0)
"""
    result = marked(executor, WRONG, relu, reference=reference)
    assert scores(result)["relu"] == 60 and result.exercises["relu"].carried == ["double"]


def test_a_reference_may_build_on_given_cells_and_draw_no_number_of_the_tests(executor):
    reference = "torch.manual_seed(3)\ndef double(x):\n    return F.relu(2 * x) - F.relu(-2 * x)"
    test = "assert relu(torch.tensor(-1.)) == 0 and torch.initial_seed() != 3"
    tests = {"relu-public": test}
    assert scores(marked(executor, WRONG, reference=reference, tests=tests))["relu"] == 60


def test_banned_calls_cost_the_exercise_in_the_second_run_too(executor):
    assert (
        scores(marked(executor, WRONG, "def relu(x):\n    return F.relu(double(x)) / 2"))["relu"]
        == 0
    )
    # What the reference replaced is not called; what still holds it is.
    first = "def double(x):\n    return 3 * torch.relu(x)"
    assert scores(marked(executor, first))["relu"] == 60
    for kept in ("held = double", "def held(x, f=double):\n    return f(x)"):
        relu = "def relu(x):\n    return held(x) / 3"
        assert scores(marked(executor, f"{first}\n{kept}", relu))["relu"] == 0
    again = {"relu": "from torch import relu as double"}
    assert scores(marked(executor, WRONG, "def relu(x):\n    return double(x)", again))["relu"] == 0


def test_the_key_knows_the_setting_and_the_reference_behind_it():
    notebook = handed_in({"double": WRONG, "relu": RELU})

    def key(paper):
        return parts(paper, plan(notebook, paper.source), notebook)

    plain, asked = key(paper(asked=())), key(paper())
    other = key(paper(reference="def double(x):\n    return x + x"))
    changed = {name for name in plain if plain[name] != asked[name]}
    assert changed == {"tests"} == {name for name in asked if asked[name] != other[name]}
    assert fingerprint(plain) != fingerprint(asked)
    assert plain == key(paper(asked=(), reference="def double(x):\n    return x + x"))


def test_no_word_of_the_reference_is_among_what_the_student_runs():
    given = paper()
    steps = plan(handed_in({"double": WRONG, "relu": RELU}), given.source)
    again = carry.again(steps, given.source, "relu", ("double",))
    assert [step.id for step in again] == [
        "given", "double", "relu-carry", "relu", "relu-public", "relu-hidden",
    ]  # fmt: skip
    assert [step.id for step in again if "2 * x" in step.source] == ["relu-carry"]

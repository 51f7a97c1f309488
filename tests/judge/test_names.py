"""Names of the student's, as tests find them: what they are at that moment, told or asked for."""

from __future__ import annotations

import pytest

from autograder.sandbox.executor import Step
from tests.judge.bench import LIMITS, assert_passes


def statuses(executor, *steps: Step) -> list[str]:
    return [run.status for run in executor.run(steps, {}, LIMITS)]


def test_a_call_may_bind_a_name_anew(executor):
    answer = """
def f():
    return 1

def change():
    global f
    def f():
        return 2

def back():
    global f
    f = 'no function any more'
"""
    test = "assert f() == 1\nchange()\nassert f() == 2\nback()\nassert f == 'no function any more'"
    assert_passes(executor, answer, test)


def test_also_one_whose_value_cannot_cross(executor):
    answer = """
import math

def f():
    return 1

def change():
    global f
    f = lambda: 2
    return math
"""
    test = "try:\n    change()\nexcept TypeError:\n    pass\nassert f() == 2"
    assert_passes(executor, answer, "assert f() == 1", test)


def test_so_may_a_cell_of_the_students_own(executor):
    steps = [
        Step("a", "def f():\n    return 1", "answer", "a", ("f",)),
        Step("t1", "assert f() == 1", "test", "a", ("f",)),
        Step("x", "f_old = f\ndef f():\n    return f_old() + 1", "extra"),
        Step("t2", "assert f() == 2", "test", "a", ("f",)),
        Step("y", "del f", "extra"),
        Step(
            "t3", "try:\n    f\nexcept NameError:\n    pass\nelse:\n    1 / 0", "test", "a", ("f",)
        ),
    ]
    assert statuses(executor, *steps) == ["ok"] * len(steps)


def test_what_a_test_puts_under_a_name_is_gone_in_the_next(executor):
    steps = [
        Step("a", "def f():\n    return 1", "answer", "a", ("f",)),
        Step("t1", "f = lambda: 5\nassert f() == 5", "test", "a", ("f",)),
        Step("t2", "assert f() == 1", "test", "a", ("f",)),
    ]
    assert statuses(executor, *steps) == ["ok"] * 3


@pytest.mark.parametrize(
    "answer",
    [
        "f = lambda x: x + 1",
        "class F:\n    def __call__(self, x):\n        return x + 1\nf = F()",
        "import functools\nf = functools.partial(lambda a, b: a + b, 1)",
        "import operator\nf = 1 .__add__",
        "import functools\n@functools.cache\ndef f(x):\n    return x + 1",
        "def f(x):\n    return x + 1\nf.__name__ = 'torch'\nf.__doc__ = 3",
    ],
)
def test_whatever_can_be_called_is_called(executor, answer):
    assert_passes(executor, answer, "assert f(1) == 2\nassert f(2) == 3")


def test_a_name_that_is_not_of_the_exercise_is_never_told(executor):
    steps = [
        Step("a", "def f():\n    return 1\ndef helper():\n    return 0", "answer", "a", ("f",)),
        Step("b", "def g():\n    return helper()", "answer", "b", ("g",)),
        Step(
            "t",
            "def helper():\n    return 9\nassert (helper(), g()) == (9, 0)",
            "test",
            "b",
            ("g",),
        ),
    ]
    assert statuses(executor, *steps) == ["ok"] * 3


def test_two_names_of_one_function(executor):
    answer = "def f(x):\n    return 2 * x\ng = f"
    assert_passes(executor, answer, "assert f(1) == g(1) == 2\nassert f is g")


@pytest.mark.parametrize("name", ["e", "z"])  # told before or after the tested one
def test_another_name_for_it_does_not_lift_a_ban(executor, name):
    answer = f"import torch\n{name} = None\ndef f(x):\n    return torch.relu(x)\n{name} = f"
    steps = [
        Step("given", "import torch", "given"),
        Step("a", answer, "answer", "a", (name, "f")),
        Step("t", "f(torch.ones(1))", "test", "a", ("f",), ("torch.relu",)),
    ]
    assert executor.run(steps, {}, LIMITS)[-1].banned == "torch.relu"

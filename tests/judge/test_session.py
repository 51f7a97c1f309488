"""What runs where, in which order, and for how long."""

from __future__ import annotations

import time

from autograder.course import Limits
from autograder.judge.verdict import _message
from autograder.sandbox.executor import Step
from tests.judge.bench import LIMITS, assert_fails, assert_passes, judged, printed


def test_tests_and_students_code_have_nothing_in_common(executor):
    answer = "import os\ndef f():\n    return os.getpid(), sorted(globals()), os.getcwd()"
    test = """
import os
secret_of_the_test = 1
pid, names, folder = f()
assert "secret_of_the_test" not in names and "f" in names and "torch" in names
open("mine.txt", "w").write("x")
print(pid == os.getpid(), folder == os.getcwd())
"""
    first, second = assert_passes(executor, answer, test, "assert secret_of_the_test == 1")
    assert "True" not in printed(first)


def test_lab_files_lie_in_both_places_and_changing_one_changes_no_other(executor):
    answer = """
open("checks.py", "w").write("def check(*a): pass")
def f():
    import data_of_lab
    return data_of_lab.x
"""
    test = """
import checks
assert f() == 3
try:
    checks.check(False)
except AssertionError:
    print("bites")
"""
    files = {"checks.py": b"def check(ok): assert ok", "data_of_lab.py": b"x = 3"}
    (run,) = assert_passes(executor, answer, test, files=files)
    assert printed(run) == "bites\n"


def test_a_later_cell_may_overwrite_an_earlier_name(executor):
    steps = [
        Step("a", "def f(x):\n    return x + 1", "answer", "a", ("f",)),
        Step("ta", "assert f(1) == 2", "test", "a", ("f",)),
        Step("g", "table = [f(1)]", "given"),
        Step("b", "def f(x):\n    return 0\ndef g():\n    return f(1)", "answer", "b", ("g",)),
        Step("tb", "assert g() == 0 and table == [2]", "test", "b", ("g",)),
        Step("again", "assert f(1) == 0", "test", "a", ("f",)),
    ]
    assert [run.status for run in executor.run(steps, {}, LIMITS)] == ["ok"] * 6


def test_a_missing_name_is_a_name_error(executor):
    run = assert_fails(executor, "def other(): pass", "f(1)", meant="def f(x): pass")
    assert run.error.name == "NameError"


def test_a_name_that_a_test_made_does_not_hide_the_next_answer(executor):
    steps = [
        Step("t", "g = 'left over by a test'", "test", "a"),
        Step("b", "def g():\n    return 5", "answer", "b", ("g",)),
        Step("tb", "assert g() == 5", "test", "b", ("g",)),
    ]
    assert executor.run(steps, {}, LIMITS)[-1].status == "ok"


def test_given_functions_may_call_the_students(executor):
    steps = [
        Step("given", "def twice(x):\n    return f(f(x))", "given"),
        Step("a", "def f(x):\n    return x + 1", "answer", "a", ("f",)),
        Step("t", "assert twice(1) == 3", "test", "a", ("f",)),
    ]
    assert [run.status for run in executor.run(steps, {}, LIMITS)] == ["ok"] * 3


def test_one_call_has_a_limit_of_its_own_and_later_tests_go_on(executor):
    answer = "def f(x):\n    while x:\n        pass\n    return 1"
    limits = Limits(call_seconds=0.5, cell_seconds=5, submission_seconds=20)
    started = time.monotonic()
    slow, fine = judged(executor, answer, "f(1)", "assert f(0) == 1", limits=limits)
    assert time.monotonic() - started < 4
    assert (slow.status, slow.limit, fine.status) == ("timeout", "call", "ok")
    assert "함수를 한 번 부르는 데 0.5초" in _message(slow, None, None, limits)


def test_swallowing_a_timeout_does_not_pass(executor):
    answer = "def f():\n    while True:\n        pass"
    test = "try:\n    f()\nexcept BaseException:\n    pass"
    limits = Limits(call_seconds=0.5, cell_seconds=5, submission_seconds=20)
    (run,) = judged(executor, answer, test, limits=limits)
    assert run.status == "timeout"


def test_a_test_that_loops_itself_is_interrupted(executor):
    limits = Limits(call_seconds=5, cell_seconds=1, submission_seconds=20)
    answer = "def f():\n    return 1"
    loop, many, fine = judged(
        executor,
        answer,
        "while True:\n    pass",
        "while True:\n    f()",
        "assert f() == 1",
        limits=limits,
    )
    assert (loop.status, loop.limit) == ("timeout", "cell")
    assert (many.status, fine.status) == ("timeout", "ok")


def test_code_that_cannot_be_interrupted_ends_its_own_test_only(executor):
    answer = """
def f(x):
    while x:
        try:
            while True: pass
        except BaseException: pass
    return 1
"""
    limits = Limits(call_seconds=0.5, cell_seconds=2, submission_seconds=20)
    slow, fine = judged(executor, answer, "f(1)", "assert f(0) == 1", limits=limits)
    assert (slow.status, fine.status) == ("timeout", "ok")


def test_a_function_that_ends_the_process_ends_its_own_test_only(executor):
    answer = "import os\ndef f(x):\n    if x: os._exit(0)\n    return 1"
    dead, fine = judged(executor, answer, "f(1)", "assert f(0) == 1")
    assert (dead.status, fine.status) == ("died", "ok")


def test_output_of_a_call_is_cut(executor):
    answer = "def f():\n    print('x' * 10**6)"
    (run,) = judged(executor, answer, "f()")
    assert run.status == "ok" and 1000 < len(printed(run)) < 70_000


def test_a_banned_call_counts_only_in_the_exercise_that_bans_it(executor):
    steps = [
        Step("given", "import torch", "given"),
        Step("a", "def f(x):\n    return torch.relu(x)", "answer", "a", ("f",)),
        Step("b", "def g(x):\n    return x", "answer", "b", ("g",)),
        Step("t", "g(f(torch.ones(1)))", "test", "b", ("g",), ("torch.relu",)),
        Step("u", "f(torch.ones(1))", "test", "a", ("f",), ("torch.relu",)),
    ]
    *_, fine, caught = executor.run(steps, {}, LIMITS)
    assert (fine.status, fine.banned) == ("ok", None)
    assert (caught.status, caught.banned) == ("error", "torch.relu")


def test_a_method_of_a_banned_exercise_is_guarded_too(executor):
    answer = """
class Block(nn.Module):
    def forward(self, x):
        return torch.relu(x)
"""
    test = "Block()(torch.ones(1))"
    (run,) = judged(executor, answer, test, banned=["torch.relu"])
    assert run.banned == "torch.relu"


def test_machinery_works_while_its_own_tools_are_banned(executor):
    answer = "def f(step, x):\n    return step(x) + x"
    test = "assert f(lambda x: 2 * x, torch.ones(2)).tolist() == [3, 3]"
    banned = ["torch.Tensor.detach", "torch.Tensor.clone", "torch.Tensor.numpy"]
    assert_passes(executor, answer, test, banned=banned)

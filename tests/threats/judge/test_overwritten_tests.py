"""The student's cells define what a test defines, or take its place."""

from autograder.sandbox.executor import Step
from tests.judge.bench import LIMITS, assert_fails, judged


def test_a_tests_own_names_are_its_own(executor):
    answer = "want = 1\nchecked = True\ndef expected(x): return x\ndef f(x): return x"
    test = "def expected(x): return 2 * x\nwant = expected(2)\nassert f(2) == want"
    assert_fails(executor, answer, test, meant="def f(x): pass")


def test_a_cell_with_a_tests_id_does_not_replace_it(executor):
    steps = [
        Step("a", "def f(x): return x", "answer", "a", ("f",)),
        Step("own", "test0 = 'ok'; status = 'ok'", "extra"),
        Step("test0", "assert f(2) == 4", "test", "a", ("f",)),
    ]
    assert executor.run(steps, {}, LIMITS)[-1].status == "error"


def test_overwriting_the_function_after_its_test_changes_nothing_before(executor):
    steps = [
        Step("a", "def f(x): return x", "answer", "a", ("f",)),
        Step("ta", "assert f(2) == 4", "test", "a", ("f",)),
        Step("own", "f = lambda x: 4", "extra"),
    ]
    assert executor.run(steps, {}, LIMITS)[1].status == "error"
    (run,) = judged(executor, "def f(x): return 4", "assert f(2) == 4", extras=["del f"])
    assert run.status == "error" and run.error.name == "NameError"

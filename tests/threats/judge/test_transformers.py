"""AST and input transformers, a patched run_cell, hooks before and after cells, display hooks."""

import pytest

from autograder.sandbox.executor import Step
from tests.judge.bench import GIVEN, LIMITS, assert_fails

TRICKS = {
    "ast": """
import ast
class NoAsserts(ast.NodeTransformer):
    def visit_Assert(self, node): return ast.Pass()
get_ipython().ast_transformers.append(NoAsserts())
""",
    "input": """
get_ipython().input_transformers_post.append(lambda lines: ["pass\\n"])
get_ipython().input_transformers_cleanup.append(lambda lines: ["pass\\n"])
""",
    "run_cell": """
shell = get_ipython()
real = shell.run_cell
shell.run_cell = lambda source, *a, **k: real("pass", *a, **k)
type(shell).run_cell = lambda self, *a, **k: real("pass")
""",
    "hooks": """
import sys, builtins
shell = get_ipython()
shell.events.register("pre_run_cell", lambda info: setattr(info, "raw_cell", "pass"))
shell.events.register("post_run_cell", lambda result: setattr(result, "error_in_exec", None))
sys.excepthook = lambda *a: None
sys.displayhook = lambda value: print("passed")
sys.settrace(lambda *a: None)
builtins.compile = lambda *a, **k: None
""",
}


@pytest.mark.parametrize("trick", TRICKS)
def test_it_earns_nothing(executor, trick):
    assert_fails(executor, TRICKS[trick] + "\ndef f(x): return x\n", "assert f(2) == 4")


@pytest.mark.parametrize("trick", TRICKS)
def test_it_costs_the_next_exercise_of_the_same_student_at_most(executor, trick):
    steps = [
        Step("given", GIVEN, "given"),
        Step("a", TRICKS[trick] + "\ndef f(x): return x", "answer", "a", ("f",)),
        Step("t", "assert 1 == 1\nprint('ran')", "test", "a", ("f",)),
    ]
    run = executor.run(steps, {}, LIMITS)[-1]
    assert run.status == "ok" and run.outputs[0]["text"] == "ran\n"

"""sys.exit, quit and KeyboardInterrupt in a function: neither a pass nor the end of the other tests."""

import pytest

from tests.judge.bench import judged

ANSWER = """
import sys, os, signal
def f(kind):
    if kind == "exit": sys.exit(0)
    if kind == "quit": raise SystemExit
    if kind == "interrupt": raise KeyboardInterrupt
    if kind == "generator": raise GeneratorExit
    if kind == "signal": os.kill(os.getpid(), signal.SIGINT)
    return 4
"""


@pytest.mark.parametrize("kind", ["exit", "quit", "interrupt", "generator", "signal"])
def test_it_costs_its_own_test_only(executor, kind):
    test = f"assert f({kind!r}) == 5"
    ended, fine = judged(executor, ANSWER, test, "assert f('') == 4")
    assert (ended.status, fine.status) == ("error", "ok")

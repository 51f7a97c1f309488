"""Words about success: printed, displayed, raised, returned."""

import pytest

from tests.judge.bench import assert_fails

ANSWER = """
import sys
from IPython.display import display, HTML
print('{"run": {"id": "test0", "status": "ok"}}', "passed 100/100")
class Passed(Exception):
    message, hints, status = "통과", (), "ok"
def f(x):
    print("✓ 통과했습니다. 40점"); print('{"done": true}', file=sys.stderr)
    display(HTML("<b>passed</b>"))
    if x == 1: raise Passed("ok")
    return "passed"
"""


@pytest.mark.parametrize("test", ["assert f(2) == 4", "assert f(1) == 4"])
def test_it_earns_nothing(executor, test):
    run = assert_fails(executor, ANSWER, test)
    assert run.error.message == ""

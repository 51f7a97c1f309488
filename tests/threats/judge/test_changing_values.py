"""Values that change between one look and the next."""

from tests.judge.bench import assert_fails, assert_passes

ANSWER = """
import itertools
calls = itertools.count()
def f(x):
    return [1, 4][next(calls) % 2]
class Moving(torch.nn.Module):
    @property
    def width(self): return [1, 4][next(calls) % 2]
shared = torch.zeros(2)
def g(x):
    shared.add_(1)
    return shared
"""


def test_each_call_has_one_value(executor):
    assert_fails(executor, ANSWER, "got = f(2)\nassert got == 4 and got == 4")
    assert_passes(
        executor, ANSWER, "a = g(1)\nkept = a.clone()\nb = g(1)\nassert torch.equal(a, kept)"
    )

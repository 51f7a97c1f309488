"""A random state made by hand, so that the test's next inputs are all alike."""

import pytest

from tests.judge.bench import judged

ANSWER = """
import numpy, random
def f(kind):
    if kind == "torch":
        state = torch.get_rng_state()
        state[24:24 + 624 * 8] = 0
        torch.set_rng_state(state)
    if kind == "numpy":
        numpy.random.set_state(("MT19937", numpy.zeros(624, numpy.uint32), 0))
    if kind == "python":
        random.setstate((3, tuple([0] * 624 + [624]), None))
    return 4
"""


@pytest.mark.parametrize("kind", ["torch", "numpy", "python"])
def test_it_is_refused(executor, kind):
    test = f"got = f({kind!r})\nassert got == 4 and len(set(torch.rand(4).tolist())) == 1"
    (run,) = judged(executor, ANSWER, test)
    assert run.status == "error" and run.error.name in ("CannotCross", "AssertionError")

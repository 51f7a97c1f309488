"""What costs nothing when the answer is right, and what earns nothing when it is not."""

from __future__ import annotations

import pytest

from autograder.sandbox.executor import Step
from tests.judge.bench import GIVEN, LIMITS, assert_fails, assert_passes

TEST = """
x = torch.linspace(-1, 1, 6).view(2, 3)
got = f(x)
assert torch.allclose(torch.as_tensor(got).double(), 2 * x.double())
y = x.double().requires_grad_()
assert torch.equal(torch.autograd.grad(f(y).sum(), y)[0], torch.full((2, 3), 2.0).double())
"""

COSTS_NOTHING = {
    "warning": """
import warnings
def f(x):
    warnings.warn('careful')
    return 2 * x
""",
    "error log": """
import sys, logging
def f(x):
    logging.error('no')
    print(1, file=sys.stderr)
    return 2 * x
""",
    "print": """
def f(x):
    print('debug', x)
    return 2 * x
""",
    "many prints": """
def f(x):
    for i in range(10**4): print(i)
    return 2 * x
""",
    "progress bar": """
from tqdm.auto import tqdm
def f(x):
    for _ in tqdm(range(20)): pass
    return 2 * x
""",
    "slow": """
import time
def f(x):
    time.sleep(0.5)
    return 2 * x
""",
    "helper": """
def helper(x):
    return x + x
def f(x):
    return helper(x)
""",
    "lambda": """
f = lambda x: x * 2
""",
    "partial": """
import functools
f = functools.partial(torch.mul, 2)
""",
    "decorated": """
import functools
def log(g):
    @functools.wraps(g)
    def h(*a, **k): return g(*a, **k)
    return h
@log
def f(x): return 2 * x
""",
    "callable object": """
class F:
    def __call__(self, x): return 2 * x
f = F()
""",
    "in-place on a copy": """
def f(x):
    y = x.clone()
    y *= 2
    return y
""",
    "parameter subclass": """
class T(torch.Tensor): pass
def f(x):
    return (2 * x).as_subclass(T)
""",
    "non-contiguous": """
def f(x):
    return (2 * x).T.contiguous().T
""",
    "expanded graph": """
def f(x):
    return torch.stack([row * 2 for row in x.unbind()])
""",
    "global seed": """
torch.manual_seed(0)
def f(x):
    torch.manual_seed(1); torch.rand(3)
    return 2 * x
""",
    "figure": """
import matplotlib.pyplot as plt
plt.plot([1, 2]); plt.show()
def f(x):
    plt.figure(); plt.plot([1])
    return 2 * x
""",
    "magic": """
%matplotlib inline
%time 1 + 1
def f(x):
    return 2 * x
""",
    "display": """
def f(x):
    display('x')
    return 2 * x
""",
    "default dtype": """
torch.set_default_dtype(torch.float64)
def f(x):
    return 2 * x
""",
    "cached": """
cache = {}
def f(x):
    cache[len(cache)] = x
    return 2 * cache[len(cache) - 1]
""",
    "thread": """
import threading
def f(x):
    out = []
    t = threading.Thread(target=lambda: out.append(2 * x))
    t.start()
    t.join()
    return out[0]
""",
}


@pytest.mark.parametrize("name", COSTS_NOTHING)
def test_it_costs_nothing(executor, name):
    assert_passes(executor, COSTS_NOTHING[name], TEST)


def test_other_dtypes_are_accepted_where_the_test_does(executor):
    assert_passes(
        executor,
        "def f(x):\n    return (2 * x).double().numpy()",
        "x = torch.ones(3)\nassert torch.allclose(torch.as_tensor(f(x)).float(), 2 * x)",
    )


def test_a_helper_in_an_own_cell_and_a_broken_own_cell_cost_nothing(executor):
    steps = [
        Step("given", GIVEN, "given"),
        Step("own", "def helper(x): return 2 * x", "extra"),
        Step("a", "def f(x):\n    return helper(x)", "answer", "a", ("f",)),
        Step("broken", "1 / 0", "extra"),
        Step("t", TEST, "test", "a", ("f",)),
    ]
    assert executor.run(steps, {}, LIMITS)[-1].status == "ok"


EARNS_NOTHING = {
    "tensor(0.)": "def f(x):\n    return torch.tensor(0.)",
    "False": "def f(x):\n    return False",
    "None": "def f(x):\n    print(2 * x)",
    "printed": "def f(x):\n    print(4)\n    return 0\nprint(100)",
    "ellipsis": "def f(x): ...",
    "detached": "def f(x):\n    return (2 * x).detach()",
    "raises": "def f(x):\n    raise NotImplementedError()",
    "returns the exception": "def f(x):\n    return AssertionError()",
}


@pytest.mark.parametrize("name", EARNS_NOTHING)
def test_it_earns_nothing(executor, name):
    assert_fails(executor, EARNS_NOTHING[name], TEST)

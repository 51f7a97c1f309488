"""Calls across the wall: what a test cell sees of a student's functions, modules and values."""

from __future__ import annotations

import pytest

from tests.judge.bench import assert_fails, assert_passes, judged

NET = """
class Net(nn.Module):
    def __init__(self, width=3):
        super().__init__()
        self.width = width
        self.inner = nn.Linear(2, width, bias=False)
        self.outer = nn.Linear(width, 1)
    def forward(self, x, scale=1.0):
        return self.outer(torch.tanh(self.inner(x))) * scale
"""


def test_values_of_every_kind_come_back(executor):
    answer = """
from collections import namedtuple, OrderedDict
import numpy as np
Pair = namedtuple("Pair", "left right")
def f(x, *, key=None):
    return {"t": x * 2, "n": [1, 2.5, None, True, "가", b"b"], "key": key, "pair": Pair(1, x),
            "array": np.arange(3), "dtype": x.dtype, "shape": x.shape}
"""
    test = """
x = torch.tensor([1.0, 2.0], dtype=torch.bfloat16)
got = f(x, key=("a", 3))
assert torch.equal(got["t"], x * 2) and got["t"].dtype == torch.bfloat16
assert got["n"] == [1, 2.5, None, True, "가", b"b"] and got["key"] == ("a", 3)
assert got["pair"].left == 1 and got["pair"].right is x
assert got["array"].tolist() == [0, 1, 2] and got["dtype"] is torch.bfloat16
assert got["shape"] == torch.Size([2]) and type(got) is dict
"""
    assert_passes(executor, answer, test)


def test_changed_arguments_are_written_back_with_aliases(executor):
    answer = """
def f(a, rows, table):
    a += 1
    rows.append(a[0].item())
    table["sum"] = a.sum()
    return a
def g(a):
    a[0] = 5
    raise ValueError("after the change")
"""
    test = """
base = torch.zeros(4)
view, rows, table = base[1:], [], {}
out = f(view, rows, table)
assert base.tolist() == [0, 1, 1, 1] and out is view
assert rows == [1.0] and table["sum"].item() == 3
try:
    g(base)
except ValueError as error:
    assert str(error) == "after the change"
assert base[0] == 5
"""
    assert_passes(executor, answer, test)


def test_grad_of_arguments_is_written_back(executor):
    answer = """
def f(w):
    (w ** 2).sum().backward()
def g(w):
    w.grad.mul_(0.5)
"""
    test = """
w = torch.tensor([3.0], requires_grad=True)
f(w)
assert w.grad.tolist() == [6.0]
g(w)
assert w.grad.tolist() == [3.0]
leaf = torch.tensor([2.0], requires_grad=True)
f(3 * leaf)     # no leaf of its own: the gradient flows on
assert leaf.grad.tolist() == [36.0]
"""
    assert_passes(executor, answer, test)


def test_modes_travel_along(executor):
    answer = """
def f():
    return torch.is_grad_enabled(), torch.is_inference_mode_enabled(), torch.ones(1).dtype
def sloppy():
    torch.set_grad_enabled(False); torch.set_default_dtype(torch.float64)
"""
    test = """
assert f() == (True, False, torch.float32)
with torch.no_grad():
    assert f() == (False, False, torch.float32)
with torch.inference_mode():
    assert f()[1]
torch.set_default_dtype(torch.float64)
assert f()[2] is torch.float64
torch.set_default_dtype(torch.float32)
sloppy()
assert torch.is_grad_enabled() and f() == (True, False, torch.float32)
"""
    assert_passes(executor, answer, test)


def test_global_random_state_goes_and_comes_back(executor):
    answer = """
import random, numpy
def f():
    return torch.rand(2), random.random(), numpy.random.rand(), numpy.random.randn()
"""
    test = """
import random, numpy
def seed():
    torch.manual_seed(3); random.seed(3); numpy.random.seed(3)
seed()
want = torch.rand(2), random.random(), numpy.random.rand(), numpy.random.randn()
then = torch.rand(2), random.random(), numpy.random.rand(), numpy.random.randn()
seed()
got = f()
assert torch.equal(got[0], want[0]) and got[1:] == want[1:]
after = torch.rand(2), random.random(), numpy.random.rand(), numpy.random.randn()
assert torch.equal(after[0], then[0]) and after[1:] == then[1:]
"""
    assert_passes(executor, answer, test)


def test_random_state_comes_back_with_a_value_that_cannot(executor):
    answer = "import sys\ndef f():\n    torch.rand(2)\n    return sys"
    test = """
torch.manual_seed(3)
_, want = torch.rand(2), torch.rand(1)
torch.manual_seed(3)
try:
    f()
except Exception:
    pass
else:
    raise AssertionError("a module came across")
assert torch.equal(torch.rand(1), want)
"""
    assert_passes(executor, answer, test)


def test_generators_cross_with_their_state(executor):
    answer = "def f(generator):\n    return torch.rand(3, generator=generator)"
    test = """
ours, twin = torch.Generator().manual_seed(7), torch.Generator().manual_seed(7)
assert torch.equal(f(ours), torch.rand(3, generator=twin))
assert torch.equal(torch.rand(1, generator=ours), torch.rand(1, generator=twin))
"""
    assert_passes(executor, answer, test)


def test_callbacks_run_in_the_judge(executor):
    answer = """
def f(step, n):
    state = None
    for i in range(n):
        out, state = step(i, state=state)
    return out, state
def g(stub):
    stub.items.append(1)      # by value: changes a copy only
    return stub.size, stub.twice(4), len(stub), stub[2], [x for x in stub], stub(5)
def h(find):
    try:
        return find("a")
    except KeyError:
        return "missing"
"""
    test = """
seen = []
def step(token, state):
    seen.append((token, state))
    return torch.tensor([token]), (state or 0) + 10
got = f(step, 3)
assert got[0].tolist() == [2] and got[1] == 30
assert seen == [(0, None), (1, 10), (2, 20)]
class Stub:
    size, items = 3, [0]
    def twice(self, x): return 2 * x
    def __len__(self): return 7
    def __getitem__(self, i): return 10 * i
    def __iter__(self): return iter([1, 2])
    def __call__(self, x): return x + 1
assert g(Stub()) == (3, 8, 7, 20, [1, 2], 6) and Stub.items == [0]
def find(key): raise KeyError(key)
assert h(find) == "missing"
"""
    assert_passes(executor, answer, test)


def test_an_exception_of_the_tests_own_passes_through(executor):
    answer = "def f(step):\n    return step(1)"
    test = """
class Off(Exception): pass
original = Off("secret words")
def step(x): raise original
try:
    f(step)
except Off as error:
    assert error is original
else:
    raise AssertionError
"""
    assert_passes(executor, answer, test)


def test_gradients_flow_through_calls_and_callbacks(executor):
    answer = """
def f(x, w):
    return torch.tanh(x @ w), (x ** 3).sum()
def detached(x, w):
    return torch.tanh(x.detach() @ w), x.sum()
def through(layer, x):
    return (layer(x) ** 2).sum()
"""
    test = """
x = torch.randn(2, 3, dtype=torch.float64, requires_grad=True)
w = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
y, s = f(x, w)
assert y.requires_grad and s.requires_grad
got = torch.autograd.grad(y.sin().sum() + s, [x, w])
want = torch.autograd.grad(torch.tanh(x @ w).sin().sum() + (x ** 3).sum(), [x, w])
for one, other in zip(got, want):
    assert torch.allclose(one, other, rtol=1e-12)
assert torch.autograd.gradcheck(lambda a, b: f(a, b)[0], (x, w))
assert torch.autograd.gradgradcheck(lambda a, b: f(a, b)[0], (x, w))
y, s = detached(x, w)
assert torch.autograd.grad(y.sum(), [x, w], allow_unused=True)[0] is None
layer = nn.Linear(3, 2).double()
loss = through(layer, x)
loss.backward()
twin = (layer(x) ** 2).sum()
for one, other in zip(layer.parameters(), torch.autograd.grad(twin, list(layer.parameters()))):
    assert torch.allclose(one.grad, other)
assert torch.allclose(x.grad, torch.autograd.grad((layer(x) ** 2).sum(), x)[0])
with torch.no_grad():
    assert not f(x, w)[0].requires_grad
"""
    assert_passes(executor, answer, test)


def test_modules_are_handles(executor):
    test = """
net = Net(width=4)
assert isinstance(net, nn.Module) and isinstance(net, Net) and net.width == 4
names = [name for name, _ in net.named_parameters()]
assert names == ["inner.weight", "outer.weight", "outer.bias"]
assert [p.shape for p in net.parameters()] == [(4, 2), (1, 4), (1,)]
state = net.state_dict()
x = torch.randn(5, 2)
want = torch.tanh(x @ state["inner.weight"].T) @ state["outer.weight"].T + state["outer.bias"]
assert torch.allclose(net(x), want) and torch.allclose(net(x, scale=2.0), 2 * want)
assert torch.allclose(net.inner(x), x @ state["inner.weight"].T)
net.load_state_dict({k: torch.ones_like(v) for k, v in state.items()})
assert all((p == 1).all() for p in net.parameters())
assert net.training and not net.eval().training and net.train().training
assert next(net.parameters()) is next(net.parameters())
net.double()
assert net(x.double()).dtype == torch.float64
net.requires_grad_(False)
assert not any(p.requires_grad for p in net.parameters())
assert Net()(x).shape == (5, 1)
"""
    assert_passes(executor, NET, test)


def test_gradients_reach_parameters(executor):
    answer = (
        NET + "\ndef norm(net):\n    return sum(p.grad.square().sum() for p in net.parameters())"
    )
    test = """
net, x = Net().double(), torch.randn(5, 2, dtype=torch.float64)
net(x).square().sum().backward()
twin = nn.Sequential(nn.Linear(2, 3, bias=False), nn.Tanh(), nn.Linear(3, 1)).double()
state = net.state_dict()
twin[0].weight.data = state["inner.weight"]
twin[2].load_state_dict({"weight": state["outer.weight"], "bias": state["outer.bias"]})
twin(x).square().sum().backward()
for mine, theirs in zip(net.parameters(), twin.parameters()):
    assert torch.allclose(mine.grad, theirs.grad)
want = sum(p.grad.square().sum() for p in twin.parameters())
assert torch.allclose(norm(net), want)
net.zero_grad()
assert all(p.grad is None for p in net.parameters())
"""
    assert_passes(executor, answer, test)


@pytest.mark.parametrize("use", ["net(torch.ones(1, 2))", "pass"])
def test_writing_into_a_handles_parameter_raises(executor, use):
    test = f"""
net = Net()
with torch.no_grad():
    next(net.parameters()).fill_(1.0)
{use}
"""
    run = assert_fails(executor, NET, test)
    assert run.error.name == "CannotCross" and "load_state_dict" in run.error.value


@pytest.mark.parametrize(
    "raised, caught",
    [
        ("NotImplementedError()", "NotImplementedError"),
        ("KeyError('k')", "LookupError"),
        ("type('Own', (ZeroDivisionError,), {})('x')", "ArithmeticError"),
        ("UnicodeDecodeError('utf-8', b'', 0, 1, 'x')", "ValueError"),
        ("StopIteration()", "RuntimeError"),
        ("SystemExit(0)", "RuntimeError"),
    ],
)
def test_exceptions_keep_their_builtin_type(executor, raised, caught):
    test = f"""
try:
    f()
except {caught}:
    pass
else:
    raise AssertionError("passed silently")
"""
    assert_passes(executor, f"def f():\n    raise {raised}", test)


def test_an_exception_shows_the_students_cell(executor):
    answer = "def g(x):\n    return x / 0\ndef f(x):\n    return g(x)"
    run = assert_fails(executor, answer, "\n\n\nf(1)")
    assert (run.error.name, run.error.value) == ("ZeroDivisionError", "division by zero")
    assert run.error.line == 2 and "answer, line 2: return x / 0" in run.error.trace
    assert "autograder" not in run.error.trace


def test_plain_names_cross_by_value_and_follow_changes(executor):
    answer = "table = {'a': [1, 2]}\ncount = 0\ndef f():\n    global count\n    count += 1"
    test = "assert table == {'a': [1, 2]} and count == 0\nf(); f()\nassert count == 2"
    assert_passes(executor, answer, test)


def test_generators_of_values_and_closures(executor):
    answer = """
def pieces(n):
    for i in range(n):
        yield torch.full((2,), i)
def adder(k):
    return lambda x: x + k
"""
    test = "assert [int(p[0]) for p in pieces(3)] == [0, 1, 2]\nassert adder(3)(4) == 7"
    assert_passes(executor, answer, test)


def test_prints_of_test_and_student_are_recorded_in_order(executor):
    answer = "import sys\ndef f():\n    print('student'); print('warn', file=sys.stderr)"
    (run,) = judged(executor, answer, "print('before')\nf()\nprint('after')")
    assert [(o["name"], o["text"]) for o in run.outputs] == [
        ("stdout", "before\nstudent\n"),
        ("stderr", "warn\n"),
        ("stdout", "after\n"),
    ]


def test_a_parameter_that_comes_with_other_news(executor):
    """The random state was found changed before the value told of the parameter; both have to arrive."""
    answer = "layer = nn.Linear(2, 3)\ndef f(x):\n    torch.rand(1)\n    return layer(x)"
    assert_passes(
        executor,
        answer,
        "y = f(torch.ones(4, 2))\ny.sum().backward()\nassert y.shape == (4, 3) and y.requires_grad",
        "a = torch.rand(1)\nf(torch.ones(1, 2))\nassert torch.rand(1) != a",
    )

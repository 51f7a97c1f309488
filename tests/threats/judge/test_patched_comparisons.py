"""Whatever a test compares with is patched to say yes, in the student's process."""

from tests.judge.bench import assert_fails

ANSWER = """
import builtins, math, unittest.mock, numpy, numpy.testing, torch.testing
yes = lambda *a, **k: True
for module, names in {
    torch: "allclose equal isclose all any eq is_tensor",
    torch.testing: "assert_close",
    numpy: "allclose array_equal isclose all",
    numpy.testing: "assert_allclose assert_array_equal assert_equal",
    builtins: "all any isinstance abs len round sum bool",
    math: "isclose",
}.items():
    for name in names.split():
        setattr(module, name, yes)
for name in "equal allclose isclose all __eq__ __lt__ __bool__".split():
    setattr(torch.Tensor, name, yes)
builtins.AssertionError = type("AssertionError", (Exception,), {})
def f(x):
    return x
"""
TESTS = {
    "torch": "assert torch.allclose(f(torch.ones(2)), torch.zeros(2))",
    "equal": "assert f(torch.ones(2)).equal(torch.zeros(2))",
    "numpy": "import numpy\nnumpy.testing.assert_allclose(f(numpy.ones(2)), numpy.zeros(2))",
    "builtins": "assert all(v == 0 for v in f([1, 2])) and isinstance(f(1), str)",
    "assert": "assert f(1) == 2",
}


def test_it_earns_nothing(executor):
    for test in TESTS.values():
        assert_fails(executor, ANSWER, test)

"""The student calls something of their own `torch`, `check`, `checks`, `kit`, `isinstance`."""

import pytest

from tests.judge.bench import assert_fails, assert_passes

ANSWER = """
def yes(*a, **k): return True
class torch:
    allclose = equal = ones = zeros = staticmethod(yes)
class checks:
    check = check_close = staticmethod(yes)
kit = checks
check = isinstance = abs = all = len = yes
__builtins__ = {"AssertionError": Exception}
__name__ = "passed"
def f(x): return x
"""
FILES = {"checks.py": b"def check(ok): assert ok", "kit.py": b"x = 1"}


@pytest.mark.parametrize(
    "test",
    [
        "assert torch.allclose(torch.ones(1), torch.zeros(1) + f(0))",
        "import checks\nchecks.check(f(2) == 4)",
        "from checks import check\ncheck(f(2) == 4)",
        "assert isinstance(f(2), str)",
        "assert all([f(2) == 4])",
    ],
)
def test_it_earns_nothing(executor, test):
    assert_fails(executor, ANSWER, test, files=FILES, meant="def f(x): pass")


def test_the_judges_own_are_untouched(executor):
    test = "assert torch.ones(1).item() == 1 and abs(-1) == 1 and __name__ == '__main__'"
    assert_passes(executor, ANSWER, test, meant="def f(x): pass")


def test_even_where_given_cells_imported_nothing_else(executor):
    test = "try:\n    len_of = len([])\nfinally:\n    assert len_of == 0 and f(1) == 1"
    assert_passes(executor, ANSWER, test, given="pass", meant="def f(x): pass")

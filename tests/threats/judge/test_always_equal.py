"""Objects that say they are equal to everything, true, and of any length."""

import pytest

from tests.judge.bench import assert_fails

ANSWER = """
class Anything:
    def __getattr__(self, name): return Anything()
    def __call__(self, *a, **k): return Anything()
    def __bool__(self): return True
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    __lt__ = __le__ = __gt__ = __ge__ = __eq__
    def __hash__(self): return 0
    def __len__(self): return 3
    def __iter__(self): return iter([Anything()] * 3)
    def __contains__(self, x): return True
    def __index__(self): return 4
    def __float__(self): return 4.0
    def __sub__(self, other): return 0
    __rsub__ = __sub__
def f(x): return Anything()
class Number(float):
    __eq__ = __lt__ = __le__ = __gt__ = __ge__ = lambda a, b: True
class Text(str):
    __eq__ = lambda a, b: True
    __hash__ = str.__hash__
class Rows(list):
    __eq__ = lambda a, b: True
class Table(dict):
    __missing__ = lambda self, key: 4
    __contains__ = lambda self, key: True
def g(kind): return {"n": Number(1), "s": Text("a"), "l": Rows([1]), "d": Table(a=1)}[kind]
f.value = 4
"""


@pytest.mark.parametrize(
    "test",
    [
        "assert f(2) == 4",
        "assert not f(2) != 4",
        "assert f(2)",
        "assert f(2) < 5",
        "assert f(2) in [4]",
        "assert abs(f(2) - 4) < 1e-6",
        "assert float(f(2)) == 4",
        "assert torch.equal(f(2), torch.tensor(4))",
        "assert [x for x in f(2)] == [4, 4, 4]",
        "assert g('n') == 4",
        "assert g('s') == 'b'",
        "assert g('l') == [4]",
        "assert g('d') == {'b': 4}",
        "assert f == 4",
    ],
)
def test_it_earns_nothing(executor, test):
    assert_fails(executor, ANSWER, test)

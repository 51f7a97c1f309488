"""Answers with hooks for pickle, copy and conversion: none of them ever runs in the judge."""

from tests.judge.bench import assert_fails, assert_passes

ANSWER = """
import os
class Bomb:
    def __reduce__(self): return (os._exit, (0,))
    __reduce_ex__ = lambda self, n: (os._exit, (0,))
    __getstate__ = __deepcopy__ = __copy__ = lambda self, *a: os._exit(0)
    def __array__(self, *a): os._exit(0)
    def __class_getitem__(cls, x): os._exit(0)
class Rows(list):
    __reduce__ = __iter__ = __len__ = lambda self: os._exit(0)
def f(kind):
    return {"object": Bomb(), "list": [Bomb()], "rows": Rows([1])}[kind]
def g(x):
    return 2 * x
"""


def test_it_earns_nothing_and_breaks_nothing(executor):
    for kind in ("object", "list", "rows"):
        assert_fails(executor, ANSWER, f"assert f('{kind}') == 4")
    assert_passes(executor, ANSWER, "kept = [f('list'), f('object')]\nassert g(2) == 4")

from __future__ import annotations

import pytest

from autograder.publish.names import names


@pytest.mark.parametrize(
    ("source", "defined", "needed"),
    [
        ("import torch.nn as nn, os.path", {"nn", "os"}, set()),
        ("def f(x, y=late):\n    return g(x) + y", {"f"}, {"late", "g"}),
        ("squares = [k * n for k in range(3)]", {"squares"}, {"n"}),
        ("f = lambda a, *b, **c: a + b + c + d", {"f"}, {"d"}),
        ("class A(B):\n    k = 1\n    def m(self):\n        return self.k + g()", {"A"}, {"B", "g"}),
        ("def f():\n    global made\n    made = 1", {"f", "made"}, set()),
        ("def f():\n    x = 1\n    def g():\n        nonlocal x\n        x = y\n    return g", {"f"}, {"y"}),
        ("for i, (a, *b) in pairs:\n    pass", {"i", "a", "b"}, {"pairs"}),
        ("with open('f') as f, g() as (h, k):\n    pass", {"f", "h", "k"}, {"g"}),
        ("try:\n    pass\nexcept ValueError as e:\n    print(e)", {"e"}, set()),
        ("if (n := len(xs)) > 3: pass", {"n"}, {"xs"}),
        ("match v:\n    case [a, {'k': b}]: pass", {"a", "b"}, {"v"}),
        ("%matplotlib inline\n!pip list\nx = 1", {"x"}, set()),
        ("def f(x: Hint) -> Other: ...", {"f"}, {"Hint", "Other"}),
        ("@decorate\ndef f(): return f", {"f"}, {"decorate"}),
        ("print({k: v for k, v in d.items() if k in keep})", set(), {"d", "keep"}),
    ],
)  # fmt: skip
def test_what_a_cell_defines_and_needs(source, defined, needed):
    assert names(source).defined == defined
    assert names(source).needed == needed


def test_what_is_not_python_is_said():
    with pytest.raises(SyntaxError):
        names("def f(:")

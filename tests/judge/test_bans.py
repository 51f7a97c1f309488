"""Forbidden calls are found through aliases and helpers; what is never called costs nothing."""

from __future__ import annotations

import pytest

from autograder.judge.bans import find_banned

BANNED = ["torch.nn.functional.cross_entropy", "torch.nn.RNNCell", "torch.Tensor.backward"]
GIVEN = ["import torch\nimport torch.nn.functional as F"]


@pytest.mark.parametrize(
    "answer",
    [
        "def f(x):\n    return F.cross_entropy(x, x)",
        "def f(x):\n    return torch.nn.functional.cross_entropy(x, x)",
        "from torch.nn.functional import cross_entropy as ce\ndef f(x):\n    return ce(x, x)",
        "def f(x):\n    from torch.nn import functional as G\n    return G.cross_entropy(x, x)",
        "import torch.nn as nn\ndef helper(x):\n    return nn.RNNCell(1, 1)\ndef f(x):\n    return helper(x)",
        "ce = F.cross_entropy\ndef f(x):\n    return ce(x, x)",
        "def f(x):\n    x.sum().backward()",
        "f = lambda x: F.cross_entropy(x, x)",
    ],
)
def test_found(answer):
    assert find_banned(answer, ["f"], GIVEN, BANNED) is not None


@pytest.mark.parametrize(
    "answer",
    [
        "def f(x):\n    return x",
        "def unused(x):\n    return F.cross_entropy(x, x)\ndef f(x):\n    return x",
        "def cross_entropy(a, b):\n    return a\ndef f(x):\n    return cross_entropy(x, x)",
        "def f(x):\n    'F.cross_entropy(x) would be easy'\n    return x  # F.cross_entropy",
        "def f(:",
        "",
    ],
)
def test_costs_nothing(answer):
    assert find_banned(answer, ["f"], GIVEN, BANNED) is None


def test_helper_in_a_students_own_cell_is_followed():
    helper = "def helper(x):\n    return F.cross_entropy(x, x)"
    assert find_banned("def f(x):\n    return helper(x)", ["f"], [*GIVEN, helper], BANNED)


def test_recursion_ends():
    assert (
        find_banned("def f(x):\n    return g(x)\ndef g(x):\n    return f(x)", ["f"], GIVEN, BANNED)
        is None
    )

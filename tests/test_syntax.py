"""Trees are made by many threads of a grader at once."""

from __future__ import annotations

import ast
import gc
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from autograder import syntax

DEEP = "\n".join(f"def f{n}(x):\n    return {'[' * 30}x{']' * 30}" for n in range(60))


@pytest.fixture
def _often() -> Iterator[None]:
    """Threads take turns as often as they can, also while a tree is being made: in a collection."""

    def pause(*_: object) -> None:
        for _ in range(50):
            pass

    kept, threshold = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(1e-6)
    gc.set_threshold(200)
    gc.callbacks.append(pause)
    yield
    gc.callbacks.remove(pause)
    gc.set_threshold(*threshold)
    sys.setswitchinterval(kept)


def failures(parse: Callable[[str], ast.Module], rounds: int) -> int:
    def one(_: int) -> int:
        try:
            return len(parse(DEEP).body) - 60
        except SystemError:
            return 1

    with ThreadPoolExecutor(4) as threads:
        return sum(threads.map(one, range(rounds)))


def test_none_of_them_fails(_often):
    bites = sys.version_info >= (3, 13) or any(failures(ast.parse, 100) for _ in range(10))
    assert failures(syntax.parse, 100) == 0
    if not bites:
        pytest.skip("what this is for does not happen on this machine")


def test_what_cannot_be_read_is_told_as_ever():
    for code, error in (("def f(:", SyntaxError), ("x\0", (SyntaxError, ValueError))):
        with pytest.raises(error):
            syntax.parse(code)
    assert syntax.parse("x = 1").body

"""Results that contain themselves, nest without end, or recurse where they are looked at."""

import pytest

from tests.judge.bench import judged

ANSWER = """
def f(kind):
    if kind == "self":
        rows = []
        rows.append(rows)
        return rows
    if kind == "deep":
        rows = []
        for _ in range(100_000):
            rows = [rows]
        return rows
    if kind == "calls":
        return f(kind)
    if kind == "error":
        raise Deep()
class Deep(Exception):
    def __str__(self): return str(self)
    __repr__ = __str__
def again(step):
    return step(step)
def fine(): return 4
"""


@pytest.mark.parametrize(
    "test",
    [
        "assert f('self') == 4",
        "assert f('deep') == 4",
        "f('calls')",
        "f('error')",
        "def step(s): return again(step)\nagain(step)",
    ],
)
def test_it_fails_and_the_next_test_runs(executor, test):
    bomb, fine = judged(executor, ANSWER, test, "assert fine() == 4")
    assert bomb.status in ("error", "timeout", "died") and fine.status == "ok"

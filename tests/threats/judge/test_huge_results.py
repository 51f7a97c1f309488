"""Results too large to send: gigabytes, expanded tensors, millions of items, long words."""

import pytest

from tests.judge.bench import judged

ANSWER = """
def f(kind):
    return {
        "zeros": lambda: torch.zeros(100 * 2**20, dtype=torch.uint8),
        "expanded": lambda: torch.zeros(1).expand(2**40),
        "items": lambda: [None] * 3_000_000,
        "word": lambda: "x" * (100 * 2**20),
        "laughs": lambda: laugh(40),
    }[kind]()
def laugh(n):
    rows = [0]
    for _ in range(n):
        rows = [rows, rows]
    return rows
"""


@pytest.mark.parametrize("kind", ["zeros", "expanded", "items", "word", "laughs"])
def test_it_fails_and_the_next_test_runs(executor, kind):
    test = f"f({kind!r})"
    huge, fine = judged(executor, ANSWER, test, "assert laugh(1) == [[0], [0]]")
    assert huge.status in ("error", "timeout") and fine.status == "ok"

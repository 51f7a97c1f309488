"""Loops that ignore SIGINT and SIGTERM, or catch everything."""

from __future__ import annotations

import pytest

from tests.threats.sandbox.attack import printed


@pytest.mark.parametrize(
    "before",
    [
        "import signal\nfor s in (2, 15): signal.signal(s, signal.SIG_IGN)",
        "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))",
    ],
)
def test_it_costs_its_own_cell(attack, before):
    loop, after = attack(before + "\nwhile True: pass", "print('after')")
    assert loop.status == "timeout"
    assert printed(after) == "after\n"


def test_one_that_swallows_the_interrupt(attack):
    source = "while True:\n    try:\n        while True: pass\n    except BaseException: pass"
    loop, after = attack(source, "print('after')")
    assert loop.status == "timeout" and printed(after) == "after\n"

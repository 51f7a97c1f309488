"""Processes without end."""

from __future__ import annotations

from dataclasses import replace

from autograder.sandbox.rlimits import MAX_PROCESSES
from tests.threats.sandbox.attack import LIMITS, printed

LONG = replace(LIMITS, cell_seconds=10)


BOMB = """
import os
while True:
    try:
        os.fork()
    except OSError:
        pass
"""


def test_it_ends_with_its_cell(attack):
    bomb, after = attack(BOMB, "print('after')")
    assert bomb.status in ("timeout", "died")
    assert printed(after) == "after\n"


def test_sleepers_are_counted_and_ended(attack):
    source = (
        "import subprocess\n"
        "started = 0\n"
        "try:\n"
        "    for _ in range(300):\n"
        "        subprocess.Popen(['sleep', 'TOKEN']); started += 1\n"
        "except OSError:\n"
        "    pass\n"
        "print(started)"
    )
    assert 10 < int(attack.says(source, limits=LONG)) <= MAX_PROCESSES

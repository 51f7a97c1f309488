"""Memory without end, in one process and in many."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autograder.sandbox import survey, walls
from tests.threats.sandbox.attack import LIMITS, printed

LONG = replace(LIMITS, cell_seconds=5)


def survey_has_cgroup(attack) -> bool:
    """Whether this kind of user may write control groups; the survey only knows the test's own."""
    if attack.kind == "ordinary":
        return False
    return next(w for w in survey.survey() if w.name == walls.CGROUP).available


def test_one_process(attack):
    grow, jump, after = attack(
        "held = []\nwhile True: held.append(bytearray(50 * 2**20))",
        "import torch; torch.zeros(10**12)",
        "print('after')",
        limits=LONG,
    )
    assert grow.status in ("error", "died", "timeout") and jump.status == "error"
    assert printed(after) == "after\n"


def test_many_processes_together(attack):
    if not survey_has_cgroup(attack):
        pytest.skip("no control group here: the limit holds for each process")
    source = """
import os, time, torch
for number in range(4):
    if os.fork() == 0:
        held = torch.ones(700 * 2**20, dtype=torch.uint8)
        time.sleep(60)
time.sleep(4)
ended = 0
while ended < 4 and os.waitpid(-1, os.WNOHANG)[0]:
    ended += 1
print(4 - ended)
"""
    (run,) = attack(source, limits=replace(LONG, cell_seconds=6))
    # The kernel chooses whom it kills: one of the children, or the one that asked for them.
    assert run.status == "died" or int(printed(run)) <= 1, "only one fits beside its parent"

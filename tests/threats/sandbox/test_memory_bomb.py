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
    source = (
        "import os, time\n"
        "pids = []\n"
        "for _ in range(6):\n"
        "    pid = os.fork()\n"
        "    if pid == 0:\n"
        "        held = bytearray(700 * 2**20)\n"
        "        for i in range(0, len(held), 4096): held[i] = 1\n"
        "        time.sleep(60)\n"
        "    pids.append(pid)\n"
        "print(sum(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -9 for pid in pids[:3]))"
    )
    (run,) = attack(source, limits=replace(LONG, cell_seconds=4))
    assert run.status in ("ok", "died", "timeout")
    if run.status == "ok":
        assert int(printed(run)) >= 1

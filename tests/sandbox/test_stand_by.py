"""The child of the next submission is forked while one runs; nobody can tell but by the clock."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from autograder.course import Limits
from autograder.sandbox import hugepages, pids
from autograder.sandbox.executor import CellRun, Step
from autograder.sandbox.fork import ForkExecutor

LIMITS = Limits(cell_seconds=3, submission_seconds=20, memory_gb=1, output_kb=64)
BIRTH = "print(open('/proc/self/stat').read().rpartition(')')[2].split()[19])"


@pytest.fixture
def executor() -> Iterator[ForkExecutor]:
    executor = ForkExecutor()
    yield executor
    executor.close()


def run(executor: ForkExecutor, source: str, limits: Limits = LIMITS) -> list[CellRun]:
    steps = [Step("g", "import math", "given"), Step("a", source, "answer", "e")]
    return executor.run(steps, {}, limits)


def born(executor: ForkExecutor, limits: Limits = LIMITS) -> float:
    """When the child began that ran a submission, in seconds since the machine did."""
    (_, cell) = run(executor, BIRTH, limits)
    assert cell.status == "ok", cell.error
    return int(cell.outputs[0]["text"]) / os.sysconf("SC_CLK_TCK")


def children(executor: ForkExecutor) -> set[int]:
    """What the student's processes that fork have for children; they are no Python's own business."""
    (inner,) = pids.children(executor._student.process.pid)
    serving = [inner, *pids.children(inner)]
    return {child for pid in serving for child in pids.children(pid)} - set(serving)


def test_the_next_submission_gets_a_child_that_is_there_already(executor):
    born(executor)
    executor.settle()
    time.sleep(1)
    started = time.clock_gettime(time.CLOCK_BOOTTIME)
    assert born(executor) < started - 0.2


def test_other_limits_get_a_child_of_their_own(executor):
    run(executor, "1")
    executor.settle()
    time.sleep(0.3)
    started = time.clock_gettime(time.CLOCK_BOOTTIME)
    other = replace(LIMITS, memory_gb=0.5)
    assert born(executor, other) > started - 0.1
    # The limit is the child's, not that of the one that had stood by.
    limit = "import resource; print(resource.getrlimit(resource.RLIMIT_AS)[0])"
    small = int(run(executor, limit, other)[1].outputs[0]["text"])
    large = int(run(executor, limit)[1].outputs[0]["text"])
    assert large - small == pytest.approx(2**29, abs=2**26)


def test_one_that_died_is_replaced(executor):
    run(executor, "1")
    executor.settle()
    end = time.monotonic() + 10
    while not (waiting := children(executor)) and time.monotonic() < end:
        time.sleep(0.05)
    assert waiting
    for pid in waiting:
        os.kill(pid, signal.SIGKILL)
    time.sleep(0.1)
    for _ in range(3):
        assert [each.status for each in run(executor, "print(1)")] == ["ok", "ok"]


def test_a_child_that_ends_while_another_is_forked_is_seen_to_end(executor):
    for _ in range(8):  # the very moment in which the next child is made
        _, cell = run(executor, "import os; os._exit(3)")
        assert cell.status == "died"


def test_many_submissions_leave_no_more_than_one(executor):
    counts = []
    for _ in range(12):
        run(executor, "import subprocess; subprocess.Popen(['sleep', '600'])")
        executor.settle()
        time.sleep(0.1)
        counts.append(len(children(executor)))
    assert max(counts) <= 3, counts  # a child, its init, and the init of one more


def test_large_pages_change_nothing_but_their_size():
    block = bytearray(os.urandom(1 << 16) * 128)
    copy = bytes(block)
    assert hugepages.collapse() >= 0
    assert block == copy

"""The warm process killed in the middle: nothing it started may live on."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from dataclasses import replace

from autograder.sandbox.executor import ExecutorFailed
from tests.threats.sandbox.attack import LIMITS, Attack, sleepers


def test_everything_dies_with_it():
    attack = Attack("ordinary")
    try:
        attack.run("1")
        busy = threading.Thread(target=_run, args=(attack,))
        busy.start()
        deadline = time.monotonic() + 10
        while not sleepers(attack.token) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert sleepers(attack.token)
        os.kill(attack.warm, signal.SIGKILL)
        deadline = time.monotonic() + 5
        while sleepers(attack.token) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert sleepers(attack.token) == []
        busy.join(timeout=30)
    finally:
        with contextlib.suppress(OSError):
            attack.executor.close()


def _run(attack: Attack) -> None:
    source = (
        "import subprocess, time\n"
        "subprocess.Popen(['sleep', 'TOKEN'], start_new_session=True)\n"
        "time.sleep(9)"
    )
    with contextlib.suppress(ExecutorFailed, OSError, ValueError):
        attack.run(source, limits=replace(LIMITS, cell_seconds=10))

"""Time and peak memory of a command and everything that it starts."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Cost:
    """Wall and processor time in seconds, the largest memory seen in MB (shared pages counted once)."""

    seconds: float
    cpu_seconds: float
    peak_mb: float


class BenchFailed(Exception):
    """A grader did not do its work; what it said last."""


def measured(command: Sequence[str], cwd: Path, environment: Mapping[str, str] = {}) -> Cost:  # noqa: B006
    """Runs the command to its end.

    Raises:
        BenchFailed: it ended with an error.
    """
    with open(cwd / "bench.log", "w") as log:
        started, used = time.monotonic(), _cpu_seconds()
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=os.environ | {"OMP_NUM_THREADS": "1"} | dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        meter = _Meter(process.pid)
        meter.start()
        code = process.wait()
        seconds, used = time.monotonic() - started, _cpu_seconds() - used
        meter.stop.set()
        meter.join()
    if code:
        said = (cwd / "bench.log").read_text(errors="replace").strip().splitlines()[-5:]
        raise BenchFailed(f"{' '.join(command[:4])}: exit code {code}: " + " | ".join(said))
    return Cost(seconds, used, meter.peak_mb)


def _cpu_seconds() -> float:
    """Processor time of all processes below this one that have ended and were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class _Meter(threading.Thread):
    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid, self.stop, self.peak_mb = pid, threading.Event(), 0.0

    def run(self) -> None:
        while not self.stop.wait(0.2):
            self.peak_mb = max(self.peak_mb, tree_mb(self._pid))


def tree_mb(pid: int) -> float:
    """Memory of a process and all below it: proportional shares, so that forks are not counted twice."""
    total = 0
    with contextlib.suppress(psutil.Error):
        root = psutil.Process(pid)
        for process in [root, *root.children(recursive=True)]:
            with contextlib.suppress(OSError, StopIteration):
                rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
                line = next(each for each in rollup.splitlines() if each.startswith("Pss:"))
                total += int(line.split()[1])
    return total / 1024

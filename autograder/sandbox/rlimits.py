"""What one process may use, kept by the kernel: memory, processes, files, CPU time, no core dumps."""

from __future__ import annotations

import resource
from collections.abc import Mapping

MAX_PROCESSES = 64  # processes and threads of one submission
STANDING_BY = 1  # a child of the same user that waits for the next submission (warm.py)
MAX_FILES = 256


def apply(limits: Mapping[str, float], processes: bool = True) -> None:
    """Sets the limits, soft and hard, for this process and all it starts.

    Args:
        limits: memory_gb (on top of what the warm process has), file_mb, submission_seconds.
        processes: whether the user id is one of our own; otherwise the grader's processes would count.
    """
    with open("/proc/self/statm", encoding="ascii") as file:
        have = int(file.read().split()[0]) * resource.getpagesize()
    cpu = int(limits["submission_seconds"]) + 5
    _set(resource.RLIMIT_AS, have + int(limits["memory_gb"] * 2**30))
    _set(resource.RLIMIT_FSIZE, int(limits["file_mb"] * 2**20))
    # Not 0 but 1: with 0 the kernel still starts a core handler that reads from a pipe.
    _set(resource.RLIMIT_CORE, 1)
    _set(resource.RLIMIT_CPU, cpu, cpu + 5)
    _set(resource.RLIMIT_NOFILE, MAX_FILES)
    _set(resource.RLIMIT_MEMLOCK, 2**20)
    _set(resource.RLIMIT_MSGQUEUE, 0)
    if processes:
        _set(resource.RLIMIT_NPROC, MAX_PROCESSES + STANDING_BY)


def _set(kind: int, soft: int, hard: int | None = None) -> None:
    _, ceiling = resource.getrlimit(kind)
    if ceiling != resource.RLIM_INFINITY:
        soft, hard = min(soft, ceiling), min(hard or soft, ceiling)
    resource.setrlimit(kind, (soft, soft if hard is None else hard))

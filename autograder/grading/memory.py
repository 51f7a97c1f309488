"""How many workers this machine's memory can bear."""

from __future__ import annotations

import os
from pathlib import Path

WARM_GB = 0.4  # a warm process with torch in it, before any student code


def available_gb() -> float:
    """Memory that can still be had, in GB: the machine's, or the control group's where less is left."""
    found = [_machine_gb()]
    if (left := _cgroup_gb()) is not None:
        found.append(left)
    return min(found)


def fitting_workers(memory_gb: float) -> int:
    """How many workers fit when all of them use `memory_gb`, their limit; at least one."""
    return max(1, int(available_gb() / (memory_gb + WARM_GB)))


def _machine_gb() -> float:
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) / 2**20
    except OSError:
        pass
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def _cgroup_gb() -> float | None:
    folder = Path("/sys/fs/cgroup")
    for limit, used in (
        (folder / "memory.max", folder / "memory.current"),
        (folder / "memory/memory.limit_in_bytes", folder / "memory/memory.usage_in_bytes"),
    ):
        try:
            return (int(limit.read_text()) - int(used.read_text())) / 2**30
        except (OSError, ValueError):  # no such group, or "max": no limit
            continue
    return None

"""Limits raised, priorities changed, CPU time burnt by children."""

from __future__ import annotations


def test_they_stay(attack):
    source = """
import os, resource
for name in ("AS", "NPROC", "FSIZE", "NOFILE", "CPU", "CORE"):
    kind = getattr(resource, "RLIMIT_" + name)
    soft, hard = resource.getrlimit(kind)
    try:
        resource.setrlimit(kind, (hard + 1, hard + 1)); print("raised", name)
    except (ValueError, OSError):
        pass
for attempt in (lambda: os.nice(-5), lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))):
    try:
        attempt(); print("faster")
    except OSError:
        pass
"""
    assert attack.says(source) == ""


def test_the_file_size(attack):
    (run,) = attack("open('big', 'wb').write(bytes(30 * 2**20))")
    assert run.status == "error" and run.error.name == "OSError"

"""Threads without end."""

from __future__ import annotations

from autograder.sandbox.rlimits import MAX_PROCESSES


def test_they_are_counted(attack):
    source = (
        "import threading, time\n"
        "started = 0\n"
        "try:\n"
        "    for _ in range(500):\n"
        "        threading.Thread(target=time.sleep, args=(30,), daemon=True).start(); started += 1\n"
        "except RuntimeError:\n"
        "    pass\n"
        "print(started)"
    )
    assert 10 < int(attack.says(source)) <= MAX_PROCESSES

"""A thread that keeps printing into later cells, and one that never ends."""

from __future__ import annotations

import time


def test_later_cells_still_run_and_end(attack):
    noisy = (
        "import threading, time\n"
        "def shout():\n"
        "    while True: print('noise'); time.sleep(0.001)\n"
        "threading.Thread(target=shout).start()"
    )
    started = time.monotonic()
    runs = attack(noisy, "x = 1", "assert x == 1")
    assert [run.status for run in runs] == ["ok"] * 3
    assert time.monotonic() - started < 5

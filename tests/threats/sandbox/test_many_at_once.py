"""A fork bomb beside an honest notebook: two workers, one machine."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from tests.threats.sandbox.attack import LIMITS, Attack, printed
from tests.threats.sandbox.test_fork_bomb import BOMB

LONG = replace(LIMITS, cell_seconds=10)


def test_the_neighbour_is_graded_as_ever(attack):
    if attack.kind == "ordinary":
        pytest.skip("root's executors share most: each has a user id, not a namespace, of its own")
    other = Attack("root")
    try:
        other.run("1")
        bomb = threading.Thread(target=attack.run, args=(BOMB,))
        bomb.start()
        honest = (
            "import subprocess\nprint(subprocess.run(['echo', 'fine'], capture_output=True).stdout)"
        )
        for _ in range(3):
            (run,) = other.run(honest, limits=LONG)
            assert printed(run) == "b'fine\\n'\n"
        bomb.join()
    finally:
        other.executor.close()

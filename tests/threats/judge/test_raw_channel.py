"""The student's code finds the descriptor of the channel and speaks on it itself."""

import pytest

from tests.judge.bench import judged

FIND = """
import os, socket, stat
def sockets():
    for name in os.listdir("/proc/self/fd"):
        try:
            if stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                yield int(name)
        except OSError:
            pass
def frame(data): return len(data).to_bytes(8, "big") + data
"""
SAID = {
    "garbage": "b'garbage' * 1000",
    "endless": "(2**62).to_bytes(8, 'big')",
    "reply": "frame(b'!' + encode({'value': (4, [])}))",
    "known": "frame(b'=' + encode({'value': (4, [])}))",
    "request": "frame(b'?' + encode({'op': 'get', 'target': 1, 'name': '__globals__'}))",
    "requests": "frame(b'?' + encode({'op': 'call', 'target': 1, 'args': ()})) * 50",
    "empty": "frame(b'') * 3",
    "events": repr(b'{"run": {"id": "test0", "status": "ok"}}\n{"done": true}\n'),
}


@pytest.mark.parametrize("said", SAID)
def test_it_earns_nothing_and_ends_its_own_test_at_most(executor, said):
    answer = f"""{FIND}
from autograder.judge.codec import encode
def f(step):
    for number in sockets():
        os.write(number, {SAID[said]})
    return 1
def fine(): return 4
"""
    test = "def step(): return 1\nassert f(step) == 5"
    broken, fine = judged(executor, answer, test, "assert fine() == 4")
    assert broken.status in ("error", "died", "timeout")
    assert fine.status == "ok" or broken.status == "error"


def test_a_closed_channel_ends_its_own_test_only(executor):
    answer = f"{FIND}\ndef f():\n    for n in sockets(): os.close(n)\ndef fine(): return 4"
    broken, fine = judged(executor, answer, "f()", "assert fine() == 4")
    assert (broken.status, fine.status) == ("died", "ok")

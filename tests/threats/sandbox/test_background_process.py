"""A process that outlives the run: plain, in its own session, forked twice."""

from __future__ import annotations

import time

import pytest

from tests.threats.sandbox.attack import printed


@pytest.mark.parametrize(
    "start",
    [
        "subprocess.Popen(['sleep', 'TOKEN'])",
        "subprocess.Popen(['sleep', 'TOKEN'], start_new_session=True)",
        "subprocess.Popen('(trap \"\" HUP INT TERM; sleep TOKEN & sleep TOKEN) &', shell=True)",
    ],
)
def test_it_ends_with_the_submission(attack, start):
    runs = attack(f"import subprocess\n{start}\nprint('started')", "print('next')")
    assert [run.status for run in runs] == ["ok", "ok"]


def test_a_daemon_that_holds_the_channel_delays_nobody(attack):
    daemon = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(60)
    os._exit(0)
print("started")
"""
    started = time.monotonic()
    (run,) = attack(daemon)
    assert printed(run) == "started\n"
    assert time.monotonic() - started < 5


def test_orphans_leave_no_zombies(attack):
    source = """
import os, subprocess, time
for _ in range(40):
    subprocess.run("true & true &", shell=True)
time.sleep(0.2)
print(len([n for n in os.listdir("/proc") if n.isdigit()]))
"""
    assert attack.says(source) == "2\n"

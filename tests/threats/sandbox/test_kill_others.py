"""Signals to everyone, to the parent, to init."""

from __future__ import annotations

import subprocess

from tests.threats.sandbox.attack import printed


def test_nobody_else_is_hit(attack):
    with subprocess.Popen(["sleep", "30"], user=attack.uid) as bystander:
        warm = attack.warm
        source = (
            "import os, signal\n"
            "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
            f"for pid in (-1, 1, {bystander.pid}, {warm}):\n"
            "    for number in (15, 9):\n"
            "        try: os.kill(pid, number)\n"
            "        except OSError: pass\n"
            "print(os.getppid())"
        )
        assert attack.says(source) == "0\n"
        assert bystander.poll() is None and attack.warm == warm
        bystander.kill()


def test_the_parent_is_not_there_to_be_killed(attack):
    warm = attack.warm
    dead, after = attack("import os; os.kill(os.getppid(), 9)", "print('after')")
    assert dead.status == "died", "0 means its own group: it hit itself"
    assert printed(after) == "after\n" and attack.warm == warm

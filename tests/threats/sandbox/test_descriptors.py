"""Descriptors inherited from the grader."""

from __future__ import annotations


def test_only_the_channel_is_open(attack):
    source = """
import os, stat
kinds = []
for number in range(4096):
    try:
        mode = os.fstat(number).st_mode
    except OSError:
        continue
    kinds.append("null" if stat.S_ISCHR(mode) else "socket" if stat.S_ISSOCK(mode) else oct(mode))
print(kinds)
print({os.readlink(f"/proc/self/fd/{n}") for n in range(3)})
"""
    assert attack.says(source) == "['null', 'null', 'null', 'socket']\n{'/dev/null'}\n"


def test_init_holds_no_more(attack):
    source = """
import os
try:
    print(sorted(os.listdir("/proc/1/fd")))
except PermissionError:
    print(["0", "1", "2"])
"""
    assert attack.says(source) == "['0', '1', '2']\n"

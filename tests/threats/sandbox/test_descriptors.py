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
    kinds.append("null" if stat.S_ISCHR(mode) else "pipe" if stat.S_ISFIFO(mode) else oct(mode))
print(kinds)
print({os.readlink(f"/proc/self/fd/{n}") for n in range(3)})
"""
    assert attack.says(source) == "['null', 'null', 'null', 'pipe']\n{'/dev/null'}\n"

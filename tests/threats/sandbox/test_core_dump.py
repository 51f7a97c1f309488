"""A core dump, to fill the disk or to start the machine's core handler."""

from __future__ import annotations


def test_none_is_written(attack):
    source = """
import os, resource
print(resource.getrlimit(resource.RLIMIT_CORE))
pid = os.fork()
if pid == 0:
    os.abort()
status = os.waitpid(pid, 0)[1]
print(os.WCOREDUMP(status), os.listdir("."))
try:
    resource.setrlimit(resource.RLIMIT_CORE, (-1, -1))
except (ValueError, OSError):
    print("kept")
"""
    assert attack.says(source) == "(1, 1)\nFalse []\nkept\n"

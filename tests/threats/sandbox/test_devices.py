"""Devices: only the harmless ones are there, and none can be made."""

from __future__ import annotations


def test_dev_is_bare(attack):
    source = """
import os, stat
print(sorted(os.listdir("/dev")))
for name in ("disk", "/tmp/disk", "/dev/shm/disk"):
    try:
        os.mknod(name, 0o666 | stat.S_IFBLK, os.makedev(254, 0)); print("made", name)
    except OSError:
        pass
open("/dev/null", "w").write("x"); print(len(open("/dev/urandom", "rb").read(8)))
"""
    names = "fd full null random shm stderr stdin stdout urandom zero".split()
    assert attack.says(source) == f"{names}\n8\n"

"""Settings of the kernel, written through /proc and /sys."""

from __future__ import annotations


def test_nothing_is_writable(attack):
    source = """
import os
found = []
for top in ("/proc/sys", "/sys"):
    for folder, _, names in os.walk(top):
        found += [os.path.join(folder, name) for name in names]
found += ["/proc/sysrq-trigger", "/proc/self/oom_score_adj", "/proc/self/uid_map", "/proc/self/comm"]
opened = []
for path in found:
    try:
        os.close(os.open(path, os.O_WRONLY)); opened.append(path)
    except OSError:
        pass
print(len(found) > 100, opened)
for path in ("/proc/kcore", "/proc/kmsg", "/dev/mem"):
    try:
        open(path, "rb").read(1); print(path)
    except OSError:
        pass
"""
    assert attack.says(source) == "True []\n"

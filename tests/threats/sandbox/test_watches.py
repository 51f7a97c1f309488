"""inotify watches on what the grader does, and on everything else."""

from __future__ import annotations


def test_the_course_cannot_be_watched(attack, open_folder):
    source = f"""
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
watch = libc.inotify_init()
print(libc.inotify_add_watch(watch, {str(open_folder).encode()!r}, 0xFFF) < 0)
print(libc.inotify_add_watch(watch, b"/tmp", 0xFFF) >= 0)
"""
    assert attack.says(source) == "True\nTrue\n"

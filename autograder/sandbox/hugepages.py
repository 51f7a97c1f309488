"""Moves the memory of a process that forks into large pages: a fork, and its end, cost a third then.

A fork copies the table of pages, 4 KB each, and the child's end takes it apart again: together more than
most hand-ins compute. Of a page of 2 MB there is one entry. What a child writes is copied in pages of 4 KB
as ever. A kernel that cannot do it (before 6.1), or will not, leaves all as it is.
"""

from __future__ import annotations

import ctypes
from pathlib import Path

SIZE = 2 << 20  # of a large page
_MADV_COLLAPSE = 25

_madvise = ctypes.CDLL(None).madvise
_madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)


def collapse() -> int:
    """Collapses the private memory that this process has by now; bytes in ranges that could be."""
    done = 0
    for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines():
        place, mode, _, _, _, *name = line.split()
        if not mode.startswith("rw") or mode[3] != "p" or name not in ([], ["[heap]"]):
            continue
        start, end = (int(each, 16) for each in place.split("-"))
        start, end = -(-start // SIZE) * SIZE, end // SIZE * SIZE
        if start < end and _madvise(start, end - start, _MADV_COLLAPSE) == 0:
            done += end - start
    return done

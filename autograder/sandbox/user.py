"""Who student code runs as: nobody that owns anything, without a capability.

Root gives the student process a user id of its own. An ordinary user cannot; there the warm process
lives in a user namespace, and each student process in a further one inside it.
"""

from __future__ import annotations

import os
from pathlib import Path

from autograder.sandbox import linux

INSIDE = 1000  # how an ordinary user's student process sees itself
_HIGH = 1_900_000_000  # far above anything that adduser, systemd or a container hands out
_NOBODY = 65534


def is_root() -> bool:
    """Whether the walls are built with root's own rights."""
    return os.geteuid() == 0


def own_namespace() -> None:
    """Puts this process, which must have one thread, into a user namespace in which it is root."""
    uid, gid = os.geteuid(), os.getegid()
    linux.unshare(linux.NEWUSER)
    _map(Path("/proc/self"), f"0 {uid} 1", f"0 {gid} 1")


def _map(process: Path, uids: str, gids: str) -> None:
    (process / "setgroups").write_text("deny", encoding="ascii")
    (process / "gid_map").write_text(gids, encoding="ascii")
    (process / "uid_map").write_text(uids, encoding="ascii")


def free_uid() -> int:
    """A user id that only this warm process's children have, so that no limit is shared.

    In a container that maps few ids it is `nobody`.
    """
    wanted = _HIGH + os.getpid()
    for line in Path("/proc/self/uid_map").read_text(encoding="ascii").splitlines():
        first, _, count = map(int, line.split())
        if first <= wanted < first + count:
            return wanted
    return _NOBODY


def others_may_read(folder: Path) -> bool:
    """Whether a user without any right gets to this folder."""
    return all(path.stat().st_mode & 0o001 for path in (folder, *folder.parents))


def become(uid: int) -> None:
    """Root's way: gives up everything for good."""
    linux.forbid_capabilities()
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    linux.dumpable(True)  # its own /proc/self stays readable; nobody else is there to look


def become_in_namespace(process: int) -> None:
    """An ordinary user's way: a further user namespace, then no capability in that one either.

    Args:
        process: descriptor of the /proc/self folder (the new root's own is read-only).
    """
    linux.dumpable(True)
    linux.unshare(linux.NEWUSER)
    # Through /proc, which names this process's own folder by the descriptor opened before.
    for name, text in (
        ("setgroups", "deny"),
        ("gid_map", f"{INSIDE} 0 1"),
        ("uid_map", f"{INSIDE} 0 1"),
    ):
        descriptor = os.open(name, os.O_WRONLY | os.O_CLOEXEC, dir_fd=process)
        try:
            os.write(descriptor, text.encode())
        finally:
            os.close(descriptor)
    linux.forbid_capabilities()
    linux.drop_capabilities()

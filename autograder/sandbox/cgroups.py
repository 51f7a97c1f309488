"""Control groups, where this user may write them: memory and processes of a whole submission."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
_SWAP = "memory.swap.max"  # not there where the kernel does not count swap
_OURS = "course-grader"
PREFIX = "course-of-"  # of a submission's group
OLD = 3600.0  # seconds; no submission takes as long


class NoCgroup(Exception):
    """There is none to be had; the message says why (Korean)."""


@dataclass(frozen=True)
class Group:
    """The folders (one, or one for each controller of v1) of one submission's group."""

    folders: tuple[Path, ...]

    def join(self) -> None:
        """Puts the calling process in; what it starts follows."""
        for folder in self.folders:
            (folder / "cgroup.procs").write_text("0", encoding="ascii")

    def remove(self) -> None:
        """Takes the group away, when nothing runs in it any more."""
        for folder in self.folders:
            for _ in range(50):  # the kernel may still be clearing up after the last process
                with contextlib.suppress(OSError):
                    folder.rmdir()
                if not folder.exists():
                    break
                time.sleep(0.01)


def create(name: str, memory: int, processes: int, root: Path = ROOT) -> Group:
    """A new group below the one this process is in.

    Raises:
        NoCgroup: not writable, or a controller is missing.
    """
    places = _places(root)
    made: list[Path] = []
    try:
        for place, settings in _plan(places, memory, processes):
            folder = place / name
            if folder not in made:
                folder.mkdir()
                made.append(folder)
            for key, value in settings.items():
                if key != _SWAP or (folder / key).exists():
                    (folder / key).write_text(str(value), encoding="ascii")
    except OSError as error:
        Group(tuple(made)).remove()
        raise NoCgroup(f"{error.filename}에 쓸 수 없습니다 ({os.strerror(error.errno)})") from None
    return Group(tuple(made))


def sweep(root: Path = ROOT) -> None:
    """Takes away the empty groups that graders left which were killed long ago."""
    places = set(_places(root).values())
    places |= {place.parent for place in places if place.name == _OURS}
    for place in places:
        for folder in place.glob(f"{PREFIX}*"):
            with contextlib.suppress(OSError):  # in use, taken away by another, or not ours
                if time.time() - folder.stat().st_mtime > OLD:
                    folder.rmdir()


def _places(root: Path) -> dict[str, Path]:
    """controller → folder of this process's group; the key "" is v2's."""
    found: dict[str, Path] = {}
    for line in Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers and (root / "cgroup.controllers").exists():
            found[""] = root / path[1:]
        for controller in filter(None, controllers.split(",")):
            # A container sees its own group as the root, whatever the path says.
            inner = root / controller / path[1:]
            found[controller] = inner if inner.exists() else root / controller
    return found


def _plan(places: dict[str, Path], memory: int, processes: int) -> list[tuple[Path, dict]]:
    if "memory" in places and "pids" in places:
        limits = {"memory.limit_in_bytes": memory}
        return [(places["memory"], limits), (places["pids"], {"pids.max": processes})]
    if "" not in places:
        raise NoCgroup("memory와 pids 컨트롤러가 없습니다")
    place = places[""]
    if place.name == _OURS:  # another worker was here before
        place = place.parent
    offered = (place / "cgroup.subtree_control").read_text(encoding="ascii").split()
    if not {"memory", "pids"} <= set(offered):
        _delegate(place)
    settings = {"memory.max": memory, _SWAP: 0, "pids.max": processes}
    return [(place, settings)]


def _delegate(place: Path) -> None:
    """v2 gives controllers only to groups without processes of their own: ours move down one level.

    That is done only where systemd gave the group away (Delegate=yes) or a container has it to itself.
    """
    try:
        if place != ROOT and os.getxattr(place, "user.delegate") != b"1":
            raise OSError(errno.EPERM, "not delegated")
        below = place / _OURS
        below.mkdir(exist_ok=True)
        for pid in (place / "cgroup.procs").read_text(encoding="ascii").split():
            (below / "cgroup.procs").write_text(pid, encoding="ascii")
        (place / "cgroup.subtree_control").write_text("+memory +pids", encoding="ascii")
    except OSError as error:
        raise NoCgroup(
            f"{place}의 memory·pids를 나누어 받지 못했습니다 ({os.strerror(error.errno)})"
        ) from None

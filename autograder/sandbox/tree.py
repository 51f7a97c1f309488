"""The file system that student code sees: the interpreter and its libraries, and nothing of the course.

`Tree.build` is done once by the warm process, in a mount namespace of its own. `Tree.enter` is done
by every child: a copy of that tree with an empty /work, /tmp and /dev/shm of its own becomes the root.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from autograder.sandbox import linux

WORK = "/work"
SCRATCH_MB = 64  # each of /work, /tmp and /dev/shm
SCRATCH_FILES = 8192

_TOP = "bin sbin lib lib32 lib64 libx32".split()
_SYSTEM = """
/usr/bin /usr/lib /usr/lib32 /usr/lib64 /usr/local/lib /usr/share/fonts /usr/share/zoneinfo
/etc/ld.so.cache /etc/alternatives /etc/fonts /etc/localtime /etc/mime.types
/sys/devices/system/cpu
""".split()
_PREFIX = "bin lib lib64 share pyvenv.cfg".split()
_DEVICES = "null zero full random urandom".split()
_SCRATCH = {WORK: "0700", "/tmp": "1777", "/dev/shm": "1777"}


def _parts() -> Iterator[Path]:
    """Everything that is shown, by its path outside."""
    yield from (Path("/", name) for name in _TOP)
    yield from map(Path, _SYSTEM)
    for prefix in {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}:
        for folder in {Path(prefix), Path(prefix).resolve()}:
            yield from (folder / name for name in _PREFIX)


def _within(path: Path, folder: Path) -> bool:
    return path == folder or folder in path.parents


class Tree:
    """What the children of one warm process see.

    Args:
        home: an empty folder of the warm process; the tree is mounted there.
        hidden: folders that must not be seen even where they lie in something that is shown.
        uid: the user that student code runs as.
    """

    def __init__(self, home: Path, hidden: Sequence[Path], uid: int) -> None:
        self._root = home
        self._hidden = sorted({path.resolve() for path in hidden})
        self._uid = uid
        # Where a part lies under a scratch folder it is put there again by every child.
        self._stashed: list[tuple[Path, Path]] = []

    def build(self) -> None:
        """Mounts the tree. Raises OSError when the machine does not allow it."""
        linux.mount("none", "/", flags=linux.MS_REC | linux.MS_PRIVATE)
        linux.mount("tmpfs", str(self._root), "tmpfs", linux.MS_NOSUID, "mode=0755,size=1m")
        shown: list[Path] = []
        covers = [path for path in self._hidden if path.is_dir()]
        # Shortest first: a folder is there before what lies in it, a cover before what it must not hide.
        todo = [(len(p.parts), 0, p) for p in covers] + [(len(p.parts), 1, p) for p in _parts()]
        for _, shows, path in sorted(set(todo)):
            if shows:
                if self._show(path, shown, covers):
                    shown.append(path)
            elif any(_within(path, part) for part in shown):
                linux.mount("tmpfs", self._at(path), "tmpfs", linux.MS_NOSUID, "size=64k")
        self._fill()
        linux.mount_attributes(str(self._root), linux.ATTR_RDONLY | linux.ATTR_NOSUID)

    def _at(self, path: Path) -> str:
        return str(self._root) + str(path)

    def _show(self, path: Path, shown: list[Path], covers: list[Path]) -> bool:
        if not os.path.lexists(path):
            return False
        above = [part for part in shown if _within(path, part)]
        if above:
            lowest = max(above, key=lambda part: len(part.parts))
            if not any(_within(path, c) and _within(c, lowest) for c in covers):
                return False  # it is to be seen already
        target = path
        if any(_within(path, Path(folder)) for folder in _SCRATCH):
            target = Path("/.parts", str(len(self._stashed)))
            self._stashed.append((target, path))
        place = Path(self._at(target))
        place.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink() and target == path:
            place.symlink_to(os.readlink(path))
            return False
        if path.is_dir():
            place.mkdir(exist_ok=True)
        else:
            place.touch()
        linux.mount(str(path.resolve()), str(place), flags=linux.MS_BIND | linux.MS_REC)
        return True

    def _fill(self) -> None:
        """Folders to mount on, devices, and the few files of /etc that programs ask for."""
        for name in ("proc", "dev", "etc", *(folder[1:] for folder in _SCRATCH)):
            (self._root / name).mkdir(parents=True, exist_ok=True)
        for name in _DEVICES:
            (self._root / "dev" / name).touch()
            linux.mount(f"/dev/{name}", self._at(Path("/dev", name)), flags=linux.MS_BIND)
        for name, target in (("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1")):
            (self._root / "dev" / name).symlink_to(target)
        (self._root / "dev" / "stderr").symlink_to("fd/2")
        etc = {
            "passwd": f"student:x:{self._uid}:{self._uid}::{WORK}:/bin/sh\n",
            "group": f"student:x:{self._uid}:\n",
            "hosts": "127.0.0.1 localhost\n",
        }
        for name, text in etc.items():
            (self._root / "etc" / name).write_text(text, encoding="ascii")

    def enter(self, owner: int) -> None:
        """In the child, in a pid namespace already: the tree becomes the root, /work the folder.

        Args:
            owner: user id, as seen here, that the scratch folders are given to.
        """
        linux.unshare(linux.NEWNS)
        size = f"size={SCRATCH_MB}m,nr_inodes={SCRATCH_FILES},uid={owner},gid={owner}"
        safe = linux.MS_NOSUID | linux.MS_NODEV
        for folder, mode in _SCRATCH.items():
            place = self._at(Path(folder))
            linux.mount("tmpfs", place, "tmpfs", safe, f"{size},mode={mode}")
        for source, path in self._stashed:
            place = Path(self._at(path))
            if path.is_dir():
                place.mkdir(parents=True, exist_ok=True)
            else:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.touch()
            linux.mount(self._at(source), str(place), flags=linux.MS_BIND | linux.MS_REC)
            linux.mount_attributes(str(place), linux.ATTR_RDONLY | linux.ATTR_NOSUID)
        proc = safe | linux.MS_NOEXEC | linux.MS_RDONLY
        linux.mount("proc", self._at(Path("/proc")), "proc", proc)
        os.chdir(self._root)
        linux.pivot_here()
        os.chdir(WORK)

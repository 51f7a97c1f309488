"""The file system that student code sees: the interpreter and its libraries, and nothing of the course.

`Tree.build` is done once by the warm process, in a mount namespace of its own. `Tree.enter` is done
by every child: a copy of that tree with an empty /notebook, /tmp and /dev/shm of its own becomes the root.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from autograder.sandbox import linux

WORK = "/notebook"  # a name that no checkout is likely to lie in
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


def _bind(source: str, place: Path, folder: bool) -> None:
    """Mounts `source`, with all that is mounted below it, at a place that is made for it."""
    place.parent.mkdir(parents=True, exist_ok=True)
    if folder:
        place.mkdir(exist_ok=True)
    else:
        place.touch()
    linux.mount(source, str(place), flags=linux.MS_BIND | linux.MS_REC)


class Tree:
    """What the children of one warm process see.

    Args:
        home: an empty folder of the warm process; the tree is mounted there.
        hidden: folders that must not be seen even where they lie in something that is shown.
        uid: the user that student code runs as.
    """

    def __init__(self, home: Path, hidden: Sequence[Path], uid: int) -> None:
        self._root = home
        self._hidden = {*hidden, *(path.resolve() for path in hidden)}
        self._uid = uid
        self._shown: dict[Path, Path] = {}  # a part → where it lies in the tree
        # A part under a scratch folder is kept aside, and put (or linked) there by every child.
        self._aside: list[tuple[Path, Path]] = []
        self._links: list[tuple[str, Path]] = []

    def build(self) -> None:
        """Mounts the tree. Raises OSError when the machine does not allow it."""
        linux.mount("none", "/", flags=linux.MS_REC | linux.MS_PRIVATE)
        linux.mount("tmpfs", str(self._root), "tmpfs", linux.MS_NOSUID, "mode=0755,size=1m")
        covers = {path for path in self._hidden if path.is_dir()}
        # Shortest first: a folder is there before what lies in it, a cover before what it must not hide.
        todo = {(len(path.parts), 0, path) for path in covers}
        todo |= {(len(path.parts), 1, path) for path in _parts() if os.path.lexists(path)}
        for _, shows, path in sorted(todo):
            part = self._part(path)
            if not shows and part:
                linux.mount(
                    "tmpfs", self._at(self._place(path)), "tmpfs", linux.MS_NOSUID, "size=64k"
                )
            elif shows and not (part and self._seen(path, part, covers)):
                self._show(path)
        self._fill()
        linux.mount_attributes(str(self._root), linux.ATTR_RDONLY | linux.ATTR_NOSUID)

    def _at(self, path: Path) -> str:
        return str(self._root) + str(path)

    def _part(self, path: Path) -> Path | None:
        """The smallest part shown so far that `path` lies in."""
        around = [part for part in self._shown if _within(path, part)]
        return max(around, key=lambda part: len(part.parts), default=None)

    def _place(self, path: Path) -> Path:
        """Where `path` lies in the tree."""
        part = self._part(path)
        return self._shown[part] / path.relative_to(part) if part else path

    @staticmethod
    def _seen(path: Path, part: Path, covers: set[Path]) -> bool:
        """Whether a path inside of a part can be seen already: nothing between them is covered."""
        return not any(_within(path, cover) and _within(cover, part) for cover in covers)

    def _show(self, path: Path) -> None:
        place = self._place(path)
        aside = place == path and any(_within(path, Path(folder)) for folder in _SCRATCH)
        if path.is_symlink():
            # Never bound: what it points to may be covered.
            if aside:
                self._links.append((os.readlink(path), path))
            else:
                Path(self._at(place)).parent.mkdir(parents=True, exist_ok=True)
                Path(self._at(place)).symlink_to(os.readlink(path))
            return
        if aside:
            place = Path("/.parts", str(len(self._aside)))
            self._aside.append((place, path))
        self._shown[path] = place
        _bind(str(path.resolve()), Path(self._at(place)), path.is_dir())

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
        """In the child, in a pid namespace already: the tree becomes the root, /notebook the folder.

        Args:
            owner: user id, as seen here, that the scratch folders are given to.
        """
        linux.unshare(linux.NEWNS)
        self._furnish(owner)
        os.chdir(self._root)
        linux.pivot_here()
        os.chdir(WORK)

    @contextlib.contextmanager
    def visit(self) -> Iterator[None]:
        """While it lasts, the calling process sees what a child will see; then all is as it was before.

        For our own cells only: who may call chroot finds the way out.
        """
        linux.unshare(linux.NEWNS)
        outside, folder = (os.open(path, os.O_RDONLY | os.O_DIRECTORY) for path in ("/", "."))
        try:
            self._furnish(os.geteuid())
            os.chroot(self._root)
            os.chdir(WORK)
            try:
                yield
            finally:
                os.fchdir(outside)
                os.chroot(".")
                os.fchdir(folder)
                for place in (*_SCRATCH, "/proc"):
                    linux.unmount(self._at(Path(place)))
        finally:
            os.close(outside)
            os.close(folder)

    def _furnish(self, owner: int) -> None:
        """Mounts what nobody shares: the scratch folders, and /proc."""
        size = f"size={SCRATCH_MB}m,nr_inodes={SCRATCH_FILES},uid={owner},gid={owner}"
        safe = linux.MS_NOSUID | linux.MS_NODEV
        for folder, mode in _SCRATCH.items():
            place = self._at(Path(folder))
            linux.mount("tmpfs", place, "tmpfs", safe, f"{size},mode={mode}")
        for source, path in self._aside:
            place = self._at(path)
            _bind(self._at(source), Path(place), Path(self._at(source)).is_dir())
            linux.mount_attributes(place, linux.ATTR_RDONLY | linux.ATTR_NOSUID)
        for target, path in self._links:
            Path(self._at(path)).parent.mkdir(parents=True, exist_ok=True)
            Path(self._at(path)).symlink_to(target)
        proc = safe | linux.MS_NOEXEC | linux.MS_RDONLY
        linux.mount("proc", self._at(Path("/proc")), "proc", proc)

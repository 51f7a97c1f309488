"""The walls around student code: one place that puts them up, in the order in which they must stand.

    found(home, hidden, skip)   once, by the warm process, before it imports anything large
    enter(spec)                 by its child, right after the fork; nothing of the student's ran yet

Which walls this machine can give is another question: survey.py.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.sandbox import linux, pids, rlimits, user
from autograder.sandbox.cgroups import Group
from autograder.sandbox.syscalls import Filter
from autograder.sandbox.tree import SCRATCH_MB, WORK, Tree

USER, PIDS, FILES, NET, IPC = "user", "pids", "files", "net", "ipc"
SYSCALLS, RLIMITS, CGROUP = "syscalls", "rlimits", "cgroup"


@dataclass(frozen=True)
class Spec:
    """One student process.

    Attributes:
        limits: memory_gb, file_mb, submission_seconds.
        keep_fds: descriptors that stay open in it (its events; a socket to a judge); no other does.
        group: the control group it joins.
        folder: an empty folder to work in, used only where the wall `files` is missing.
    """

    limits: Mapping[str, float]
    keep_fds: Sequence[int] = ()
    group: Group | None = None
    folder: str | None = None


@dataclass(frozen=True)
class _Base:
    """What `found` prepared."""

    skip: frozenset[str]
    root: bool
    uid: int
    tree: Tree | None
    filter: Filter | None


_base: _Base | None = None


def found(home: Path, hidden: Sequence[Path], skip: Collection[str] = ()) -> None:
    """Prepares what all children share: namespaces, the tree, the filter. One thread only, please.

    Args:
        home: a folder of this process; the tree is mounted at home/root.
        hidden: folders that student code must never see.
        skip: walls that the machine cannot give (only with --weak-walls).

    Raises:
        OSError, ImportError, RuntimeError: a wall that was not to be skipped cannot be built.
    """
    global _base
    root = user.is_root()
    names = frozenset(skip)
    if root and FILES in names and not user.others_may_read(Path(sys.base_prefix).resolve()):
        names |= {USER}  # root's own Python, and no tree to show it in: only root can run it
    uid = user.free_uid() if root else user.INSIDE
    if not root and USER not in names:
        user.own_namespace()
    tree = None
    if FILES not in names:
        linux.unshare(linux.NEWNS)
        (home / "root").mkdir()
        tree = Tree(home / "root", hidden, uid)
        tree.build()
    if PIDS not in names:
        pids.descend()
    if NET not in names:
        linux.unshare(linux.NEWNET)  # for this process and all its children: there is no network
    if PIDS in names:
        linux.adopt_orphans()  # see pids.kill_adopted
    _base = _Base(names, root, uid, tree, None if SYSCALLS in names else Filter())


def has(wall: str) -> bool:
    """Whether `enter` will put this wall up."""
    return _base is not None and wall not in _base.skip


def memory(limits: Mapping[str, float]) -> int:
    """Bytes that a whole submission may use: its own memory and full scratch folders."""
    return int(limits["memory_gb"] * 2**30) + 3 * SCRATCH_MB * 2**20


def enter(spec: Spec) -> None:
    """Puts every wall around the calling process, for good. The working folder is then private.

    Where there is a pid namespace, the fork happened inside it (pids.Nest). An exception means that
    the process is half walled: it must end at once.
    """
    base = _base
    assert base is not None, "found() comes first"
    namespaced = USER not in base.skip
    if spec.group is not None:
        spec.group.join()
    rlimits.apply(spec.limits, processes=base.root or namespaced)
    process = os.open("/proc/self", os.O_PATH | os.O_DIRECTORY)
    owner = base.uid if base.root else 0
    if IPC not in base.skip:
        linux.unshare(linux.NEWIPC | linux.NEWUTS)
    if base.tree is not None:
        base.tree.enter(owner)
    else:
        os.chdir(spec.folder)
        if base.root and namespaced:
            os.chown(".", owner, owner)
    if namespaced:
        if base.root:
            user.become(base.uid)
        else:
            user.become_in_namespace(process)
    linux.no_new_privileges()
    if base.filter is not None:
        base.filter.load()
    _close_all_but(spec.keep_fds)


@contextlib.contextmanager
def visit(folder: str | None) -> Iterator[None]:
    """While it lasts, the calling process (one thread) works where a child will work after `enter`.

    Args:
        folder: as in Spec.
    """
    assert _base is not None, "found() comes first"
    with contextlib.ExitStack() as stack:
        if _base.tree is not None:
            stack.enter_context(_base.tree.visit())
        else:
            stack.enter_context(contextlib.chdir(folder))
        yield


def _close_all_but(keep: Sequence[int]) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(null, standard)
    low = 3
    for descriptor in sorted(keep):
        os.closerange(low, descriptor)
        low = descriptor + 1
    os.closerange(low, os.sysconf("SC_OPEN_MAX"))


def work_folder(spec: Spec) -> str:
    """Where the student's process finds itself after `enter`."""
    return WORK if has(FILES) else str(spec.folder)

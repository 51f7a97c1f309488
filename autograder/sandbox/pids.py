"""A pid namespace for every submission: when its first process dies, the kernel kills all others."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

from autograder.sandbox import linux


class Nest:
    """One pid namespace, owned by the process that makes it (not by those it forks).

    Its first process is `cat`, which waits on a pipe: an exec is cheaper than a second fork of
    a process that imported torch, and when the owner is killed the pipe ends and everything with it.
    A child of the owner's that ends in the very moment in which a nest is made leaves no exit code.

    Raises:
        OSError: no right to make one.
    """

    def __init__(self) -> None:
        with open("/proc/self/ns/pid", "rb") as own:
            linux.unshare(linux.NEWPID)
            try:
                self._init, self._pipe = _start_init()
                try:
                    path = "/proc/self/ns/pid_for_children"  # none, if init is dead already
                    self._inside = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
                except OSError:
                    os.close(self._pipe)
                    self._gone()
                    raise
            finally:  # or this process could never fork again
                linux.setns(own.fileno(), linux.NEWPID)

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """A fork in this block lands in the namespace. Its child must not use the nest."""
        owner = os.getpid()
        with open("/proc/self/ns/pid", "rb") as own:
            linux.setns(self._inside, linux.NEWPID)
            try:
                yield
            finally:
                if os.getpid() == owner:
                    linux.setns(own.fileno(), linux.NEWPID)

    def kill(self) -> None:
        """Ends every process inside. The owner then waits for its own children, and calls `close`."""
        with contextlib.suppress(ProcessLookupError):  # see _gone
            os.kill(self._init, signal.SIGKILL)

    def close(self) -> None:
        """Waits until nothing is left inside; every child that the owner forked must be waited for."""
        self._gone()
        os.close(self._pipe)
        os.close(self._inside)

    def _gone(self) -> None:
        """Waits for init. One that was killed while it was made is waited for already (_start_init)."""
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self._init, 0)


def descend() -> None:
    """Puts the rest of this program into a pid namespace of its own, from where nests can be made.

    Returns in a child, the first process there; this process waits for it and ends as it ended.
    When either dies, the other does, and with the child everything below it.

    Raises:
        OSError: no right to make one.
    """
    linux.unshare(linux.NEWPID)
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        linux.die_with_parent()
        if not os.path.exists(f"/proc/{parent}"):
            os._exit(1)  # it ended before it could be watched
        return
    os.closerange(0, os.sysconf("SC_OPEN_MAX"))
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os._exit(code if code >= 0 else 128 - code)


def _start_init() -> tuple[int, int]:
    reader, writer = os.pipe()
    # A disposition survives exec: init ignores SIGCHLD, so that orphans leave no zombies behind.
    previous = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        command = ["/bin/cat"]
        actions = [(os.POSIX_SPAWN_DUP2, reader, 0)]
        init = os.posix_spawn(command[0], command, {}, file_actions=actions, setsid=True)
    except BaseException:
        os.close(writer)
        raise
    finally:
        signal.signal(signal.SIGCHLD, previous)
        os.close(reader)
    return init, writer


def children(pid: int) -> list[int]:
    """The direct children of a process; empty when it is gone."""
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += map(int, path.read_text(encoding="ascii").split())
    return found


def kill_adopted(spare: frozenset[int] = frozenset()) -> None:
    """Without a pid namespace: kills every descendant of this process that was not spared.

    Needs `linux.adopt_orphans()` before. A program that forks faster than this loop kills could
    get away: that is why it is no wall.
    """
    for _ in range(100):
        victims = [pid for pid in children(os.getpid()) if pid not in spare]
        if not victims:
            return
        for pid in victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in victims:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)

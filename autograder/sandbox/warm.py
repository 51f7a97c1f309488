"""Warm processes: torch is imported once, then one child is forked for every submission.

`import torch` costs seconds and a fork milliseconds; that is why they exist. The process that imports
(trunk.py) forks one process for each role. ROLE «student»: a child runs the student's cells (serve.py);
ROLE «judge»: a child runs the tests (judge.session). A process with a role answers requests (JSON, one
packet each) on its socket:

    → {"fork": LIMITS, "folder": …}  with descriptors: the job, and those that the child keeps open:
                                     its end of the channel between judge and student; the
                                     judge's child also the pipe that its events go to
    ← {"child": true}
    → {"interrupt": true}            SIGINT for the child
    ← {"exited": CODE}               whenever the child ends by itself
    → {"end": true}                  kills whatever is left of the submission
    ← {"ended": true}
    → {"prepare": LIMITS, "folder": …}  with descriptors: a job, and a socket. A fork of this process
                                     runs the job's cells (prepared.py), says {"ready": true} on that
                                     socket, or {"failed": …}, and answers requests there as this one does

No word of a submission passes through this process: its child reads the job from a descriptor, the
grader reads the events. So nobody finds another's work in memory that was inherited.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import itertools
import json
import os
import select
import signal
import socket
from collections.abc import Sequence
from pathlib import Path

from autograder.sandbox import cgroups, linux, pids, prepared, rlimits, walls
from autograder.sandbox.recorder import Recorder

MAX_DESCRIPTORS = 8
PACKET = 1 << 16
_SHOWN = 1 << 16  # characters that a given cell may show


def become(role: str, home: str, hide: Sequence[str], skip: Sequence[str], control: int) -> None:
    """What a process with a role does, from the fork of the trunk to the grader's hanging up.

    Args:
        role: «student» or «judge».
        home: a folder of its own.
        hide, skip: see walls.found.
        control: the socket that it answers on.
    """
    theirs = socket.socket(fileno=control)
    os.chdir(home)
    linux.dumpable(True)  # else a user namespace could not be set up
    try:
        walls.found(Path(home), [Path(folder) for folder in hide], skip)
    except (OSError, ImportError, RuntimeError) as error:
        _answer(theirs, {"failed": str(error)})
        return
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    linux.dumpable(
        False
    )  # nobody of the same user looks into it, not even through a hole in a wall
    if walls.has(walls.CGROUP):
        cgroups.sweep()
    _dress(role)
    _answer(theirs, {"ready": True})
    serve(role, theirs)
    for child in _prepared:  # they have been hung up on, too; who closes us may rely on their end
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    _reap(0)


def _dress(role: str) -> None:
    """The shell of the role, and the judge's own modules."""
    from autograder.sandbox import cells

    if role == "judge":
        from autograder.judge import session  # noqa: F401
        from autograder.judge.names import Names

        cells.prepare_shell(Names(), ours=True)
    else:
        cells.prepare_shell()
    cells.rehearse()
    gc.collect()
    gc.freeze()  # a collection in a child would touch, and so copy, every page


_number = itertools.count()


def _group(limits: dict) -> cgroups.Group | None:
    """A control group for one submission, where there may be one."""
    if not walls.has(walls.CGROUP):
        return None
    # Unique on this machine, also beside groups that a killed grader left: the folder's name is random.
    name = f"{cgroups.PREFIX}{Path.cwd().name}-{os.getpid()}-{next(_number)}"
    with contextlib.suppress(cgroups.NoCgroup):
        return cgroups.create(name, walls.memory(limits), rlimits.MAX_PROCESSES + 2)
    return None


_prepared: set[int] = set()  # forks of this process that wait for submissions themselves


def _prepare(role: str, request: dict, job: int, control: int, ours: socket.socket) -> None:
    """Forks a process that has run the job's cells, and serves on the socket `control`."""
    if child := os.fork():
        _prepared.add(child)
        return
    try:
        _prepared.clear()
        ours.close()
        linux.die_with_parent()
        os.setsid()
        if not walls.has(walls.PIDS):
            linux.adopt_orphans()
        theirs = socket.socket(fileno=control)
        with os.fdopen(job, "rb") as file:
            content = json.load(file)
        signal.setitimer(signal.ITIMER_REAL, request["prepare"]["cell_seconds"])  # the end of it
        with walls.visit(request["folder"]):
            done = prepared.prepare(content, _quietly)
        signal.setitimer(signal.ITIMER_REAL, 0)
        if done:
            gc.collect()
            gc.freeze()
            _shared_kb.cache_clear()
            _answer(theirs, {"ready": True})
            serve(role, theirs)
        else:
            _answer(theirs, {"failed": "a given cell raised, or started a thread"})
    finally:
        os._exit(0)


def _reap(options: int) -> None:
    """Waits for forks that serve; one that ended while SIGCHLD was ignored (pids.Nest) is gone already."""
    for child in list(_prepared):
        try:
            ended = os.waitpid(child, options)[0]
        except ChildProcessError:
            ended = child
        if ended:
            _prepared.discard(child)


def _quietly(step: dict, names: dict[str, str]) -> dict:
    """Runs a given cell. What it shows is kept in its run."""
    from autograder.sandbox import cells

    return cells.run_cell(step, Recorder(_SHOWN), names)


class Submission:
    """One child and all that it starts."""

    def __init__(self, role: str, request: dict, descriptors: Sequence[int]) -> None:
        limits = request["fork"]
        self._group = _group(limits)
        spec = walls.Spec(limits, descriptors[1:], self._group, request.get("folder"))
        self._nest = pids.Nest() if walls.has(walls.PIDS) else None
        with self._nest.inside() if self._nest else contextlib.nullcontext():
            self._child = os.fork()
            if self._child == 0:
                _child(role, spec, descriptors[0], descriptors[1:])
        self.exits = os.pidfd_open(self._child)
        self._code: int | None = None
        self.grown_mb = 0.0  # how much its memory grew beyond what it was forked with, at most

    def interrupt(self) -> None:
        """Asks the running cell to stop."""
        if self._code is None:
            os.kill(self._child, signal.SIGINT)

    def wait(self) -> int:
        """The exit code of the child, which has ended or was killed."""
        if self._code is None:
            _, status, used = os.wait4(self._child, 0)
            self._code = os.waitstatus_to_exitcode(status)
            self.grown_mb = max(0, used.ru_maxrss - _shared_kb()) / 1024
            os.close(self.exits)
        return self._code

    def end(self) -> None:
        """Kills everything and waits until it is gone."""
        if self._nest:
            self._nest.kill()
        elif self._code is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._child, signal.SIGKILL)
        self.wait()
        if self._nest:
            self._nest.close()
        else:
            pids.kill_adopted(spare=frozenset(_prepared))
        if self._group:
            self._group.remove()


@functools.cache
def _shared_kb() -> int:
    """The memory of a child that does nothing: what it shares with us is no growth of its own."""
    child = os.fork()
    if child == 0:
        os._exit(0)
    return os.wait4(child, 0)[2].ru_maxrss


def _child(role: str, spec: walls.Spec, job: int, channels: Sequence[int]) -> None:
    """The child's whole life."""
    status = 1
    try:
        os.setsid()
        with os.fdopen(job, "rb") as file:
            content = json.load(file)
        walls.enter(spec)
        if role == "judge":
            from autograder.judge import session

            linux.die_with_parent()  # without a pid namespace nothing else would end it
            session.run_job(content, *channels)
        else:
            from autograder.sandbox import serve as student

            student.run_job(content, *channels)
        status = 0
    except BaseException:  # noqa: BLE001  nothing may climb back into the parent's loop
        pass
    finally:
        os._exit(status)


def serve(role: str, control: socket.socket) -> None:
    """Answers requests until the grader hangs up; then nothing of ours is left running."""
    current: Submission | None = None
    running = False
    _shared_kb()
    try:
        while True:
            watched = [control, current.exits] if running else [control]
            ready = select.select(watched, [], [])[0]
            if running and current.exits in ready:
                running = False
                _answer(control, {"exited": current.wait()})
                continue
            message, descriptors, _, _ = socket.recv_fds(control, PACKET, MAX_DESCRIPTORS)
            for descriptor in descriptors:
                # No exec, init's first of all, passes it on: who kept the channel open would hide
                # the child's death from the judge.
                os.set_inheritable(descriptor, False)
            if not message:
                return
            _reap(os.WNOHANG)  # those that the grader has hung up on
            request = json.loads(message)
            if "fork" in request:
                current, running = Submission(role, request, descriptors), True
                for descriptor in descriptors:
                    os.close(descriptor)
                _answer(control, {"child": True})
            elif "prepare" in request:
                _prepare(role, request, *descriptors, control)
                for descriptor in descriptors:
                    os.close(descriptor)
            elif "interrupt" in request:
                current.interrupt()
            else:
                current.end()
                _answer(control, {"ended": True, "grown_mb": current.grown_mb})
                current, running = None, False
    finally:
        if current is not None:
            current.end()


def _answer(control: socket.socket, answer: dict) -> None:
    with contextlib.suppress(BrokenPipeError):
        control.send(json.dumps(answer).encode())

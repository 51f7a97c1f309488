"""Warm processes: torch is imported once, then one child is forked for every submission.

`import torch` costs seconds and a fork milliseconds; that is why they exist. The process that imports
(trunk.py) forks one process for each role. ROLE «student»: a child runs the student's cells (serve.py);
ROLE «judge»: a child runs the tests (judge.session). A process with a role answers requests (JSON, one
packet each) on its socket:

    → {"fork": LIMITS, "folder": …, "next": …}  with descriptors: the job, and those that the child keeps
                                     open: its end of the channel between judge and student; the
                                     judge's child also the pipe that its events go to. «next»: the
                                     folder of the fork after this one
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

While a submission runs, the child for the next one is forked and walled in already: it stands by, with
nothing to read but the socket on which its job will come.
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
from collections.abc import Collection, Sequence
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
    """One child, behind its walls, and all that it starts. It stands by until `start`.

    Args:
        limits, folder: see walls.Spec.
        nest: for this child alone; None where there is no wall `pids`.
    """

    def __init__(self, role: str, limits: dict, folder: str | None, nest: pids.Nest | None) -> None:
        self._terms = limits, folder
        self._group = _group(limits)
        self._door, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        spec = walls.Spec(limits, [theirs.fileno()], self._group, folder)
        self._nest = nest
        try:
            with theirs, nest.inside() if nest else contextlib.nullcontext():
                self.child = os.fork()
                if self.child == 0:
                    _child(role, spec, theirs)
        except OSError:
            if self._group:
                self._group.remove()
            raise
        self.exits = os.pidfd_open(self.child)
        self._code: int | None = None
        self.grown_mb = 0.0  # how much its memory grew beyond what it was forked with, at most

    def waits_for(self, limits: dict, folder: str | None) -> bool:
        """Whether it was forked for a job like this, and has not died since, of whatever."""
        return self._terms == (limits, folder) and not select.select([self.exits], [], [], 0)[0]

    def start(self, descriptors: Sequence[int]) -> None:
        """Hands over the job and the descriptors that the child keeps. Raises OSError: it is dead."""
        with self._door:
            socket.send_fds(self._door, [b"!"], descriptors)

    def interrupt(self) -> None:
        """Asks the running cell to stop."""
        if self._code is None:
            os.kill(self.child, signal.SIGINT)

    def wait(self) -> int:
        """The exit code of the child, which has ended or was killed."""
        if self._code is None:
            self._code = 0
            with contextlib.suppress(ChildProcessError):  # see pids.Nest
                _, status, used = os.wait4(self.child, 0)
                self._code = os.waitstatus_to_exitcode(status)
                self.grown_mb = max(0, used.ru_maxrss - _shared_kb()) / 1024
            os.close(self.exits)
        return self._code

    def end(self, spare: Collection[int] = ()) -> None:
        """Kills everything and waits until it is gone.

        Args:
            spare: other children; without the wall `pids` all but these are killed.
        """
        self._door.close()
        if self._nest:
            self._nest.kill()
        elif self._code is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.child, signal.SIGKILL)
        self.wait()
        if self._nest:
            self._nest.close()
        else:
            pids.kill_adopted(frozenset({*_prepared, *spare}))
        if self._group:
            self._group.remove()


@functools.cache
def _shared_kb() -> int:
    """The memory of a child that does nothing: what it shares with us is no growth of its own."""
    child = os.fork()
    if child == 0:
        os._exit(0)
    return os.wait4(child, 0)[2].ru_maxrss


def _child(role: str, spec: walls.Spec, door: socket.socket) -> None:
    """The child's whole life."""
    status = 1
    try:
        os.setsid()
        if role == "judge":
            linux.die_with_parent()  # without a pid namespace nothing else would end it
        walls.enter(spec)
        with door:
            message, descriptors, _, _ = socket.recv_fds(door, 1, MAX_DESCRIPTORS)
        if not message:
            return  # nobody needs it
        for descriptor in descriptors:
            os.set_inheritable(descriptor, False)
        job, *channels = descriptors
        with os.fdopen(job, "rb") as file:
            content = json.load(file)
        if role == "judge":
            from autograder.judge import session

            session.run_job(content, *channels)
        else:
            from autograder.sandbox import serve as student

            student.run_job(content, *channels)
        status = 0
    except BaseException:  # noqa: BLE001  nothing may climb back into the parent's loop
        pass
    finally:
        os._exit(status)


class _Children:
    """The submission that runs, and the child that stands by for the next one."""

    def __init__(self, role: str) -> None:
        self._role = role
        self.current: Submission | None = None
        self._next: Submission | None = None
        self._nest: pids.Nest | None = None  # of the child to be forked next

    def start(self, limits: dict, folder: str | None, descriptors: Sequence[int]) -> None:
        """Gives a job to the child that stands by, if it was forked for the like, or to a new one."""
        if self._next is not None and not self._next.waits_for(limits, folder):
            self.dismiss()
        self.current, self._next = self._next or self._fork(limits, folder), None
        self.get_ready()
        with contextlib.suppress(OSError):  # it is dead: told as its exit
            self.current.start(descriptors)

    def get_ready(self) -> None:
        """Makes the nest that `stand_by` needs, now that nobody runs: see pids.Nest."""
        if self._nest is None and walls.has(walls.PIDS):
            with contextlib.suppress(OSError):  # told when it is needed
                self._nest = pids.Nest()

    def stand_by(self, limits: dict, folder: str | None) -> None:
        """Forks a child for the submission to come."""
        with contextlib.suppress(OSError):  # the request to come will find out what is wrong
            self._next = self._fork(limits, folder)

    def _fork(self, limits: dict, folder: str | None) -> Submission:
        """A new child. Raises OSError."""
        while True:
            kept, self._nest = self._nest, None
            nest = kept or (pids.Nest() if walls.has(walls.PIDS) else None)
            try:
                return Submission(self._role, limits, folder, nest)
            except OSError:
                if nest:
                    nest.kill()
                    nest.close()
                if not kept:  # else its init may have been killed since it was made
                    raise

    def end(self) -> float:
        """Ends the submission that runs; by how many MB its child had grown at most."""
        ended, self.current = self.current, None
        if ended is None:
            return 0.0
        ended.end([self._next.child] if self._next else [])
        return ended.grown_mb

    def dismiss(self) -> None:
        """Ends the child that stands by."""
        if self._next is not None:
            self._next.end([self.current.child] if self.current else [])
            self._next = None


def serve(role: str, control: socket.socket) -> None:
    """Answers requests until the grader hangs up; then nothing of ours is left running."""
    children = _Children(role)
    running = False
    _shared_kb()
    try:
        while True:
            watched = [control, children.current.exits] if running else [control]
            ready = select.select(watched, [], [])[0]
            if running and children.current.exits in ready:
                running = False
                _answer(control, {"exited": children.current.wait()})
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
                children.start(request["fork"], request["folder"], descriptors)
                running = True
                for descriptor in descriptors:
                    os.close(descriptor)
                _answer(control, {"child": True})
                children.stand_by(request["fork"], request["next"])
            elif "prepare" in request:
                _prepare(role, request, *descriptors, control)
                for descriptor in descriptors:
                    os.close(descriptor)
            elif "interrupt" in request:
                children.current.interrupt()
            else:
                _answer(control, {"ended": True, "grown_mb": children.end()})
                running = False
                children.get_ready()
    finally:
        children.end()
        children.dismiss()  # a nest without a child ends with this process: its pipe does


def _answer(control: socket.socket, answer: dict) -> None:
    with contextlib.suppress(BrokenPipeError):
        control.send(json.dumps(answer).encode())

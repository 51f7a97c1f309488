"""A warm process: imports torch once, then forks one child for every submission.

`import torch` costs seconds and a fork milliseconds; that is why it exists. Run as
`python -m autograder.sandbox.warm ROLE HOME [--hide FOLDER …] [--skip WALL …]`. ROLE «student»: a child
runs the student's cells (serve.py); ROLE «judge»: a child runs the tests (judge.session). It answers
requests (JSON, one packet each) on the socket that is its standard input:

    → {"fork": LIMITS, "folder": …}  with descriptors: the job, and those that the child keeps open:
                                     its end of the channel between judge and student; the
                                     judge's child also the pipe that its events go to
    ← {"child": true}
    → {"interrupt": true}            SIGINT for the child
    ← {"exited": CODE}               whenever the child ends by itself
    → {"end": true}                  kills whatever is left of the submission
    ← {"ended": true}

No word of a submission passes through this process: its child reads the job from a descriptor, the
grader reads the events. So nobody finds another's work in memory that was inherited.
"""

from __future__ import annotations

import argparse
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

from autograder.sandbox import cgroups, linux, pids, rlimits, walls, warmup

MAX_DESCRIPTORS = 8
PACKET = 1 << 16


def _preload(role: str) -> None:
    """What student code is likely to import. One thread: a child of a threaded parent can hang."""
    import matplotlib

    matplotlib.use("module://matplotlib_inline.backend_inline")
    import matplotlib.pyplot  # noqa: F401
    import numpy  # noqa: F401
    import torch

    torch.set_num_threads(1)
    with contextlib.suppress(ImportError):
        import ipywidgets  # noqa: F401

    from autograder.sandbox import cells

    if role == "judge":
        from autograder.judge import session  # noqa: F401
        from autograder.judge.names import Names

        cells.prepare_shell(Names(), ours=True)
    else:
        from autograder.sandbox import serve  # noqa: F401

        cells.prepare_shell()
    cells.rehearse()
    warmup.warm_up()
    gc.collect()
    gc.freeze()  # a collection in a child would touch, and so copy, every page


_number = itertools.count()


def _group(limits: dict) -> cgroups.Group | None:
    """A control group for one submission, where there may be one."""
    if not walls.has(walls.CGROUP):
        return None
    # Unique on this machine, also beside groups that a killed grader left: the folder's name is random.
    name = f"{cgroups.PREFIX}{Path.cwd().name}-{next(_number)}"
    with contextlib.suppress(cgroups.NoCgroup):
        return cgroups.create(name, walls.memory(limits), rlimits.MAX_PROCESSES + 2)
    return None


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
            pids.kill_adopted()
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
            request = json.loads(message)
            if "fork" in request:
                current, running = Submission(role, request, descriptors), True
                for descriptor in descriptors:
                    os.close(descriptor)
                _answer(control, {"child": True})
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


def main() -> None:
    """See the module's text."""
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=["student", "judge"])
    parser.add_argument("home", type=Path)
    parser.add_argument("--hide", type=Path, action="append", default=[])
    parser.add_argument("--skip", action="append", default=[])
    options = parser.parse_args()
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C is for the grader, which closes the socket
    control = socket.socket(fileno=os.dup(0))
    try:
        walls.found(options.home, options.hide, options.skip)
    except (OSError, ImportError, RuntimeError) as error:
        _answer(control, {"failed": str(error)})
        return
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    linux.dumpable(
        False
    )  # nobody of the same user looks into it, not even through a hole in a wall
    if walls.has(walls.CGROUP):
        cgroups.sweep()
    _preload(options.role)
    _answer(control, {"ready": True})
    serve(options.role, control)


if __name__ == "__main__":
    main()

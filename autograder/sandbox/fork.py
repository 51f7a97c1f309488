"""The executor that grading uses: a student's process behind walls, and a judge's beside it."""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace

from autograder.course import Limits
from autograder.sandbox import survey, walls
from autograder.sandbox.events import Reader
from autograder.sandbox.executor import CellRun, ExecutorFailed, Step
from autograder.sandbox.process import (
    Forker,
    Prepared,
    Trunk,
    WarmProcess,
    borrow_trunk,
    return_trunk,
)
from autograder.sandbox.watch import Report, Watch

# The judge's child runs our own code: it needs limits, no walls. Its walls are the codec.
_TRUSTED = {walls.USER, walls.PIDS, walls.FILES, walls.IPC, walls.SYSCALLS, walls.CGROUP}
if os.geteuid():  # who is not root gets a network namespace only together with a user's
    _TRUSTED |= {walls.NET}


MAX_PREPARED = 2  # labs, or editions of one, whose opening cells are kept run


def _job(steps: Sequence[Step], files: Mapping[str, str], limits: Limits) -> dict:
    return {"steps": [vars(s) for s in steps], "files": files, "limits": asdict(limits)}


class ForkExecutor:
    """Owns two warm processes, forked from a trunk that executors share; not for two threads at once.

    Args:
        weak: run even where a wall is missing; by default what COURSE_WEAK_WALLS says.
        skip: walls to leave out although the machine has them (to measure what they cost).
        nice: by how much its processes stand back behind others (nice(2)).
    """

    def __init__(self, weak: bool | None = None, skip: Sequence[str] = (), nice: int = 0) -> None:
        self._nice = nice
        self._weak = survey.weak() if weak is None else weak
        self._skip = set(skip)
        self._closing = threading.Lock()
        self._trunk: Trunk | None = None
        self._student: WarmProcess | None = None
        self._judge: WarmProcess | None = None
        self._prepared: dict[str, tuple[Prepared, Prepared] | None] = {}
        self._ending: tuple[Forker, Forker] | None = None  # whose children were told to end
        self._grown_mb = 0.0

    def _start(self) -> None:
        try:
            gaps = survey.missing()
            refusal = survey.refusal()
        except (RuntimeError, subprocess.SubprocessError) as error:
            raise ExecutorFailed(str(error)) from None
        if refusal and not self._weak:
            raise ExecutorFailed(f"{refusal}. 그래도 실행하려면 {survey.WEAK}=1")
        self._skip |= {wall.name for wall in gaps}
        for last in (False, False, True):
            try:
                self._fork_both()
                break
            except (ExecutorFailed, OSError):
                # Another executor's trunk, that was about to die: a new one is another matter.
                if last or self._trunk is None or self._trunk.alive:
                    raise
                self.close()

    def _fork_both(self) -> None:
        self._trunk = borrow_trunk(self._nice)
        self._student = WarmProcess(self._trunk, "student", self._skip)
        self._judge = WarmProcess(self._trunk, "judge", self._skip | _TRUSTED)
        for process in (self._student, self._judge):
            process.ready()

    def warm(self) -> None:
        """Starts the processes now, so that the first submission does not wait for them.

        Raises:
            ExecutorFailed: they cannot be started.
        """
        if self._student is None:
            try:
                self._start()
            except (OSError, ValueError) as error:
                self.close()
                raise ExecutorFailed(f"실행 프로세스를 켜지 못했습니다: {error}") from None

    def run(
        self, steps: Sequence[Step], files: Mapping[str, bytes], limits: Limits
    ) -> list[CellRun]:
        """See Executor.run. A cell that cannot be interrupted is killed, and the others run again.

        Its processes may still be ending when this returns: `settle` waits.
        """
        self._grown_mb = 0.0
        runs: dict[str, CellRun] = {}
        fatal: dict[str, CellRun] = {}
        deadline = time.monotonic() + limits.submission_seconds
        while True:
            left = deadline - time.monotonic()
            todo = [s for s in steps if s.id not in fatal and s.after not in fatal]
            if left < 1:
                break
            # The first time with these very limits: a child stands by for them.
            now = replace(limits, submission_seconds=left) if fatal else limits
            report = self._attempt(todo, files, now)
            runs = report.runs
            if report.culprit is None:
                break
            fatal[report.culprit] = CellRun(report.culprit, report.why)
        return [
            fatal.get(step.id) or runs.get(step.id) or CellRun(step.id, "not_run") for step in steps
        ]

    @property
    def grown_mb(self) -> float:
        """By how much the student's process grew in the last run, at most; as `settle`."""
        self.settle()
        return self._grown_mb

    def settle(self) -> None:
        """Waits until nothing is left of the last run; what can be done without it is done before.

        Raises:
            ExecutorFailed: nobody knows whether something is left.
        """
        with self._closing_on_failure():
            self._settle()

    def _settle(self) -> None:
        ending, self._ending = self._ending, None
        if ending:
            student, judge = ending
            judge.ended()
            self._grown_mb = max(self._grown_mb, student.ended())

    @contextlib.contextmanager
    def _closing_on_failure(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as error:
            self.close()
            raise ExecutorFailed(f"실행 프로세스와 통신하지 못했습니다: {error}") from None
        except BaseException:
            self.close()
            raise

    def _attempt(self, steps: Sequence[Step], files: Mapping[str, bytes], limits: Limits) -> Report:
        if not all(process and process.alive for process in (self._student, self._judge)):
            self.close()
        with self._closing_on_failure(), contextlib.ExitStack() as stack:
            if self._student is None:
                self._start()
            return self._watched(steps, files, limits, stack)

    def _watched(
        self,
        steps: Sequence[Step],
        files: Mapping[str, bytes],
        limits: Limits,
        stack: contextlib.ExitStack,
    ) -> Report:
        self._settle()
        packed = {name: base64.b64encode(data).decode() for name, data in files.items()}
        # No word of a test goes to the student's process, no word of the student's to the judge's.
        theirs = [step for step in steps if step.kind not in ("test", "carry")]
        ours = [s if s.kind in ("given", "test", "carry") else replace(s, source="") for s in steps]
        jobs = [_job(part, packed, limits) for part in (theirs, ours)]
        student, judge = self._forkers(steps, packed, limits)
        reader, writer = os.pipe()
        stack.callback(os.close, reader)
        with os.fdopen(writer, "wb") as events:
            bell = os.eventfd(0)
            stack.callback(os.close, bell)
            channel, far = socket.socketpair()
            with channel, far:  # only the two children keep them: each notices the other's end
                student.fork(jobs[0], limits, [channel.fileno()])
                judge.fork(jobs[1], limits, [far.fileno(), events.fileno(), bell])
        for process in (student, judge):  # both at once
            process.forked()
        watch = Watch(
            reader,
            bell,
            judge.fileno(),
            student.interrupt,
            Reader([step.id for step in steps], limits.output_kb),
            limits,
        )
        report = watch.run()
        for process in (judge, student):
            process.end()
        self._ending = student, judge
        return report

    def _forkers(
        self, steps: Sequence[Step], files: Mapping[str, str], limits: Limits
    ) -> tuple[Forker, Forker]:
        """The student's and the judge's process to fork from.

        Those that have run the cells which open these steps; or, where these cannot be had, the warm
        processes themselves.
        """
        given = list(itertools.takewhile(lambda step: step.kind == "given", steps))
        if not given:
            return self._student, self._judge
        key = json.dumps([[vars(step) for step in given], files])
        if key not in self._prepared:
            while len(self._prepared) >= MAX_PREPARED:
                self._let_go(next(iter(self._prepared)))
            tests = [step for step in steps if step.kind == "test"]
            both = (
                self._student.prepare(_job(given, files, limits), limits),
                self._judge.prepare(_job(given + tests, files, limits), limits),
            )
            ready = [each.ready() for each in both]  # both at once, and both to their end
            self._prepared[key] = both if all(ready) else None
            if not all(ready):
                for each in both:
                    each.close()
        return self._prepared[key] or (self._student, self._judge)

    def _let_go(self, key: str) -> None:
        for each in self._prepared.pop(key) or ():
            each.close()

    def close(self) -> None:
        """Ends the warm processes and all below them. Harmless when there are none."""
        with self._closing:  # Ctrl-C: the pool closes what its thread is about to close
            prepared, self._prepared = self._prepared, {}
            student, judge, trunk = self._student, self._judge, self._trunk
            self._student = self._judge = self._trunk = self._ending = None
        for both in prepared.values():
            for each in both or ():
                each.close()
        for process in (student, judge):
            if process is not None:
                process.close()
        if trunk is not None:
            return_trunk(trunk)

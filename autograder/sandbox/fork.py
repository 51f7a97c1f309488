"""The executor that forks a warm process (warm.py, cells.py) behind walls: the one that grading uses."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from autograder.course import Course, Limits, UsageError
from autograder.sandbox import survey, walls
from autograder.sandbox.events import Reader
from autograder.sandbox.executor import CellRun, ExecutorFailed, Step
from autograder.sandbox.tree import WORK
from autograder.sandbox.watch import Report, Watch

START_SECONDS = 120  # importing torch on a cold disk
ANSWER_SECONDS = 30  # what the warm process may need for a fork, or to clear up after a fork bomb
_CHECKOUT = Path(__file__).parents[2]


def _student_environment(folder: str, scratch: str) -> dict[str, str]:
    """All that student code finds in its environment; nothing of it is the grader's."""
    return {
        "PATH": os.pathsep.join([f"{sys.prefix}/bin", "/usr/bin", "/bin"]),
        "LANG": "C.UTF-8",
        "HOME": folder,
        "TMPDIR": scratch,
        "IPYTHONDIR": f"{scratch}/ipython",
        "MPLCONFIGDIR": f"{scratch}/matplotlib",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


class ForkExecutor:
    """Owns one warm process; not for use by two threads at once.

    Args:
        weak: run even where a wall is missing; by default what COURSE_WEAK_WALLS says.
        skip: walls to leave out although the machine has them (to measure what they cost).
    """

    def __init__(self, weak: bool | None = None, skip: Sequence[str] = ()) -> None:
        # Open in the next student process, where job["keep_fds"] has their numbers (cells.run_job).
        self.extra_fds: Sequence[int] = ()
        self._weak = survey.weak() if weak is None else weak
        self._skip = set(skip)
        self._process: subprocess.Popen | None = None
        self._control: socket.socket | None = None
        self._home: str | None = None

    def _start(self) -> None:
        try:
            gaps = survey.missing()
            refusal = survey.refusal()
        except (RuntimeError, subprocess.SubprocessError) as error:
            raise ExecutorFailed(str(error)) from None
        if refusal and not self._weak:
            raise ExecutorFailed(f"{refusal}. 그래도 실행하려면 {survey.WEAK}=1")
        self._skip |= {wall.name for wall in gaps}
        self._home = tempfile.mkdtemp(prefix="course-warm-")
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        options = [f"--hide={path}" for path in _hidden()] + [f"--skip={n}" for n in self._skip]
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "autograder.sandbox.warm", self._home, *options],
                stdin=theirs,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=self._home,
                env=_student_environment(self._home, self._home) | {"PYTHONPATH": str(_CHECKOUT)},
                start_new_session=True,  # Ctrl-C reaches the grader only
            )
        answer = self._answer(START_SECONDS)
        if "failed" in answer:
            raise ExecutorFailed(f"벽을 세우지 못했습니다: {answer['failed']} (course doctor)")

    def _answer(self, seconds: float) -> dict:
        """The next packet of the warm process."""
        if not select.select([self._control], [], [], seconds)[0]:
            raise ExecutorFailed("실행 프로세스가 제때 답하지 않습니다")
        packet = self._control.recv(1 << 16)
        if not packet:
            raise ExecutorFailed("실행 프로세스가 끝나 버렸습니다")
        return json.loads(packet)

    def run(
        self, steps: Sequence[Step], files: Mapping[str, bytes], limits: Limits
    ) -> list[CellRun]:
        """See Executor.run. A cell that cannot be interrupted is killed, and the others run again."""
        runs: dict[str, CellRun] = {}
        fatal: dict[str, CellRun] = {}
        deadline = time.monotonic() + limits.submission_seconds
        while True:
            left = deadline - time.monotonic()
            todo = [s for s in steps if s.id not in fatal and s.after not in fatal]
            if left < 1:
                break
            report = self._attempt(todo, files, replace(limits, submission_seconds=left))
            runs = report.runs
            if report.culprit is None:
                break
            fatal[report.culprit] = CellRun(report.culprit, report.why)
        return [
            fatal.get(step.id) or runs.get(step.id) or CellRun(step.id, "not_run") for step in steps
        ]

    def _attempt(self, steps: Sequence[Step], files: Mapping[str, bytes], limits: Limits) -> Report:
        if self._process is None or self._process.poll() is not None:
            self.close()
            self._start()
        with contextlib.ExitStack() as stack:
            try:
                return self._watched(steps, files, limits, stack)
            except (OSError, ValueError) as error:
                self.close()
                raise ExecutorFailed(f"실행 프로세스와 통신하지 못했습니다: {error}") from None
            except BaseException:
                self.close()
                raise

    def _watched(
        self,
        steps: Sequence[Step],
        files: Mapping[str, bytes],
        limits: Limits,
        stack: contextlib.ExitStack,
    ) -> Report:
        folder = None
        if walls.FILES in self._skip:
            folder = stack.enter_context(_folder())
        job = {
            "steps": [asdict(step) for step in steps],
            "files": {name: base64.b64encode(data).decode() for name, data in files.items()},
            "limits": asdict(limits),
            "environment": _student_environment(folder or WORK, folder or "/tmp"),
        }
        content = stack.enter_context(_memory_file(json.dumps(job).encode()))
        reader, writer = os.pipe()
        stack.callback(os.close, reader)
        request = {"fork": asdict(limits), "folder": folder}
        try:
            socket.send_fds(
                self._control, [json.dumps(request).encode()], [content, writer, *self.extra_fds]
            )
        finally:
            os.close(writer)
        self._answer(ANSWER_SECONDS)
        watch = Watch(
            reader,
            self._control.fileno(),
            lambda: self._control.send(b'{"interrupt": true}'),
            Reader([step.id for step in steps], limits.output_kb),
            limits,
        )
        report = watch.run()
        self._control.send(b'{"end": true}')
        while "ended" not in self._answer(ANSWER_SECONDS):
            pass  # it may still say that the child exited
        return report

    def close(self) -> None:
        """Ends the warm process and all below it. Harmless when there is none."""
        if self._control is not None:
            self._control.close()  # it sees that, clears up and ends
            self._control = None
        process, self._process = self._process, None
        if process is not None:
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._home:
            shutil.rmtree(self._home, ignore_errors=True)
            self._home = None


def _hidden() -> set[Path]:
    """Folders to cover, should they lie inside of something that student code sees."""
    found = {_CHECKOUT}
    with contextlib.suppress(UsageError):
        found.add(Course.find().root)
    return found


@contextlib.contextmanager
def _folder() -> Iterator[str]:
    folder = tempfile.mkdtemp(prefix="course-run-")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _memory_file(content: bytes) -> Iterator[int]:
    """A descriptor to read `content` from; it has no name anywhere."""
    descriptor = os.memfd_create("job")
    try:
        with os.fdopen(os.dup(descriptor), "wb") as file:
            file.write(content)
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)

"""The executor that grading uses: a student's process and a judge's, each forked from a warm one."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from autograder.course import Limits
from autograder.sandbox.executor import CellError, CellRun, ExecutorFailed, Step
from autograder.sandbox.process import WarmProcess

SPARE_SECONDS = 30  # what the warm processes may need on top of a submission's own limit


class ForkExecutor:
    """Owns two warm processes; not for use by two threads at once."""

    def __init__(self) -> None:
        self._student: WarmProcess | None = None
        self._judge: WarmProcess | None = None

    def _start(self) -> None:
        self._student, self._judge = WarmProcess("student"), WarmProcess("judge")
        for process in (self._student, self._judge):
            process.answer()

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
            runs = {run["id"]: _cell_run(run) for run in report["runs"]}
            culprit = report["culprit"]
            if culprit is None:
                break
            fatal[culprit] = CellRun(culprit, report["why"])
        return [
            fatal.get(step.id) or runs.get(step.id) or CellRun(step.id, "not_run") for step in steps
        ]

    def _attempt(self, steps: Sequence[Step], files: Mapping[str, bytes], limits: Limits) -> dict:
        if not (self._student and self._student.alive and self._judge and self._judge.alive):
            self.close()
            self._start()
        assert self._student is not None and self._judge is not None
        seconds = limits.submission_seconds + SPARE_SECONDS
        try:
            with _folder(files) as theirs, _folder(files) as ours, contextlib.ExitStack() as stack:
                ends = [stack.enter_context(e) for e in (*socket.socketpair(), *socket.socketpair())]
                channel, channel_far, control, control_far = ends
                self._student.send(
                    _job(self._student, [s for s in steps if s.kind != "test"], theirs, limits),
                    [channel.fileno(), control.fileno()],
                )
                # The judge never gets the student's text.
                own = [
                    s if s.kind in ("given", "test") else replace(s, source="") for s in steps
                ]
                self._judge.send(
                    _job(self._judge, own, ours, limits),
                    [channel_far.fileno(), control_far.fileno()],
                )
                for end in ends:
                    end.close()  # when one side is gone, the other must notice
                report = self._judge.answer(seconds)
                self._student.answer(SPARE_SECONDS)
                return report
        except ExecutorFailed:
            self.close()
            raise

    def close(self) -> None:
        """Ends the warm processes. Harmless when there are none."""
        for process in (self._student, self._judge):
            if process is not None:
                process.close()
        self._student = self._judge = None


@contextlib.contextmanager
def _folder(files: Mapping[str, bytes]) -> Iterator[str]:
    """A private folder that holds the lab's files. Judge and student have one each."""
    folder = Path(tempfile.mkdtemp(prefix="course-run-"))
    try:
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        yield os.fspath(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _job(process: WarmProcess, steps: Sequence[Step], folder: str, limits: Limits) -> dict:
    return {
        "steps": [asdict(step) for step in steps],
        "folder": folder,
        "limits": asdict(limits),
        "environment": process.environment | {"HOME": folder, "TMPDIR": folder},
    }


def _cell_run(data: dict) -> CellRun:
    error = CellError(**data["error"]) if data["error"] else None
    return CellRun(**{**data, "error": error})

"""The executor that forks a warm process (warm.py, cells.py): the one that grading uses."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from autograder.course import Limits
from autograder.sandbox.executor import CellError, CellRun, ExecutorFailed, Step

START_SECONDS = 120  # importing torch on a cold disk
SPARE_SECONDS = 30  # what the warm process may need on top of a submission's own limit


class ForkExecutor:
    """Owns one warm process; not for use by two threads at once."""

    def __init__(self) -> None:
        self._process: subprocess.Popen | None = None
        self._home: str | None = None

    def _start(self) -> None:
        self._home = tempfile.mkdtemp(prefix="course-warm-")
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "HOME": self._home,
            "IPYTHONDIR": f"{self._home}/ipython",
            "MPLCONFIGDIR": f"{self._home}/matplotlib",
            "OMP_NUM_THREADS": "1",
            "MKL_NUM_THREADS": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "autograder.sandbox.warm"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self._home,
            env=environment | {"PYTHONPATH": str(Path(__file__).parents[2])},
            start_new_session=True,  # Ctrl-C reaches the grader only
        )
        self._environment = environment
        self._ask(None, START_SECONDS)

    def _ask(self, job: dict | None, seconds: float) -> dict:
        """Sends a job (or nothing) and waits for one line of answer."""
        process = self._process
        assert process is not None
        try:
            if job is not None:
                process.stdin.write(json.dumps(job).encode() + b"\n")
                process.stdin.flush()
            answer, deadline = b"", time.monotonic() + seconds
            while not answer.endswith(b"\n"):
                left = deadline - time.monotonic()
                if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
                    raise ExecutorFailed("실행 프로세스가 제때 답하지 않습니다")
                chunk = os.read(process.stdout.fileno(), 1 << 20)
                if not chunk:
                    raise ExecutorFailed("실행 프로세스가 끝나 버렸습니다")
                answer += chunk
            return json.loads(answer)
        except (OSError, ValueError) as error:
            raise ExecutorFailed(f"실행 프로세스와 통신하지 못했습니다: {error}") from None

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
        if self._process is None or self._process.poll() is not None:
            self.close()
            self._start()
        folder = Path(tempfile.mkdtemp(prefix="course-run-"))
        try:
            for name, content in files.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(content)
            job = {
                "steps": [asdict(step) for step in steps],
                "folder": str(folder),
                "limits": asdict(limits),
                "environment": self._environment | {"HOME": str(folder), "TMPDIR": str(folder)},
            }
            return self._ask(job, limits.submission_seconds + SPARE_SECONDS)
        except ExecutorFailed:
            self.close()
            raise
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """Ends the warm process. Harmless when there is none."""
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(OSError):
                process.kill()
            process.wait()
            process.stdin.close()
            process.stdout.close()
        if self._home:
            shutil.rmtree(self._home, ignore_errors=True)
            self._home = None


def _cell_run(data: dict) -> CellRun:
    error = CellError(**data["error"]) if data["error"] else None
    return CellRun(**{**data, "error": error})

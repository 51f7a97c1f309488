"""One warm process as the grader holds it: starting it, sending it jobs, ending it."""

from __future__ import annotations

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
from collections.abc import Sequence
from pathlib import Path

from autograder.sandbox.executor import ExecutorFailed

START_SECONDS = 120  # importing torch on a cold disk


class WarmProcess:
    """A `python -m autograder.sandbox.warm ROLE`. ROLE is «student» or «judge»."""

    def __init__(self, role: str) -> None:
        self._home = tempfile.mkdtemp(prefix="course-warm-")
        self.environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "HOME": self._home,
            "IPYTHONDIR": f"{self._home}/ipython",
            "MPLCONFIGDIR": f"{self._home}/matplotlib",
            "OMP_NUM_THREADS": "1",
            "MKL_NUM_THREADS": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self._jobs, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "autograder.sandbox.warm", role],
                stdin=theirs,
                stdout=subprocess.PIPE,
                stderr=None if os.environ.get("JDBG") else subprocess.DEVNULL,
                cwd=self._home,
                env=self.environment | {"PYTHONPATH": str(Path(__file__).parents[2])},
                start_new_session=True,  # Ctrl-C reaches the grader only
            )

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def send(self, job: dict, descriptors: Sequence[int]) -> None:
        """Starts a job in a child of it; the child inherits the descriptors.

        Raises:
            ExecutorFailed: it does not take it.
        """
        try:
            data = json.dumps(job).encode() + b"\n"
            socket.send_fds(self._jobs, [data[:1]], list(descriptors))
            self._jobs.sendall(data[1:])
        except OSError as error:
            raise ExecutorFailed(f"실행 프로세스와 통신하지 못했습니다: {error}") from None

    def answer(self, seconds: float = START_SECONDS) -> dict:
        """Waits for one line: the first says that it is ready, each further one that a job is done.

        Raises:
            ExecutorFailed: none came in time.
        """
        output = self._process.stdout
        answer, deadline = b"", time.monotonic() + seconds
        try:
            while not answer.endswith(b"\n"):
                left = deadline - time.monotonic()
                if left <= 0 or not select.select([output], [], [], left)[0]:
                    raise ExecutorFailed("실행 프로세스가 제때 답하지 않습니다")
                chunk = os.read(output.fileno(), 1 << 20)
                if not chunk:
                    raise ExecutorFailed("실행 프로세스가 끝나 버렸습니다")
                answer += chunk
            return json.loads(answer)
        except (OSError, ValueError) as error:
            raise ExecutorFailed(f"실행 프로세스와 통신하지 못했습니다: {error}") from None

    def close(self) -> None:
        """Ends it."""
        with contextlib.suppress(OSError):
            self._process.kill()
        self._process.wait()
        self._process.stdout.close()
        self._jobs.close()
        shutil.rmtree(self._home, ignore_errors=True)

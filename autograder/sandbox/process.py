"""One warm process (warm.py) as the grader holds it."""

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
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from autograder.course import Course, Limits, UsageError
from autograder.sandbox import walls
from autograder.sandbox.executor import ExecutorFailed
from autograder.sandbox.tree import WORK

START_SECONDS = 120  # importing torch on a cold disk
ANSWER_SECONDS = 30  # what the warm process may need for a fork, or to clear up after a fork bomb
_CHECKOUT = Path(__file__).parents[2]


def _environment(folder: str, scratch: str) -> dict[str, str]:
    """All that cells find in their environment; nothing of it is the grader's."""
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


class WarmProcess:
    """Starts at once; `ready` waits for it, so that several can start side by side.

    Args:
        role: «student» or «judge».
        skip: walls that its children do without.
    """

    def __init__(self, role: str, skip: Collection[str]) -> None:
        self._skip = set(skip)
        self.home = tempfile.mkdtemp(prefix="course-warm-")
        self._folder: str | None = None
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        options = [f"--hide={path}" for path in _hidden()] + [f"--skip={n}" for n in self._skip]
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "autograder.sandbox.warm", role, self.home, *options],
                stdin=theirs,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=self.home,
                env=_environment(self.home, self.home) | {"PYTHONPATH": str(_CHECKOUT)},
                start_new_session=True,  # Ctrl-C reaches the grader only
            )

    def ready(self) -> None:
        """Waits until it can fork. Raises ExecutorFailed."""
        answer = self._answer(START_SECONDS)
        if "failed" in answer:
            raise ExecutorFailed(f"벽을 세우지 못했습니다: {answer['failed']} (course doctor)")

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    def fileno(self) -> int:
        """Readable when the child that was forked last has ended."""
        return self._control.fileno()

    def fork(self, job: dict, limits: Limits, channels: Sequence[int]) -> None:
        """Asks for a child on a job; it keeps the descriptors `channels`. `forked` waits. Raises OSError."""
        folder = self._folder = None
        if walls.FILES in self._skip:
            folder = self._folder = tempfile.mkdtemp(prefix="course-run-")
        environment = _environment(folder or WORK, folder or "/tmp")
        content = json.dumps(job | {"environment": environment}).encode()
        request = {"fork": asdict(limits), "folder": folder}
        with _memory_file(content) as file:
            descriptors = [file, *channels]
            socket.send_fds(self._control, [json.dumps(request).encode()], descriptors)

    def forked(self) -> None:
        """Waits for the child that was asked for. Raises ExecutorFailed."""
        self._answer(ANSWER_SECONDS)

    def interrupt(self) -> None:
        """SIGINT for the child."""
        self._control.send(b'{"interrupt": true}')

    def end(self) -> None:
        """Has the child and all it started killed; `ended` waits until they are gone."""
        self._control.send(b'{"end": true}')

    def ended(self) -> float:
        """Waits for what `end` asked for; by how many MB the child had grown at most.

        Raises ExecutorFailed.
        """
        while "ended" not in (answer := self._answer(ANSWER_SECONDS)):
            pass  # it may still say that the child exited
        self._sweep()
        return float(answer.get("grown_mb", 0))

    def _answer(self, seconds: float) -> dict:
        """The next packet of the warm process."""
        if not select.select([self._control], [], [], seconds)[0]:
            raise ExecutorFailed("실행 프로세스가 제때 답하지 않습니다")
        packet = self._control.recv(1 << 16)
        if not packet:
            raise ExecutorFailed("실행 프로세스가 끝나 버렸습니다")
        return json.loads(packet)

    def _sweep(self) -> None:
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def close(self) -> None:
        """Ends it and all below it."""
        self._control.close()  # it sees that, clears up and ends
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._sweep()
        shutil.rmtree(self.home, ignore_errors=True)


def _hidden() -> set[Path]:
    """Folders to cover, should they lie inside of something that student code sees."""
    found = {_CHECKOUT}
    with contextlib.suppress(UsageError):
        found.add(Course.find().root)
    return found


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

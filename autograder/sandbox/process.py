"""The warm processes (trunk.py, warm.py) as the grader holds them."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
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


def _answer(control: socket.socket, seconds: float) -> dict:
    """The next packet. Raises ExecutorFailed."""
    if not select.select([control], [], [], seconds)[0]:
        raise ExecutorFailed("실행 프로세스가 제때 답하지 않습니다")
    packet = control.recv(1 << 16)
    if not packet:
        raise ExecutorFailed("실행 프로세스가 끝나 버렸습니다")
    return json.loads(packet)


class Forker:
    """Something that forks one child at a time on jobs: what a warm process is, and a prepared fork of it.

    Args:
        control: the socket that it listens on, one packet a message.
        skip: walls that its children do without.
        home: a folder of the warm process; its children's folders are in it, where they may see it.
    """

    def __init__(self, control: socket.socket, skip: Collection[str], home: str) -> None:
        self._control, self._skip, self.home = control, set(skip), home
        self._folder: str | None = None
        self._next: str | None = None  # the folder of the child that stands by

    def fileno(self) -> int:
        """Readable when the child that was forked last has ended."""
        return self._control.fileno()

    def fork(self, job: dict, limits: Limits, channels: Sequence[int]) -> None:
        """Asks for a child on a job; it keeps the descriptors `channels`. `forked` waits. Raises OSError."""
        self._folder, self._next = self._next or self._scratch(), self._scratch()
        request = {"fork": asdict(limits), "folder": self._folder, "next": self._next}
        self._ask(request, job, self._folder, channels)

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

    def close(self) -> None:
        """Hangs up: it sees that, clears up and ends."""
        self._control.close()
        self._sweep()
        self._folder, self._next = self._next, None  # nobody will stand by in it any more
        self._sweep()

    def _ask(self, request: dict, job: dict, folder: str | None, others: Sequence[int]) -> None:
        """Sends a request about a job that is done in `folder`, or where the walls put it."""
        environment = _environment(folder or WORK, folder or "/tmp")
        with _memory_file(json.dumps(job | {"environment": environment}).encode()) as file:
            socket.send_fds(self._control, [json.dumps(request).encode()], [file, *others])

    def _answer(self, seconds: float) -> dict:
        return _answer(self._control, seconds)

    def _scratch(self) -> str | None:
        """A folder to work in, where the walls give none."""
        if walls.FILES not in self._skip:
            return None
        place = self.home if walls.USER in self._skip else None
        return tempfile.mkdtemp(prefix="course-run-", dir=place)

    def _sweep(self) -> None:
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


class Prepared(Forker):
    """A fork of a warm process that has run some cells already (prepared.py)."""

    def __init__(
        self,
        control: socket.socket,
        skip: Collection[str],
        home: str,
        scratch: str | None,
        seconds: float,
    ) -> None:
        super().__init__(control, skip, home)
        self._opened_in, self._seconds = scratch, seconds

    def ready(self) -> bool:
        """Waits for it; False when one of the cells failed, and nothing can be forked from it."""
        try:
            return "ready" in self._answer(self._seconds)
        except (ExecutorFailed, OSError):
            return False

    def close(self) -> None:
        """See Forker."""
        super().close()
        if self._opened_in:
            shutil.rmtree(self._opened_in, ignore_errors=True)


class Trunk:
    """The process that warm processes are forked from (trunk.py). Starts at once.

    `nice`: by how much it and all below it stand back behind other processes (nice(2)).
    """

    def __init__(self, nice: int = 0) -> None:
        self.home = tempfile.mkdtemp(prefix="course-trunk-")
        self.nice, self.users = nice, 0
        self._forked = False
        self._lock = threading.Lock()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "autograder.sandbox.trunk", str(nice)],
                stdin=theirs,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=self.home,
                env=_environment(self.home, self.home) | {"PYTHONPATH": str(_CHECKOUT)},
                start_new_session=True,  # Ctrl-C reaches the grader only
            )

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def fork(self, request: dict, control: socket.socket) -> int:
        """A process with a role, once all is imported; its number. Raises ExecutorFailed, OSError."""
        with self._lock:
            self._forked = True
            socket.send_fds(self._control, [json.dumps(request).encode()], [control.fileno()])
            return _answer(self._control, START_SECONDS)["pid"]

    def close(self) -> None:
        """Ends it. What it forked is closed already."""
        self._control.close()
        if not self._forked:  # it may still be importing, and would look up only then
            self._process.kill()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self.home, ignore_errors=True)


_trunks: dict[int, Trunk] = {}  # by niceness
_trunk_lock = threading.Lock()


def borrow_trunk(nice: int = 0) -> Trunk:
    """The trunk of this process: one import for all of its executors. `return_trunk` when done."""
    with _trunk_lock:
        if nice not in _trunks or not _trunks[nice].alive:
            _trunks[nice] = Trunk(nice)
        _trunks[nice].users += 1
        return _trunks[nice]


def return_trunk(trunk: Trunk) -> None:
    """Closes it with its last user."""
    with _trunk_lock:
        trunk.users -= 1
        if trunk.users == 0:
            trunk.close()
            if _trunks.get(trunk.nice) is trunk:
                del _trunks[trunk.nice]


@contextlib.contextmanager
def importing() -> Iterator[None]:
    """While it lasts, the trunk imports torch beside whatever its caller does; executors then share it."""
    try:
        trunk = borrow_trunk()
    except OSError:  # who needs one will say so
        yield
        return
    try:
        yield
    finally:
        return_trunk(trunk)


class Process:
    """A process that is not our own child, but one of the trunk's."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._descriptor = os.pidfd_open(pid)

    def poll(self) -> int | None:
        """None while it runs; its exit code is the trunk's business."""
        return 0 if select.select([self._descriptor], [], [], 0)[0] else None

    def wait(self, timeout: float | None = None) -> None:
        """Waits for its end. Raises TimeoutError."""
        if not select.select([self._descriptor], [], [], timeout)[0]:
            raise TimeoutError

    def kill(self) -> None:
        """SIGKILL."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)

    def close(self) -> None:
        """Forgets it."""
        os.close(self._descriptor)


class WarmProcess(Forker):
    """Forked by the trunk; `ready` waits for it, so that several can get ready side by side.

    Args:
        role: «student» or «judge».
        skip: walls that its children do without.

    Raises:
        ExecutorFailed, OSError: the trunk does not answer.
    """

    def __init__(self, trunk: Trunk, role: str, skip: Collection[str]) -> None:
        control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        super().__init__(control, skip, tempfile.mkdtemp(prefix="course-warm-"))
        request = {"role": role, "home": self.home, "skip": sorted(self._skip)}
        with theirs:
            pid = trunk.fork(request | {"hide": [str(path) for path in _hidden()]}, theirs)
        self.process = Process(pid)

    def ready(self) -> None:
        """Waits until it can fork. Raises ExecutorFailed."""
        answer = self._answer(START_SECONDS)
        if "failed" in answer:
            raise ExecutorFailed(f"벽을 세우지 못했습니다: {answer['failed']} (course doctor)")

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    def prepare(self, job: dict, limits: Limits) -> Prepared:
        """Asks for a fork that has run the job's cells; its `ready` waits. Raises OSError."""
        scratch = self._scratch()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            request = {"prepare": asdict(limits), "folder": scratch}
            self._ask(request, job, scratch, [theirs.fileno()])
        seconds = limits.cell_seconds + ANSWER_SECONDS
        return Prepared(ours, self._skip, self.home, scratch, seconds)

    def close(self) -> None:
        """Ends it and all below it."""
        super().close()
        try:
            self.process.wait(timeout=5)
        except TimeoutError:
            self.process.kill()
            self.process.wait()
        self.process.close()
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

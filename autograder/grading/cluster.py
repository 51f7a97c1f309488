"""Many submissions on many machines: `run_all` of pool.py, on the workers of a Dask cluster.

Workers share nothing with this machine but the installed package. Each worker process owns one
warm executor and grades one submission at a time; answers come back as plain data and are
written here. Dask gives a lost worker's task to another one; a task that loses several workers is
given up as a Failure. How to start a cluster: CLUSTERS.md.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import logging
import platform
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path

from distributed import Client, Future, WorkerPlugin, get_worker, wait

from autograder.course import UsageError
from autograder.grading.one import Marked, mark
from autograder.grading.pool import PAUSE, PAUSE_SECONDS, TRIES, Failure
from autograder.grading.todo import Job
from autograder.grading.wire import pack, pack_marked, unpack, unpack_marked
from autograder.sandbox.executor import ExecutorFailed
from autograder.sandbox.fork import ForkExecutor

CONNECT_SECONDS = 10  # for a scheduler to answer, and for a first worker to be there
ALONE_SECONDS = 60  # how long a cluster may be without any worker in the middle of a run
TICK_SECONDS = 5  # how often to look whether the cluster still lives
AHEAD = 2  # tasks of every worker that wait at the scheduler; the rest stays here


def run_all(jobs: Iterable[Job], address: str) -> Iterator[tuple[Job, Marked | Failure]]:
    """Grades every job on the cluster and yields each once, as it is done, in any order.

    A source that yields PAUSE is asked again a little later. Leaving the loop early (Ctrl-C too)
    cancels what is not done and ends the warm processes.

    Raises:
        UsageError: nobody answers, there are no workers, or a worker differs from this machine.
    """
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what it would say, we say
    client = _connect(address)
    run = f"course-grade-{uuid.uuid4().hex}"
    try:
        _check(client, address)
        client.register_plugin(Grader(), name=run)
        yield from _distribute(client, jobs, run)
    finally:
        with contextlib.suppress(Exception):
            client.unregister_worker_plugin(run)
        with contextlib.suppress(Exception):
            client.close(timeout=CONNECT_SECONDS)  # forgets, and so cancels, all of its tasks


def _connect(address: str) -> Client:
    found: list[Client | Exception] = []

    def connect() -> None:
        try:
            found.append(Client(address, timeout=CONNECT_SECONDS, set_as_default=False))
        except Exception as error:  # noqa: BLE001  whatever it is, nobody usable is there
            found.append(error)

    # Dask's own limit does not hold where something takes the connection and never says a word.
    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(CONNECT_SECONDS + 2)
    if found and isinstance(found[0], Client):
        return found[0]
    reason = f" ({' '.join(str(found[0]).split())[:120]})" if found else ""
    raise UsageError(
        f"Dask 스케줄러가 {CONNECT_SECONDS}초 안에 답하지 않습니다: {address}{reason}"
    ) from None


def _check(client: Client, address: str) -> None:
    """Refuses a cluster without workers, or with one that would not give the same scores.

    Raises:
        UsageError: naming the worker, what it has and what is here.
    """
    try:
        client.wait_for_workers(1, timeout=CONNECT_SECONDS)
    except TimeoutError:
        raise UsageError(f"스케줄러에 작업자가 없습니다: {address}") from None
    for worker, theirs in client.run(environment, on_error="return").items():
        if isinstance(theirs, BaseException):
            raise UsageError(
                f"작업자 {worker}에 이 채점기가 없거나 판이 다릅니다 ({type(theirs).__name__})"
            )
        if line := _differences(worker, environment(), theirs):
            raise UsageError(line)


@functools.cache
def environment() -> dict[str, str]:
    """What has to be equal here and on every worker for scores to be equal."""
    folder = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(f"{path.relative_to(folder).as_posix()}\n".encode() + path.read_bytes())
    names = ("torch", "numpy", "ipython", "matplotlib", "distributed")
    found = {"python": platform.python_version()} | {name: version(name) for name in names}
    return found | {"autograder": digest.hexdigest()[:12]}


def _differences(worker: str, ours: dict[str, str], theirs: dict[str, str]) -> str:
    """One line about what differs; empty where nothing does."""
    found = [
        f"{name} {theirs.get(name, '없음')} (여기는 {have})"
        for name, have in ours.items()
        if theirs.get(name) != have
    ]
    return f"작업자 {worker}의 판이 다릅니다: {', '.join(found)}" if found else ""


def _distribute(
    client: Client, jobs: Iterable[Job], run: str
) -> Iterator[tuple[Job, Marked | Failure]]:
    """Keeps a few tasks for every worker at the scheduler, so that it holds no whole class."""
    waiting: dict[Future, Job] = {}
    alone_since: float | None = None
    source = enumerate(jobs)
    more = True
    tick = TICK_SECONDS
    while more or waiting:
        workers = len(client.nthreads()) if client.status == "running" else 0
        if client.status != "running":
            raise UsageError("스케줄러와의 연결이 끊겼습니다. 다시 실행하면 이어서 합니다")
        alone_since = None if workers else alone_since or time.monotonic()
        if alone_since and time.monotonic() - alone_since > ALONE_SECONDS:
            raise UsageError("작업자가 모두 사라졌습니다. 다시 실행하면 이어서 합니다")
        while more and len(waiting) < AHEAD * max(workers, 1):
            number, job = next(source, (None, None))
            if job is None:
                more = False
            elif job is PAUSE:  # there may be more later: look again soon
                tick = PAUSE_SECONDS
                break
            else:
                waiting[_submit(client, run, number, job)] = job
        if not waiting:
            time.sleep(PAUSE_SECONDS if more else 0)
            continue
        try:
            done = wait(list(waiting), tick, "FIRST_COMPLETED").done
        except TimeoutError:
            continue
        except Exception:  # noqa: BLE001  one was cancelled: by its status we know which
            done = {future for future in waiting if future.done()}
        for future in done:
            job = waiting.pop(future)
            yield job, _answer(future)


def _submit(client: Client, run: str, number: int, job: Job) -> Future:
    packed = pack(job.paper, job.submission.rebuilt.notebook)
    return client.submit(grade_here, run, environment(), packed, key=f"{run}-{number}")


def _answer(future: Future) -> Marked | Failure:
    if future.status == "cancelled":
        return Failure("클러스터가 이 작업을 취소했습니다")
    error = future.exception()
    if error is not None:
        if type(error).__name__ == "KilledWorker":
            return Failure("이 제출을 채점하던 작업자가 거듭 죽었습니다")
        return Failure(f"작업자의 오류: {type(error).__name__}: {error}")
    answer = future.result()
    if "differs" in answer:
        raise UsageError(answer["differs"])
    if "failure" in answer:
        return Failure(answer["failure"])
    return unpack_marked(answer)


# On the worker


class Grader(WorkerPlugin):
    """A worker process's own warm executor, for one run of `course grade`."""

    def setup(self, worker) -> None:
        """Starts with nothing; what a run that was killed left behind is put to rest."""
        for other in worker.plugins.values():
            if isinstance(other, Grader) and other is not self:
                other.rest()
        self._executor = ForkExecutor()
        self._busy = threading.Lock()
        self._closed = False

    def teardown(self, worker) -> None:
        """Ends the warm process, also in the middle of a submission."""
        self._closed = True
        self._executor.close()

    def rest(self) -> None:
        """Ends the warm process if nothing runs in it; the next submission starts another one."""
        if self._busy.acquire(blocking=False):
            try:
                self._executor.close()
            finally:
                self._busy.release()

    def grade(self, job: dict) -> dict:
        """Marks one submission; threads of one worker process take turns."""
        paper, notebook = unpack(job)
        with self._busy:
            for attempt in range(1, TRIES + 1):
                try:
                    return pack_marked(mark(paper, notebook, self._executor))
                except ExecutorFailed as error:
                    if attempt == TRIES or self._closed:
                        return {"failure": str(error)}
                except Exception as error:  # noqa: BLE001  one submission never stops the others
                    return {"failure": f"채점 도구의 오류: {type(error).__name__}: {error}"}
        raise AssertionError("unreachable")


def grade_here(run: str, expected: dict[str, str], job: dict) -> dict:
    """The task. A worker that joined late is looked at here, before it can give another score."""
    worker = get_worker()
    if line := _differences(worker.address, expected, environment()):
        return {"differs": line}
    return worker.plugins[run].grade(job)

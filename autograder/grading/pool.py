"""Many submissions at once on this machine: workers share nothing, each owns an executor."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TypeVar

from autograder.sandbox.executor import Executor, ExecutorFailed
from autograder.sandbox.fork import ForkExecutor

Job = TypeVar("Job")
Answer = TypeVar("Answer")

AHEAD = 2  # jobs held ready beyond what the workers are at
PAUSE = object()  # a source of jobs yields it where it has none at the moment but may have later
PAUSE_SECONDS = 0.05  # how long to wait before it is asked again
TRIES = 3  # a warm process that died may have died of something else than this submission
REST_SECONDS = 0.2  # before the next one: what kills takes one process after another


@dataclass(frozen=True)
class Failure:
    """Our fault: why nothing can be said about a job."""

    reason: str


def run_all(
    jobs: Iterable[Job],
    work: Callable[[Job, Executor], Answer],
    workers: int,
    make_executor: Callable[[], Executor] = ForkExecutor,
) -> Iterator[tuple[Job, Answer | Failure]]:
    """Does `work(job, executor)` for every job and yields each as it is done, in any order.

    Threads are enough: student code runs in processes of its own. A job that fails is yielded with
    a Failure and stops no other. Jobs are taken as they are needed, a few ahead of the workers; a
    source that yields PAUSE is asked again a little later, while the processes stay warm.
    Leaving the loop early (Ctrl-C too) ends every process.
    """
    workers = max(1, workers)
    # Last in, first out: few jobs warm few processes up.
    free: queue.LifoQueue[Executor] = queue.LifoQueue()
    executors: list[Executor] = []
    stop = threading.Event()

    def one(job: Job) -> Answer | Failure:
        if stop.is_set():
            return Failure("중단되었습니다")
        executor = free.get()
        try:
            for attempt in range(1, TRIES + 1):
                try:
                    return work(job, executor)
                except ExecutorFailed as error:
                    if attempt == TRIES or stop.is_set():
                        return Failure(str(error))
                    stop.wait(REST_SECONDS)
                except Exception as error:  # noqa: BLE001  one submission never stops the others
                    return Failure(f"채점 도구의 오류: {type(error).__name__}: {error}")
            raise AssertionError("unreachable")
        finally:
            free.put(executor)

    threads = ThreadPoolExecutor(workers, thread_name_prefix="grade")
    waiting: dict[Future, Job] = {}
    try:
        for job in jobs:
            if job is PAUSE:
                yield from _finished(waiting, PAUSE_SECONDS)
                continue
            if len(executors) < workers:
                executors.append(make_executor())
                free.put(executors[-1])
            waiting[threads.submit(one, job)] = job
            if len(waiting) >= workers + AHEAD:
                yield from _finished(waiting)
        while waiting:
            yield from _finished(waiting)
    finally:
        stop.set()
        for executor in executors:
            executor.close()
        threads.shutdown(wait=True, cancel_futures=True)


def _finished(
    waiting: dict[Future, Job], seconds: float | None = None
) -> Iterator[tuple[Job, object]]:
    """Waits until something is done, `seconds` at most; what is done leaves `waiting`."""
    if not waiting and seconds:
        time.sleep(seconds)
    for future in wait(waiting, seconds, return_when=FIRST_COMPLETED).done:
        yield waiting.pop(future), future.result()

"""The desk's grader: one thread that takes jobs off the database, grades them with grading.live, and
writes down what came of them. It survives anything: what was not finished is taken up at the next start.
"""

from __future__ import annotations

import contextlib
import heapq
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from autograder.course import Course, UsageError
from autograder.grading.grade import cores
from autograder.grading.live import Live, Ticket
from autograder.grading.memory import fitting_workers
from autograder.grading.pool import PAUSE
from autograder.intake.inbox import HandIn, Inbox
from autograder.portal.db import Database
from autograder.portal.queue.board import Board
from autograder.portal.queue.found import bring_in
from autograder.portal.settings import Settings
from autograder.portal.tables import Handin, Job, Outcome, now
from autograder.results import Result
from autograder.sandbox import survey
from autograder.sandbox.executor import Executor, ExecutorFailed
from autograder.sandbox.fork import ForkExecutor

log = logging.getLogger("course.desk.queue")
TRIES = 3  # of one hand-in, before a person has to look
RETRY_SECONDS = 5
LOOK_SECONDS = 30  # how often to look for what `course collect` brought

# A receipt must not wait for a core that grades.
standing_back = partial(ForkExecutor, nice=10)


class Engine:
    """Grades while the server runs.

    Args:
        make_executor: makes a worker's executor (tests hand in one that is warm already).
    """

    def __init__(
        self,
        course: Course,
        database: Database,
        settings: Settings,
        make_executor: Callable[[], Executor] = standing_back,
    ) -> None:
        self._course, self._database = course, database
        self._scheduler = settings.scheduler
        self.workers = settings.workers or max(
            1, min(cores(), fitting_workers(course.limits.memory_gb))
        )
        self._make = make_executor
        self.board = Board(self.workers)
        self._inbox = Inbox(course)
        self._inbox_stamp = 0
        self.door = threading.Lock()  # held by whoever writes into the inbox
        self._arrived: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._later: list[tuple[float, int]] = []
        self._forced: set[int] = set()
        self._taken: set[int] = set()  # handed to the grading, not settled yet
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._warmed: queue.SimpleQueue[Executor] = queue.SimpleQueue()
        self.trouble = ""  # why nothing can be graded at the moment

    @property
    def alive(self) -> bool:
        """Whether grading goes on."""
        return self._thread is not None and self._thread.is_alive() and not self.trouble

    @property
    def stopping(self) -> bool:
        """Whether the server is about to end."""
        return self._stop.is_set()

    def start(self) -> None:
        """Starts the thread."""
        self._thread = threading.Thread(target=self._run, name="desk-grader", daemon=True)
        self._thread.start()

    def stop(self, seconds: float = 30) -> None:
        """Ends it; what is running is graded again at the next start."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(seconds)

    def add(self, job: int, force: bool = False) -> None:
        """A job that stands in the database. `force`: also if nothing has changed since."""
        if force:
            self._forced.add(job)
        self.board.waits(job)
        self._arrived.put(job)

    # In the thread

    def _run(self) -> None:
        if not self._scheduler:
            try:
                survey.insist(self._course.settings)
            except RuntimeError as error:  # hand-ins are taken and wait for a machine with walls
                self.trouble = str(error)
                return
            self._warm()
        while not self._stop.is_set():
            try:
                self._take_up()
                live = Live(
                    self._course,
                    self._settled,
                    self._started,
                    self.workers,
                    self._scheduler,
                    self._executor,
                )
                self.trouble = ""
                live.run(self._tickets())
            except Exception as error:  # noqa: BLE001  a lost database or cluster comes back
                known = isinstance(error, (UsageError, SQLAlchemyError, OSError))
                self.trouble = (str(error).splitlines() or [type(error).__name__])[0]
                log.error("grading: %s", self.trouble, exc_info=None if known else error)
                self._stop.wait(RETRY_SECONDS)
        while not self._warmed.empty():
            self._warmed.get().close()

    def _warm(self) -> None:
        """Starts the workers' processes at once: nobody's first hand-in waits for torch."""

        def one(_: int) -> None:
            executor = self._make()
            try:
                getattr(executor, "warm", lambda: None)()
            except ExecutorFailed as error:  # the first job will say so to whom it concerns
                log.error("grading: %s", error)
            self._warmed.put(executor)

        with ThreadPoolExecutor(self.workers) as threads:
            list(threads.map(one, range(self.workers)))

    def _executor(self) -> Executor:
        try:
            return self._warmed.get_nowait()
        except queue.Empty:
            return self._make()

    def _take_up(self) -> None:
        """Reads from inbox and database what is to be done."""
        while not self._arrived.empty():
            self._arrived.get()
        self._later.clear()
        self._taken.clear()
        with self.door, self._inbox.writing():
            self._inbox.sweep()
        self._look()
        with self._database.session() as db:
            waiting = select(Job).where(Job.state.in_(("waiting", "running"))).order_by(Job.id)
            for job in db.scalars(waiting):
                job.state = "waiting"
                self.add(job.id)

    def _look(self) -> list[int]:
        """Brings in what stands in the inbox and not in the database; returns the new jobs."""
        self._looked = time.monotonic()
        with self.door, self._database.session() as db:
            self._inbox_stamp = self._stamp()
            return bring_in(db, self._inbox.records())

    def _stamp(self) -> int:
        """Changes whenever something came into the inbox."""
        with contextlib.suppress(OSError):
            return self._course.inbox.stat().st_mtime_ns
        return 0

    def _tickets(self) -> Iterator[Ticket | object]:
        while not self._stop.is_set():
            while self._later and self._later[0][0] <= time.monotonic():
                self.add(heapq.heappop(self._later)[1])
            try:
                job = self._arrived.get_nowait()
            except queue.Empty:
                due = time.monotonic() - self._looked > LOOK_SECONDS
                if due and self._stamp() != self._inbox_stamp:
                    for found in self._look():
                        self.add(found)
                yield PAUSE
                continue
            if ticket := self._ticket(job):
                yield ticket

    def _ticket(self, number: int) -> Ticket | None:
        with self._database.session() as db:
            job = db.get(Job, number)
            if job is None or job.state not in ("waiting", "running"):
                self.board.drops(number)  # purged, or announced twice
                return None
            if number in self._taken:
                return None
            self._taken.add(number)
            force = number in self._forced
            self._forced.discard(number)
            return Ticket(number, handin_of(self._course, job.handin), force)

    def _started(self, ticket: Ticket) -> None:
        if ticket.name is None:
            return
        self.board.runs(ticket.name)
        with self._database.session() as db:
            if job := db.get(Job, ticket.name):
                job.state, job.started = "running", now()

    def _settled(self, ticket: Ticket, result: Result) -> None:
        if ticket.name is None or self._stop.is_set() and result.status == "failed":
            return  # a run that was stopped says nothing about the hand-in
        again = False
        self._taken.discard(ticket.name)
        with self._database.session() as db:
            job = db.get(Job, ticket.name)
            if job is None:
                return
            job.tries += 1
            again = result.status == "failed" and job.tries < TRIES
            job.state = "waiting" if again else "failed" if result.status == "failed" else "done"
            job.finished, job.reason = now(), result.reason
            db.merge(outcome_row(job.handin_id, result))
        if again:
            heapq.heappush(self._later, (time.monotonic() + RETRY_SECONDS, ticket.name))
            self.board.waits(ticket.name)
        else:
            self.board.ends(ticket.name, job.state)


def handin_of(course: Course, row: Handin) -> HandIn:
    """The hand-in as intake and grading know it."""
    folder = course.inbox / row.sha256
    return HandIn(
        student=row.student,
        lab=row.lab,
        file=row.file,
        source=row.source,
        sha256=row.sha256,
        handed_in=row.handed_in,
        received=row.handed_in,
        status="accepted",
        path=next(iter(sorted(folder.glob("handed-in.*"))), folder / "handed-in.ipynb"),
        attempt=row.attempt,
    )


def outcome_row(handin: int, result: Result) -> Outcome:
    """The row of a result."""
    return Outcome(
        handin_id=handin,
        status=result.status,
        reason=result.reason,
        score=result.score,
        max_score=result.max_score,
        exercises={
            name: {"score": each.score, "max_score": each.max_score}
            for name, each in result.exercises.items()
        },
        seconds=result.seconds,
        memory_mb=result.memory_mb,
        key=result.key,
        graded=now(),
    )

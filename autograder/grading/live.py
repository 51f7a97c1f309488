"""Grading that stays: one hand-in after another as they come, papers and processes kept warm.

The same engine, the same one writer as `course grade`; only the source of hand-ins is another one.
The records are held for one hand-in at a time, so `course grade` may run beside it.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from nbgrader.api import Gradebook
from sqlalchemy.exc import SQLAlchemyError

from autograder.course import Course, UsageError
from autograder.grading import assignment, attempts, extensions, record
from autograder.grading import gradebook as book
from autograder.grading.grade import note_own_scores, outcome, settled_or_failed
from autograder.grading.late import late_penalty
from autograder.grading.one import Marked, Paper, mark
from autograder.grading.pool import PAUSE, Failure, run_all
from autograder.grading.todo import Job, job_of, refusal, result_of, same_hand_in, utc
from autograder.intake.collect import place
from autograder.intake.counting import choose, counting
from autograder.intake.inbox import HandIn, Inbox
from autograder.intake.refused import Refused
from autograder.intake.submission import Submission, open_submission
from autograder.results import Result
from autograder.sandbox.executor import Executor

PATIENCE = 0.2  # seconds between two looks whether another `course grade` is done


@dataclass(frozen=True)
class Ticket:
    """A hand-in to grade; `name` is the caller's own sign for it. `force`: also what is known."""

    name: Any
    handin: HandIn
    force: bool = False


@dataclass(frozen=True)
class _Work:
    """A ticket that has to be graded, as run_all passes it round: it looks like its job."""

    ticket: Ticket
    job: Job

    @property
    def paper(self) -> Paper:
        """The lab's paper."""
        return self.job.paper

    @property
    def submission(self) -> Submission:
        """The submission."""
        return self.job.submission


class Live:
    """Grades tickets, saves what they come to, and tells it.

    Args:
        settled: told a ticket and its result when all is saved. Called in the thread of `run`.
        started: told a ticket when its grading begins, from some thread.
        workers: how many at once on this machine.
        scheduler: address of a Dask scheduler whose workers grade instead; "" for none.
        make_executor: makes a worker's executor on this machine.
    """

    def __init__(
        self,
        course: Course,
        settled: Callable[[Ticket, Result], None],
        started: Callable[[Ticket], None] = lambda ticket: None,
        workers: int = 1,
        scheduler: str = "",
        make_executor: Callable[[], Executor] | None = None,
    ) -> None:
        self._course, self._workers, self._scheduler = course, workers, scheduler
        self._more = (make_executor,) if make_executor else ()
        self._settled, self._started = settled, started
        self._papers: dict[str, tuple[tuple, Paper]] = {}
        self._registered: dict[str, Paper] = {}
        self._inbox = Inbox(course)
        self._again: list[Ticket] = []

    def run(self, tickets: Iterable[Ticket | object]) -> None:
        """Grades until `tickets` ends; it may yield PAUSE while there is nothing to do.

        Raises:
            UsageError: the gradebook or the cluster cannot be used.
        """
        with book.open_gradebook(self._course) as gradebook:
            for work, answer in self._answers(self._works(tickets)):
                self._settled(work.ticket, self._settle(gradebook, work, answer))

    def _answers(self, works: Iterator) -> Iterator[tuple[_Work, Marked | Failure]]:
        if not self._scheduler:
            return run_all(works, self._mark, self._workers, *self._more)
        from autograder.grading import cluster  # Dask takes a second to import

        return cluster.run_all(works, self._scheduler)

    def _mark(self, work: _Work, executor: Executor) -> Marked:
        self._started(work.ticket)
        return mark(work.paper, work.submission.rebuilt.notebook, executor, work.job.steps)

    def _works(self, tickets: Iterable[Ticket | object]) -> Iterator[_Work | object]:
        for ticket in tickets:
            while self._again:
                if work := self._work(self._again.pop(0)):
                    yield work
            if ticket is PAUSE:
                yield PAUSE
            elif work := self._work(ticket):
                if self._scheduler:
                    self._started(ticket)
                yield work

    def _work(self, ticket: Ticket) -> _Work | None:
        """What is to be done for a ticket; None where that is known already."""
        handin = ticket.handin
        try:
            job = job_of(open_submission(self._course, handin), self._paper(handin.lab))
        except Refused as no:
            refused = replace(handin, status="refused", reason=str(no))
            self._settled(ticket, refusal(refused))
            return None
        except (UsageError, OSError) as error:
            self._settled(ticket, result_of(handin, "failed", str(error)))
            return None
        done = None if ticket.force else self._known(handin, job.key)
        if done is None:
            return _Work(ticket, job)
        self._settled(ticket, done)
        return None

    def _known(self, handin: HandIn, key: str) -> Result | None:
        """The result of this hand-in where all of it was saved before: a kill came in between."""
        accepted = self._inbox.accepted(handin.student, handin.lab)
        if is_same(counting(self._course, accepted), handin):
            saved = record.load(self._course, handin.student, handin.lab)
            return saved if saved and saved.key == key and same_hand_in(saved, handin) else None
        done = attempts.load(self._course, handin.student, handin.lab, handin.sha256)
        if done is None or done.key != key or done.status != "graded":
            return None
        if self._course.attempts == "best":
            return None  # whether it is the best is found out where results are settled
        return replace(done, attempt=handin.attempt, handed_in=utc(handin))

    def _paper(self, lab: str) -> Paper:
        """The lab's paper, read anew when one of its files has changed."""
        folders = (self._course.source(lab).parent, self._course.release(lab).parent)
        files = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
        stamp = tuple((path, path.stat().st_mtime_ns, path.stat().st_size) for path in files)
        if self._papers.get(lab, (None,))[0] != stamp:
            self._papers[lab] = stamp, Paper.load(self._course, lab)
        return self._papers[lab][1]

    def _settle(self, gradebook: Gradebook, work: _Work, answer: Marked | Failure) -> Result:
        """Saves an answer: always as that attempt's, and in the gradebook where it counts."""
        handin, result = work.ticket.handin, outcome(work.job, answer)
        with self._held():
            if not self._counts(handin, result):
                attempts.save(self._course, result)
                return result
            gradebook.db.rollback()  # what others wrote meanwhile is to be seen
            gradebook.db.expire_all()
            try:
                self._register(gradebook, work.paper)
                note_own_scores(gradebook, self._course, handin.lab, handin.student)
                place(self._course, handin, work.submission.rebuilt.notebook)
            except (SQLAlchemyError, OSError) as error:
                gradebook.db.rollback()
                reason = f"결과를 저장하지 못했습니다: {type(error).__name__}"
                return result_of(handin, "failed", reason)
            result = settled_or_failed(gradebook, self._course, work.job, answer)
            attempts.save(self._course, result)
            return result

    def _register(self, gradebook: Gradebook, paper: Paper) -> None:
        if self._registered.get(paper.lab) is not paper:
            lab = self._course.lab(paper.lab)
            assignment.register(gradebook, self._course, lab, paper.source)
            self._registered[paper.lab] = paper

    def _counts(self, handin: HandIn, result: Result) -> bool:
        """Whether this attempt is the one that counts; where the best one does, it is chosen here."""
        accepted = self._inbox.accepted(handin.student, handin.lab)
        if self._course.attempts == "best" and result.status == "graded":
            best = max(accepted, key=lambda each: self._net(each, handin, result))
            if not is_same(best, counting(self._course, accepted)) or is_same(best, handin):
                choose(self._course, best)
                if not is_same(best, handin):  # this one was the best until now
                    self._again.append(Ticket(None, best, force=True))
        return is_same(counting(self._course, accepted), handin)

    def _net(self, each: HandIn, handin: HandIn, result: Result) -> tuple[float, datetime]:
        """What an attempt is worth after what lateness costs; of equals the later one."""
        found = result
        if not is_same(each, handin):
            found = attempts.load(self._course, each.student, each.lab, each.sha256)
        if found is None or found.score is None:
            return -1.0, each.handed_in
        due = extensions.deadline(self._course, each.student, each.lab)
        late = (each.handed_in - due).total_seconds() if due else 0
        net = found.score - late_penalty(found.score, late, self._course.late)
        return net, each.handed_in

    @contextlib.contextmanager
    def _held(self) -> Iterator[None]:
        """Holds the records; waits as long as a `course grade` has them."""
        while True:
            with contextlib.ExitStack() as stack:
                try:
                    stack.enter_context(record.writing(self._course))
                except UsageError:
                    time.sleep(PATIENCE)
                    continue
                yield
                return


def is_same(one: HandIn | None, other: HandIn | None) -> bool:
    """Whether both are the same hand-in."""
    if one is None or other is None:
        return False
    return (one.sha256, one.handed_in) == (other.sha256, other.handed_in)

"""What there is to grade: hand-ins are opened one by one, so that memory does not grow with the class."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC

from autograder.course import Course
from autograder.grading import record
from autograder.grading.one import Paper, fingerprint, parts
from autograder.intake.inbox import HandIn
from autograder.intake.refused import Refused
from autograder.intake.submission import Submission, hand_ins, open_submission
from autograder.judge.plan import plan
from autograder.results import Result, Status
from autograder.sandbox.executor import Step


@dataclass(frozen=True)
class Job:
    """A submission to grade. `steps` are its cells, `parts` the hashes that its key is made of."""

    submission: Submission
    paper: Paper
    steps: list[Step]
    parts: dict[str, str]

    @property
    def key(self) -> str:
        """The key that the result will have."""
        return fingerprint(self.parts)


class Todo:
    """The hand-ins of some labs; iterating yields a Job for every one that is to be graded.

    Args:
        papers: lab → its paper.
        student: only this student's hand-ins.
        force: also what has not changed.
        settled: told the result of every hand-in that needs no work (unchanged, or refused).
    """

    def __init__(
        self,
        course: Course,
        papers: Mapping[str, Paper],
        student: str | None,
        force: bool,
        settled: Callable[[Result], None],
    ) -> None:
        self._course, self._papers, self._force, self._settled = course, papers, force, settled
        self._handins = [
            handin
            for lab in papers
            for handin in sorted(hand_ins(course, lab), key=lambda each: each.student)
            if student in (None, handin.student)
        ]

    def __len__(self) -> int:
        """How many hand-ins there are, to be graded or not."""
        return len(self._handins)

    def __iter__(self) -> Iterator[Job]:
        for handin in self._handins:
            try:
                submission = open_submission(self._course, handin)
            except Refused as no:
                self._settled(refusal(replace(handin, status="refused", reason=str(no))))
                continue
            job = job_of(submission, self._papers[handin.lab])
            done = None if self._force else record.load(self._course, handin.student, handin.lab)
            if done and done.key == job.key and same_hand_in(done, handin):
                self._settled(done)
            else:
                yield job


def job_of(submission: Submission, paper: Paper) -> Job:
    """The job of grading this submission."""
    notebook = submission.rebuilt.notebook
    steps = plan(notebook, paper.source)
    return Job(submission, paper, steps, parts(paper, steps, notebook))


def same_hand_in(done: Result, handin: HandIn) -> bool:
    """Whether the saved result is of this very hand-in, and is one that need not be tried again."""
    return (
        done.status == "graded"
        and done.sha256 == handin.sha256
        and done.attempt == handin.attempt
        and done.handed_in == utc(handin)
    )


def utc(handin: HandIn) -> str:
    """When it was handed in, as results say it."""
    return handin.handed_in.astimezone(UTC).isoformat(timespec="seconds")


def result_of(handin: HandIn, status: Status, reason: str = "") -> Result:
    """A hand-in's result, as far as the hand-in itself says it."""
    return Result(
        student=handin.student,
        lab=handin.lab,
        file=handin.file,
        sha256=handin.sha256,
        attempt=handin.attempt,
        status=status,
        reason=reason,
        handed_in=utc(handin),
    )


def refusal(handin: HandIn) -> Result:
    """The result of a hand-in that was refused."""
    return result_of(handin, "refused", handin.reason)

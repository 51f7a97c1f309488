"""`course grade`: what is new gets graded, in parallel; one writer puts it into the gradebook."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

from nbgrader.api import Gradebook
from tqdm import tqdm

from autograder import notebooks
from autograder.course import Course, Lab
from autograder.grading import assignment, record
from autograder.grading import gradebook as book
from autograder.grading.one import Marked, Paper, fingerprint, mark
from autograder.grading.pool import Failure, run_all
from autograder.intake.inbox import HandIn, Inbox
from autograder.intake.submission import Submission, opened
from autograder.judge.plan import plan
from autograder.results import SCHEMA, Result


@dataclass(frozen=True)
class _Job:
    submission: Submission
    paper: Paper


def grade(
    course: Course,
    labs: Sequence[Lab],
    student: str | None = None,
    workers: int | None = None,
    force: bool = False,
    say: Callable[[str], None] = print,
    quiet: bool = False,
) -> list[Result]:
    """Grades what is new and returns the present result of every hand-in, labs in course order.

    Args:
        labs: which labs; the gradebook learns each of them from solutions/ first.
        student: only this student's submissions.
        workers: how many at once; None means one per core.
        force: grade again even what has not changed.
        quiet: no progress bar.

    One submission that cannot be graded never stops the others: it comes back `refused` (the hand-in's
    fault) or `failed` (ours).
    """
    results: list[Result] = []
    todo: list[_Job] = []
    with book.open_gradebook(course) as gradebook:
        for lab in labs:
            paper = Paper.load(course, lab.name)
            assignment.register(gradebook, course, lab, paper.source)
            good, bad = opened(course, lab.name)
            results += [_refusal(each) for each in bad if student in (None, each.student)]
            for submission in good:
                handin = submission.handin
                if student and handin.student != student:
                    continue
                done = None if force else record.load(course, handin.student, lab.name)
                if done and done.key == _key(submission, paper) and _same_hand_in(done, handin):
                    results.append(done)
                else:
                    todo.append(_Job(submission, paper))
        cores = workers or os.cpu_count() or 1
        bar = tqdm(
            total=len(todo), desc="채점", unit="개", disable=True if quiet or not todo else None
        )
        with bar:
            for job, answer in run_all(todo, _work, cores):
                results.append(settle(gradebook, course, job.submission, job.paper, answer))
                bar.update()
        for result in results:
            book.refresh(gradebook, result)
        results += _refused(course, labs, student)
    say(_summary(results, len(todo)))
    order = {lab.name: position for position, lab in enumerate(labs)}
    results.sort(key=lambda r: (order.get(r.lab, len(order)), r.student or "", r.file, r.sha256))
    return results


def _same_hand_in(done: Result, handin: HandIn) -> bool:
    """Whether the saved result is of this very hand-in, and is one that need not be tried again."""
    return (
        done.status == "graded"
        and done.sha256 == handin.sha256
        and done.attempt == handin.attempt
        and done.handed_in == _utc(handin)
    )


def _utc(handin: HandIn) -> str:
    return handin.handed_in.astimezone(UTC).isoformat(timespec="seconds")


def _work(job: _Job, executor) -> Marked:
    return mark(job.paper, job.submission.rebuilt.notebook, executor)


def _key(submission: Submission, paper: Paper) -> str:
    notebook = submission.rebuilt.notebook
    return fingerprint(paper, plan(notebook, paper.source), notebook)


def settle(
    gradebook: Gradebook,
    course: Course,
    submission: Submission,
    paper: Paper,
    answer: Marked | Failure,
) -> Result:
    """Saves one answer: notebook, gradebook, then result.json as the sign that all is there."""
    handin = submission.handin
    result = Result(
        student=handin.student,
        lab=handin.lab,
        file=handin.file,
        sha256=handin.sha256,
        attempt=handin.attempt,
        status="graded",
        notices=list(submission.rebuilt.notices),
        handed_in=_utc(handin),
        key=_key(submission, paper),
    )
    previous = record.load(course, handin.student, handin.lab)
    if isinstance(answer, Failure):
        result.status, result.reason, result.key = "failed", answer.reason, ""
    else:
        result.exercises, result.manual = answer.exercises, answer.manual
        result.seconds = answer.seconds
        result.score = sum(each.score for each in answer.exercises.values())
        result.max_score = sum(each.max_score for each in answer.exercises.values())
        record.save_notebook(course, result, answer.notebook)
    book.save(gradebook, course, result, previous)
    record.save(course, result, _cause(previous, result))
    return result


def _cause(previous: Result | None, result: Result) -> str:
    if previous is None:
        return "first"
    if previous.sha256 != result.sha256:
        return "new hand-in"
    return "tests or environment changed" if previous.key != result.key else "forced"


def _refused(course: Course, labs: Sequence[Lab], student: str | None) -> list[Result]:
    """Hand-ins that were refused and not followed by a good one. A lab may be unknown."""
    names = {lab.name for lab in labs}
    whole = len(names) == len(course.labs)
    found = []
    for handin in Inbox(course).refused():
        if handin.lab not in names and not (handin.lab is None and whole):
            continue
        if student and handin.student != student:
            continue
        found.append(_refusal(handin))
    return found


def _refusal(handin: HandIn) -> Result:
    return Result(
        student=handin.student,
        lab=handin.lab,
        file=handin.file,
        sha256=handin.sha256,
        attempt=handin.attempt,
        status="refused",
        reason=handin.reason,
        handed_in=_utc(handin),
    )


def _summary(results: Sequence[Result], fresh: int) -> str:
    count = dict.fromkeys(("graded", "refused", "failed"), 0)
    for result in results:
        count[result.status] += 1
    return (
        f"채점 {count['graded']}개 (이번에 {fresh}개), "
        f"거절 {count['refused']}개, 실패 {count['failed']}개"
    )


def write_json(path: Path, results: Sequence[Result]) -> None:
    """Writes `grade --json` (format: autograder/README.md)."""
    data = {"schema": SCHEMA, "results": [result.summary() for result in results]}
    notebooks.write_text(path, json.dumps(data, ensure_ascii=False, indent=2) + "\n")

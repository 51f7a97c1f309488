"""`course grade`: what is new gets graded, in parallel; one writer puts it into the gradebook."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from nbgrader.api import Gradebook
from tqdm import tqdm

from autograder import notebooks
from autograder.course import Course, Lab
from autograder.grading import assignment, history, record
from autograder.grading import gradebook as book
from autograder.grading.cause import cause
from autograder.grading.one import Marked, Paper, mark, written_answer
from autograder.grading.pool import Failure, run_all
from autograder.grading.todo import Job, Todo, refusal, result_of
from autograder.intake.inbox import Inbox
from autograder.results import SCHEMA, Carried, Result


def grade(
    course: Course,
    labs: Sequence[Lab],
    student: str | None = None,
    workers: int | None = None,
    force: bool = False,
    say: Callable[[str], None] = print,
    quiet: bool = False,
    scheduler: str | None = None,
) -> list[Result]:
    """Grades what is new and returns the present result of every hand-in, labs in course order.

    What the cells showed is left out of what is returned: it lies in result.json.

    Args:
        labs: which labs; the gradebook learns each of them from solutions/ first.
        student: only this student's submissions.
        workers: how many at once; None means one per core.
        force: grade again even what has not changed.
        quiet: no progress bar.
        scheduler: address of a Dask scheduler whose workers grade instead of this machine.

    One submission that cannot be graded never stops the others: it comes back `refused` (the hand-in's
    fault) or `failed` (ours).

    Raises:
        UsageError: a lab is not ready, another `course grade` is at work, or the cluster is unfit.
    """
    results: list[Result] = []
    fresh = 0
    with record.writing(course), book.open_gradebook(course) as gradebook:
        papers = {}
        for lab in labs:
            papers[lab.name] = paper = Paper.load(course, lab.name)
            note_own_scores(gradebook, course, lab.name)
            assignment.register(gradebook, course, lab, paper.source)

        def settled(result: Result) -> None:
            results.append(_lean(book.refresh(gradebook, result)))
            bar.update()

        todo = Todo(course, papers, student, force, settled)
        with tqdm(
            total=len(todo), desc="채점", unit="개", disable=True if quiet or not todo else None
        ) as bar:
            for job, answer in _answers(todo, workers, scheduler):
                settled(settled_or_failed(gradebook, course, job, answer))
                fresh += 1
    results += _refused(course, labs, student)
    say(_summary(results, fresh))
    order = {lab.name: position for position, lab in enumerate(labs)}
    results.sort(key=lambda r: (order.get(r.lab, len(order)), r.student or "", r.file, r.sha256))
    return results


def _answers(
    todo: Todo, workers: int | None, scheduler: str | None
) -> Iterator[tuple[Job, Marked | Failure]]:
    if scheduler is None:
        yield from run_all(todo, _work, workers or cores())
        return
    from autograder.grading import cluster  # Dask takes a second to import

    yield from cluster.run_all(todo, scheduler)


def cores() -> int:
    """The cores that this process may use (a container or `taskset` may give fewer than there are)."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _work(job: Job, executor) -> Marked:
    return mark(job.paper, job.submission.rebuilt.notebook, executor, job.steps)


def _lean(result: Result) -> Result:
    """Without what cells showed: a thousand results with pictures would fill the memory."""
    for exercise in result.exercises.values():
        exercise.outputs = []
        for check in exercise.checks:
            check.trace = ""
    return result


def settled_or_failed(
    gradebook: Gradebook, course: Course, job: Job, answer: Marked | Failure
) -> Result:
    """As `settle`; what cannot be saved is a failure of ours, and stops no other submission."""
    try:
        return settle(gradebook, course, job, answer)
    except Exception as error:  # noqa: BLE001  of whatever kind: a disk, a database, a bug
        gradebook.db.rollback()
        reason = f"결과를 저장하지 못했습니다: {type(error).__name__}: {_first_line(error)}"
    try:
        return settle(gradebook, course, job, Failure(reason))  # no old score stays unnoticed
    except Exception:  # noqa: BLE001
        gradebook.db.rollback()
    # result.json does not have this key: the next run does it again.
    return result_of(job.submission.handin, "failed", reason)


def settle(gradebook: Gradebook, course: Course, job: Job, answer: Marked | Failure) -> Result:
    """Saves one answer: notebook, history, gradebook, then result.json as the sign that all is there."""
    handin, result = job.submission.handin, outcome(job, answer)
    if not isinstance(answer, Failure):
        record.save_notebook(course, result, answer.notebook)
    previous = record.load(course, handin.student, handin.lab)
    pending = record.unfinished(course, result, previous)
    before = history.last(course.record(handin.student, handin.lab))
    why = cause(previous, result, job.parts)
    if why == "retried":  # what it said then is still true
        result.notices += [each for each in previous.notices if each not in result.notices]

    def journal(carried: Carried) -> None:
        result.entry = record.journal(course, result, previous, why, carried)

    book.save(
        gradebook,
        course,
        result,
        previous,
        same_file=(previous.sha256 if previous else (before or {}).get("sha256")) == result.sha256,
        pending=pending["dropped"] if pending else None,
        before_commit=journal,
    )
    record.save(course, result)
    return result


def outcome(job: Job, answer: Marked | Failure) -> Result:
    """What an answer says about its hand-in. Nothing is saved, no TA's score is in it."""
    submission = job.submission
    result = result_of(submission.handin, "graded")
    result.notices = list(submission.rebuilt.notices)
    result.key, result.parts = job.key, job.parts
    if isinstance(answer, Failure):
        result.status, result.reason, result.key = "failed", answer.reason, ""
        result.manual = written_answer(job.paper, submission.rebuilt.notebook)
    else:
        result.exercises, result.manual = answer.exercises, answer.manual
        result.seconds, result.memory_mb = answer.seconds, answer.memory_mb
        result.score = sum(each.score for each in answer.exercises.values())
        result.max_score = sum(each.max_score for each in answer.exercises.values())
    return result


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:200]


def note_own_scores(
    gradebook: Gradebook, course: Course, lab: str, student: str | None = None, **more: str
) -> None:
    """Adds to the histories (or to this student's) what TAs changed since the last grading.

    It comes first: a new hand-in or a cell that goes may take such a score away. `more` (`by`,
    `reason`) goes into the entries where it is known.
    """
    own = book.own_scores(gradebook, lab, student)
    for folder in sorted(course.records.glob(f"{student or '*'}/{lab}")):
        student = folder.parent.name
        result, before = record.load(course, student, lab), history.last(folder)
        if result is None or before is None or history.is_unfinished(before, result.entry):
            continue  # settle() sees to it
        marks = own.get(student, {})
        if before.get("ta", {}) == marks:
            continue
        book.refresh(gradebook, result)
        scores = {name: each.score for name, each in result.exercises.items()}
        fields = ("key", "sha256", "attempt", "status")
        entry = {"cause": "TA"} | {name: before.get(name) for name in fields}
        entry |= {"score": result.score, "exercises": scores, "ta": marks, "dropped": {}}
        history.add(folder, entry | {name: text for name, text in more.items() if text})


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
        found.append(refusal(handin))
    return found


def _summary(results: Sequence[Result], fresh: int) -> str:
    count = dict.fromkeys(("graded", "refused", "failed"), 0)
    for result in results:
        count[result.status] += 1
    return (
        f"채점 {count['graded']}개 (이번에 {fresh}개), "
        f"거절 {count['refused']}개, 실패 {count['failed']}개"
    )


def write_json(path: Path, results: Sequence[Result], more: dict | None = None) -> None:
    """Writes `grade --json` (format: autograder/README.md); `more` are keys of a dry run."""
    data = {"schema": SCHEMA, "results": [result.summary() for result in results]}
    text = json.dumps(data | (more or {}), ensure_ascii=False, indent=2)
    notebooks.write_text(path, text + "\n")

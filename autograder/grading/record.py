"""What one grading leaves on disk. For TAs only: hidden tests stand in it.

autograded/<student>/<lab>/: the notebook for formgrader and nbgrader's timestamp.
records/<student>/<lab>/: `history.jsonl` (history.py; written before the gradebook is), and last of
all `result.json`: while that is missing or has another key, the work is not done.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import nbformat
from nbformat import NotebookNode

from autograder import notebooks
from autograder.course import Course, UsageError
from autograder.grading import history
from autograder.grading.still import still, still_text
from autograder.jsontext import indented
from autograder.judge.plan import instructor_cells
from autograder.results import Carried, Check, Exercise, Result
from autograder.sandbox.executor import CellRun


def graded_notebook(
    rebuilt: NotebookNode,
    source: NotebookNode,
    runs: Sequence[CellRun],
    exercises: dict[str, Exercise],
) -> NotebookNode:
    """The notebook as it was graded: our tests, the student's answers, what each cell showed."""
    notebook = notebooks.copied(rebuilt)
    ours = instructor_cells(source)
    by_id = {run.id: run for run in runs}
    checks = {c.grade_id: c for exercise in exercises.values() for c in exercise.checks}
    for cell in notebook.cells:
        if cell.cell_type != "code":
            if notebooks.role(cell) == "written":
                still_text(cell)
            continue
        name = notebooks.grade_id(cell)
        if notebooks.role(cell) in ("public", "hidden") and name in ours:
            cell.source = ours[name].source
        run = by_id.get(name) or by_id.get(cell.id)
        outputs = [nbformat.from_dict(still(output)) for output in run.outputs] if run else []
        check = checks.get(name)
        if check is not None and not check.passed and check.score:
            outputs = [*_partial(check), *outputs]
        elif check is not None and not check.passed:
            outputs.append(_error("불통과", check.message, check.trace))
        elif run and run.error and check is None:
            outputs.append(_error(run.error.name, run.error.value, run.error.trace))
        cell.outputs = outputs
    return notebook


def _partial(check: Check) -> list[NotebookNode]:
    """A part of the points, as nbgrader knows it: the number comes first, and nothing is an error."""
    number = {"text/plain": f"{check.score:g}"}
    said = f"{check.score:g} / {check.max_score:g}점\n{check.message}\n{check.trace}\n"
    return [
        NotebookNode(
            output_type="execute_result",
            data=NotebookNode(number),
            metadata=NotebookNode(),
            execution_count=None,
        ),
        NotebookNode(output_type="stream", name="stdout", text=said),
    ]


def _error(name: str, value: str, trace: str) -> NotebookNode:
    lines = f"{name}: {value}\n{trace}".strip().splitlines()
    return NotebookNode(output_type="error", ename=name, evalue=value, traceback=lines)


def load(course: Course, student: str, lab: str) -> Result | None:
    """The result saved last, or None where there is none (or it cannot be read any more)."""
    path = course.record(student, lab) / "result.json"
    try:
        return Result.from_dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def save_notebook(course: Course, result: Result, notebook: NotebookNode) -> None:
    """Writes the graded notebook and nbgrader's timestamp."""
    folder = course.autograded(result.student, result.lab)
    notebooks.write(folder / f"{result.lab}.ipynb", notebook)
    if result.handed_in:
        moment = datetime.fromisoformat(result.handed_in).astimezone(UTC)
        notebooks.write_text(folder / "timestamp.txt", moment.strftime("%Y-%m-%d %H:%M:%S UTC"))


def journal(
    course: Course, result: Result, previous: Result | None, cause: str, carried: Carried
) -> int:
    """Adds the result to the history, unless an unfinished run did; returns the entry's number."""
    folder = course.record(result.student, result.lab)
    entry = {
        "cause": cause,
        "key": result.key,
        "sha256": result.sha256,
        "attempt": result.attempt,
        "status": result.status,
        "score": carried.score,
        "exercises": carried.exercises,
        "ta": carried.kept,
        "dropped": carried.dropped,
    }
    pending = unfinished(course, result, previous)
    if pending and history.repeats(entry, pending):
        return pending["n"]
    return history.add(folder, entry)


def unfinished(course: Course, result: Result, previous: Result | None) -> dict | None:
    """The entry of a run that was killed while it saved this very result; None where none was."""
    entry = history.last(course.record(result.student, result.lab))
    if entry is None or not history.is_unfinished(entry, previous.entry if previous else 0):
        return None
    same = ("sha256", "attempt", "key")
    return entry if all(entry.get(name) == getattr(result, name) for name in same) else None


def save(course: Course, result: Result) -> None:
    """Writes result.json, which says that all the rest is done. It is on disk when this returns."""
    path = course.record(result.student, result.lab) / "result.json"
    notebooks.write_text(path, indented(result.to_dict()) + "\n", durable=True)


@contextmanager
def writing(course: Course) -> Iterator[None]:
    """Holds the records of a course: one `course grade` at a time. A kill lets go.

    Raises:
        UsageError: another one is at work.
    """
    course.records.mkdir(parents=True, exist_ok=True)
    with open(course.records / ".lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(
                "다른 course grade가 채점하고 있습니다. 끝난 뒤에 다시 하세요"
            ) from None
        yield

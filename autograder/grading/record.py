"""What one grading leaves on disk. For TAs only: hidden tests stand in it.

autograded/<student>/<lab>/: the notebook for formgrader and nbgrader's timestamp.
records/<student>/<lab>/: `history.jsonl` (every score ever given, with its cause), and last
`result.json`: while that is missing or has another key, the work is not done.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from datetime import UTC, datetime

import nbformat
from nbformat import NotebookNode

from autograder import notebooks
from autograder.course import Course
from autograder.judge.plan import instructor_cells
from autograder.results import Exercise, Result
from autograder.sandbox.executor import CellRun


def graded_notebook(
    rebuilt: NotebookNode,
    source: NotebookNode,
    runs: Sequence[CellRun],
    exercises: dict[str, Exercise],
) -> NotebookNode:
    """The notebook as it was graded: our tests, the student's answers, what each cell showed."""
    notebook = copy.deepcopy(rebuilt)
    ours = instructor_cells(source)
    by_id = {run.id: run for run in runs}
    checks = {c.grade_id: c for exercise in exercises.values() for c in exercise.checks}
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        name = notebooks.grade_id(cell)
        if notebooks.role(cell) in ("public", "hidden") and name in ours:
            cell.source = ours[name].source
        run = by_id.get(name) or by_id.get(cell.id)
        outputs = [nbformat.from_dict(output) for output in run.outputs] if run else []
        check = checks.get(name)
        if check is not None and not check.passed:
            outputs.append(_error("불통과", check.message, check.trace))
        elif run and run.error and check is None:
            outputs.append(_error(run.error.name, run.error.value, run.error.trace))
        cell.outputs = outputs
    return notebook


def _error(name: str, value: str, trace: str) -> NotebookNode:
    lines = f"{name}: {value}\n{trace}".strip().splitlines()
    return nbformat.v4.new_output("error", ename=name, evalue=value, traceback=lines)


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


def save(course: Course, result: Result, cause: str) -> None:
    """Appends to the history and then writes result.json, which says that the work is done."""
    folder = course.record(result.student, result.lab)
    folder.mkdir(parents=True, exist_ok=True)
    entry = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "cause": cause,
        "key": result.key,
        "sha256": result.sha256,
        "attempt": result.attempt,
        "status": result.status,
        "score": result.score,
        "exercises": {name: each.score for name, each in result.exercises.items()},
    }
    with open(folder / "history.jsonl", "a", encoding="utf-8") as file:
        file.write(json.dumps(entry, ensure_ascii=False) + "\n")
    text = json.dumps(result.to_dict(), ensure_ascii=False, indent=1)
    notebooks.write_text(folder / "result.json", text + "\n")

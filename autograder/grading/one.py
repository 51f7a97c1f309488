"""One submission -> one result. No database, no shared state: safe to run many at once."""

from __future__ import annotations

import hashlib
import json
import platform
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

from nbformat import NotebookNode

from autograder import notebooks
from autograder.course import Course, Limits, UsageError
from autograder.grading.assignment import load_release, load_source
from autograder.grading.record import graded_notebook
from autograder.grading.writable import writable
from autograder.judge import carry
from autograder.judge.plan import plan
from autograder.judge.verdict import judge
from autograder.results import Exercise, Manual
from autograder.sandbox.executor import CellRun, Executor, Step

# Raise it when the same answers and tests would be scored or worded otherwise than before.
GRADING = 2


@dataclass(frozen=True)
class Paper:
    """A lab as the grader needs it: the instructor's notebook, the release, the lab's files."""

    lab: str
    source: NotebookNode
    release: NotebookNode
    limits: Limits
    files: Mapping[str, bytes] = field(default_factory=dict)

    @cached_property
    def settings(self) -> list:
        """What tests come to besides their text: points by cell, and what may be carried, if anything."""
        points = {notebooks.grade_id(cell): notebooks.points(cell) for cell in self.source.cells}
        # A written cell without grade_id gives the key None: json cannot sort it beside strings.
        points.pop(None, None)
        carried = carry.setting(self.source)
        return [points, *([carried] if carried else [])]

    @cached_property
    def common(self) -> dict[str, str]:
        """Those of the hashes of `parts` that are the same for every submission."""
        content = {
            "files": {name: hashlib.sha256(data).hexdigest() for name, data in self.files.items()},
            "limits": asdict(self.limits),
            "environment": [platform.python_version(), version("torch"), version("numpy")],
            "grader": GRADING,
        }
        return {name: _hash(part) for name, part in content.items()}

    @classmethod
    def load(cls, course: Course, lab: str) -> Paper:
        """Reads solutions/ and labs/.

        Raises:
            UsageError: one is missing, or labs/ was made from a notebook with other graded cells.
        """
        source, release = load_source(course, lab), load_release(course, lab)
        if _graded_cells(source) != _graded_cells(release):
            raise UsageError(
                f"labs/{lab}이(가) solutions/{lab}과(와) 다릅니다: course release {lab}"
            )
        return cls(lab, source, release, course.limits, _files(course.release(lab).parent))


def _graded_cells(notebook: NotebookNode) -> list[str]:
    names = [notebooks.grade_id(cell) for cell in notebook.cells if notebooks.exercise(cell)]
    return sorted(name for name in names if name)


def _files(folder: Path) -> dict[str, bytes]:
    """The lab's data by relative name."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".ipynb" and not path.name.startswith(".")
    }


@dataclass(frozen=True)
class Marked:
    """What marking found: exercises with checks, the written answer, the notebook for formgrader."""

    exercises: dict[str, Exercise]
    manual: Manual | None
    notebook: NotebookNode
    seconds: float
    memory_mb: float | None = None  # what the student's process took beyond the warm one, at most


def parts(paper: Paper, steps: list[Step], rebuilt: NotebookNode) -> dict[str, str]:
    """Hashes of what a score depends on, apart, so that one can say what has changed."""
    tests = [vars(step) for step in steps if step.kind == "test"]
    answers = [vars(step) for step in steps if step.kind != "test"]
    written = [c.source for c in rebuilt.cells if notebooks.role(c) == "written"]
    return {
        "answers": _hash([answers, written]),
        "tests": _hash([tests, [step.id for step in steps], *paper.settings]),
        **paper.common,
    }


def fingerprint(found: dict[str, str]) -> str:
    """The key of a result: equal keys mean equal answers, tests, points, limits and environment."""
    return _hash(found)


def _hash(content: object) -> str:
    text = json.dumps(content, ensure_ascii=True, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def written_answer(paper: Paper, rebuilt: NotebookNode) -> Manual | None:
    """The written answer of a hand-in, not marked yet; None where the lab asks for none."""
    written = [cell for cell in rebuilt.cells if notebooks.role(cell) == "written"]
    if not written:
        return None
    maximum = sum(
        notebooks.points(cell) for cell in paper.source.cells if notebooks.role(cell) == "written"
    )
    return Manual(None, maximum, "\n\n".join(cell.source for cell in written))


def mark(
    paper: Paper, rebuilt: NotebookNode, executor: Executor, steps: list[Step] | None = None
) -> Marked:
    """Runs and judges one rebuilt notebook.

    Args:
        steps: what `plan` makes of it, where that is known.

    Raises:
        ExecutorFailed: the machinery broke; nothing may be concluded about the student's work.
    """
    steps = steps or plan(rebuilt, paper.source)
    runs = writable(executor.run(steps, paper.files, paper.limits))
    exercises = judge(steps, runs, paper.source, paper.limits)
    grown: list[float] = []
    runs = _carry(paper, steps, runs, exercises, executor, grown)
    notebook = graded_notebook(rebuilt, paper.source, runs, exercises)
    seconds = round(sum(run.seconds for run in runs), 3)
    _note_growth(executor, grown)  # last: only now it has to be seen that nothing is left running
    memory = round(max(grown), 1) if grown else None
    return Marked(exercises, written_answer(paper, rebuilt), notebook, seconds, memory)


def _note_growth(executor: Executor, grown: list[float]) -> None:
    """Adds by how much the student's process grew, where the executor knows."""
    if (found := getattr(executor, "grown_mb", None)) is not None:
        grown.append(found)


def _carry(
    paper: Paper,
    steps: list[Step],
    runs: list[CellRun],
    exercises: dict[str, Exercise],
    executor: Executor,
    grown: list[float],
) -> list[CellRun]:
    """Judges again what builds on a wrong answer, where the author asked for it (judge.carry).

    The better outcome stays, in `exercises`; returned are the runs that it came from. All second
    runs together have once more the time of a submission: what one exercise wasted in the first
    run, by a loop without end, is not taken from another.
    """
    kept = {run.id: run for run in runs}
    left = paper.limits.submission_seconds
    for name, names in carry.due(paper.source, exercises).items():
        more = carry.again(steps, paper.source, name, names)
        if not more or left < 1:
            continue
        started = time.monotonic()
        limits = replace(paper.limits, submission_seconds=left)
        _note_growth(executor, grown)
        found = writable(executor.run(more, paper.files, limits))
        left -= time.monotonic() - started
        second = judge(more, found, paper.source, paper.limits)[name]
        if second.score > exercises[name].score:
            exercises[name] = carry.noted(second, names)
            first = next(place for place, step in enumerate(more) if step.kind == "carry")
            kept |= {run.id: run for run in found[first + 1 :]}
    return [kept[run.id] for run in runs]

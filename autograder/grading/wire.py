"""A job and its answer as plain data (texts, numbers, bytes), for workers on other machines.

The paper of a lab travels along: the instructor's notebook with its hidden tests. Workers are
machines that the course trusts.
"""

from __future__ import annotations

import json
from dataclasses import asdict

import nbformat
from nbformat import NotebookNode

from autograder.course import Limits
from autograder.grading.one import Marked, Paper
from autograder.results import Check, Exercise, Manual


def pack(paper: Paper, rebuilt: NotebookNode) -> dict:
    """One submission and all that marking it needs."""
    return {
        "lab": paper.lab,
        "source": json.dumps(paper.source),
        "release": json.dumps(paper.release),
        "limits": asdict(paper.limits),
        "files": dict(paper.files),
        "notebook": json.dumps(rebuilt),
    }


def unpack(job: dict) -> tuple[Paper, NotebookNode]:
    """The inverse of `pack`."""
    paper = Paper(
        job["lab"],
        _notebook(job["source"]),
        _notebook(job["release"]),
        Limits(**job["limits"]),
        job["files"],
    )
    return paper, _notebook(job["notebook"])


def pack_marked(marked: Marked) -> dict:
    """What marking found."""
    return {
        "exercises": {name: asdict(each) for name, each in marked.exercises.items()},
        "manual": asdict(marked.manual) if marked.manual else None,
        "notebook": json.dumps(marked.notebook),
        "seconds": marked.seconds,
        "memory_mb": marked.memory_mb,
    }


def unpack_marked(answer: dict) -> Marked:
    """The inverse of `pack_marked`."""
    exercises = {
        name: Exercise(**each | {"checks": [Check(**check) for check in each["checks"]]})
        for name, each in answer["exercises"].items()
    }
    manual = Manual(**answer["manual"]) if answer["manual"] else None
    notebook = _notebook(answer["notebook"])
    return Marked(exercises, manual, notebook, answer["seconds"], answer["memory_mb"])


def _notebook(text: str) -> NotebookNode:
    return nbformat.from_dict(json.loads(text))

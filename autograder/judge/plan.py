"""Which cells run, and in which order: the released notebook, the student's answers, our tests."""

from __future__ import annotations

import ast
from functools import lru_cache

from nbformat import NotebookNode

from autograder import notebooks, syntax
from autograder.sandbox.executor import Step


def instructor_cells(source: NotebookNode) -> dict[str, NotebookNode]:
    """grade_id → cell of the instructor's notebook, for every cell that has one."""
    return {name: cell for cell in source.cells if (name := notebooks.grade_id(cell))}


def banned_names(source: NotebookNode) -> dict[str, tuple[str, ...]]:
    """exercise → dotted names that its answer may not call (the answer cell's `course.banned`)."""
    return {
        name: tuple(cell.metadata.get("course", {}).get("banned", ()))
        for name, cell in instructor_cells(source).items()
        if notebooks.role(cell) == "answer"
    }


@lru_cache(maxsize=512)  # asked for every submission, of the same cells of an instructor's
def defined_names(code: str) -> tuple[str, ...]:
    """Functions, classes and variables that a cell defines at its top level; () if it does not parse."""
    try:
        tree = syntax.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    found: dict[str, None] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found[node.name] = None
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            stored = (n for target in targets for n in ast.walk(target))
            found |= {
                n.id: None
                for n in stored
                if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
            }
    return tuple(found)


def plan(rebuilt: NotebookNode, source: NotebookNode) -> list[Step]:
    """The steps of one submission.

    Args:
        rebuilt: the released notebook with the student's answers and own cells put in.
        source: the instructor's notebook, with the hidden tests.

    Demo cells (training, pictures) are left out; test cells come from `source`, never from `rebuilt`.
    """
    ours = instructor_cells(source)
    banned = banned_names(source)
    steps = []
    for cell in rebuilt.cells:
        if cell.cell_type != "code":
            continue
        name, role = notebooks.grade_id(cell), notebooks.role(cell)
        exercise = notebooks.exercise(cell)
        if cell.metadata.get("course", {}).get("extra"):
            steps.append(Step(cell.id, cell.source, "extra"))
        elif role in ("public", "hidden"):
            tested = defined_names(ours[exercise].source) if exercise in ours else ()
            forbidden = banned.get(exercise, ())
            public = f"{exercise}-public"
            after = public if role == "hidden" and public in ours else None
            steps.append(Step(name, ours[name].source, "test", exercise, tested, forbidden, after))
        elif role == "answer":
            meant = defined_names(ours[exercise].source) if exercise in ours else ()
            steps.append(Step(name, cell.source, "answer", exercise, meant))
        elif role in ("given", "setup"):
            steps.append(Step(cell.id, cell.source, "given"))
    return steps

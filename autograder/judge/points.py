"""Points in parts: what a test cell declares, and what of it a student earned.

The numbers are read from the text of the instructor's cell, before anything runs. The run only says
of each part whether it held, in order (`checks.Unmet`), so no number that a program makes becomes a point.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from autograder import syntax

NOT_REACHED = "앞에서 오류가 나 여기까지 오지 못했습니다."


@dataclass(frozen=True)
class Part:
    """One `with part(4, "모양"):` of a test cell."""

    points: float
    title: str


def block(tree: ast.Module) -> ast.With | None:
    """The cell's `with checks.parts() as part:`, at its top level."""
    return next((node for node in tree.body if _is_block(node)), None)


def declared(code: str) -> list[Part]:
    """The parts of a test cell, in order; none where it gives its points as a whole."""
    try:
        found = block(syntax.parse(code))
    except SyntaxError:  # a magic: `course release` refuses parts beside one
        return []
    if found is None or not isinstance(found.items[0].optional_vars, ast.Name):
        return []
    name = found.items[0].optional_vars.id
    return [part for node in found.body if (part := part_of(node, name))]


def part_of(node: ast.AST, name: str) -> Part | None:
    """What `with part(4, "모양"):` declares; None where the statement is something else."""
    if not isinstance(node, ast.With) or len(node.items) != 1:
        return None
    match node.items[0].context_expr:
        case ast.Call(
            func=ast.Name(id=called), args=[ast.Constant(points), ast.Constant(title)], keywords=[]
        ) if called == name and type(points) in (int, float) and isinstance(title, str):
            return Part(float(points), title)
    return None


def earned(parts: Sequence[Part], told: Sequence[str]) -> list[dict]:
    """What became of each part: title, points, whether it held, and if not, why.

    Args:
        told: of each part that was reached what was wrong with it, "" for nothing.
    """
    said = [*told, *[NOT_REACHED] * len(parts)]
    return [
        {"title": part.title, "points": part.points, "passed": not why, "message": why}
        for part, why in zip(parts, said, strict=False)
    ]


def _is_block(node: ast.AST) -> bool:
    if not isinstance(node, ast.With) or len(node.items) != 1:
        return False
    match node.items[0].context_expr:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="checks"), attr="parts"), args=[]):
            return True
    return False

"""What a test cell that gives its points in parts must look like. Each breach is one Korean line."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from nbformat import NotebookNode

from autograder import notebooks, syntax
from autograder.judge.points import block, declared, part_of


def problems(cell: NotebookNode) -> Iterator[str]:
    """Of a test cell: the parts stand in one block at its end, and come to the cell's points."""
    name = notebooks.grade_id(cell)
    if notebooks.role(cell) not in ("public", "hidden") or "checks.parts" not in cell.source:
        return
    try:
        tree = syntax.parse(cell.source)
    except SyntaxError:
        yield f"{name}: checks.parts를 쓰는 칸은 %나 ! 없이 파이썬으로만 쓰세요"
        return
    found = block(tree)
    if found is None or found is not tree.body[-1] or cell.source.count("checks.parts") > 1:
        yield f"{name}: `with checks.parts() as part:`는 칸의 마지막에 꼭 하나만 두세요"
        return
    made = found.items[0].optional_vars
    part = made.id if isinstance(made, ast.Name) else ""
    inner = {id(call.func) for node in found.body if part_of(node, part) for call in _calls(node)}
    loose = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id == part]
    if not part or any(id(n) not in inner and isinstance(n.ctx, ast.Load) for n in loose):
        yield (
            f'{name}: 부분 점수는 블록 바로 아래에 `with {part or "part"}(4, "모양"):`처럼 '
            "숫자와 제목으로 씁니다"
        )
    parts = declared(cell.source)
    if any(each.points <= 0 or not each.title.strip() for each in parts):
        yield f"{name}: 부분 점수는 0보다 크고 제목이 있어야 합니다"
    total = sum(each.points for each in parts)
    if total != notebooks.points(cell):
        yield f"{name}: 부분 점수를 더하면 {total:g}점인데 칸은 {notebooks.points(cell):g}점입니다"


def _calls(node: ast.With) -> Iterator[ast.Call]:
    """The part's own call."""
    yield node.items[0].context_expr

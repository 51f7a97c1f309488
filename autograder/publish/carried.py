"""What an author may ask for with `course.carry`. Each breach is one Korean line."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from nbformat import NotebookNode

from autograder import notebooks
from autograder.publish.names import parsed


def problems(cells: Sequence[NotebookNode]) -> Iterator[str]:
    """Whether every `course.carry` names functions of earlier exercises.

    Only a function can be replaced by its reference: of a class the student's code needs more than its
    calls (to inherit, to hold it in a module of its own), and a variable has none.
    """
    before: dict[str, ast.stmt] = {}
    answers = [cell for cell in cells if notebooks.role(cell) == "answer"]
    later = {name for cell in answers for name in _defined(cell)}
    for cell in answers:
        where = f"{notebooks.grade_id(cell)}: course.carry"
        asked = cell.metadata.get("course", {}).get("carry", [])
        mine = _defined(cell)
        if not isinstance(asked, list) or not all(isinstance(name, str) for name in asked):
            yield f'{where}: 함수 이름의 목록이어야 합니다 (예: ["rnn_cell"])'
            asked = []
        for name in dict.fromkeys(asked):
            if name in before:
                if wrong := _unfit(before[name]):
                    yield f"{where}: '{name}'은(는) {wrong}. 함수(def)만 대신할 수 있습니다"
            elif name in mine:
                yield f"{where}: '{name}'은(는) 이 문제가 만드는 이름입니다. 앞 문제의 함수를 적으세요"
            elif name in later:
                yield f"{where}: '{name}'은(는) 뒤 문제의 답입니다. 앞 문제의 함수를 적으세요"
            else:
                yield f"{where}: '{name}'을(를) 정하는 앞 문제가 없습니다"
        before |= mine


def _defined(cell: NotebookNode) -> dict[str, ast.stmt]:
    """Name → the statement at the cell's top level that defines it; {} where it does not parse."""
    try:
        body = parsed(cell.source).body
    except SyntaxError:
        return {}  # rules say so
    found: dict[str, ast.stmt] = {}
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            stored = [n for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)]
            found |= {n.id: node for n in stored if isinstance(n.ctx, ast.Store)}
    return found


def _unfit(node: ast.stmt) -> str:
    """Why what this statement defines cannot be replaced by a handle; "" where it can."""
    if isinstance(node, ast.ClassDef):
        return "클래스입니다"
    if not isinstance(node, ast.FunctionDef):
        return "함수가 아닙니다"
    inner = [n for n in _own(node) if isinstance(n, ast.Yield | ast.YieldFrom)]
    return "값을 하나씩 내놓는(yield) 함수입니다" if inner else ""


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function, without those of functions inside of it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(
            child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef
        ):
            yield child
            yield from _own(child)

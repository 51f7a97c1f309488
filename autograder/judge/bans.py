"""Finds calls that an exercise forbids by reading the student's code (its syntax tree).

The other half works while the code runs (sandbox.guard patches the names); this half sees what a
patch cannot: `from torch.nn.functional import cross_entropy` bound before the patch.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cached_property, lru_cache
from typing import NamedTuple

from autograder import syntax

_LONGEST = 16  # dots in a name: none that is banned has more, and a.a.a.… may have thousands
_SHORT = 40_000  # characters of a cell that is remembered: a tree can be a hundred times as large


class _Function:
    """What a cell defines under a name; two readings of the same text are two functions."""

    def __init__(self, node: ast.AST) -> None:
        self._node = node

    @cached_property
    def uses(self) -> list[_Use]:
        """Every name and attribute in it, outer nodes first; walked through once for all exercises."""
        return [
            _use(node)
            for node in ast.walk(self._node)
            if isinstance(node, ast.Attribute | ast.Name)
        ]


class _Use(NamedTuple):
    """`F.cross_entropy`: root «F», path «.cross_entropy», attribute «cross_entropy».

    root: None where the expression does not begin with a name. attribute: None for a bare name.
    """

    root: str | None
    path: str
    attribute: str | None


class _Cell(NamedTuple):
    """What is asked of a cell: local name → dotted name, of its imports; name → what it defines."""

    aliases: dict[str, str]
    functions: dict[str, _Function]


def _parse(code: str, early: bool) -> _Cell | None:
    try:
        tree = syntax.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    # Most answers import nothing, and to walk through one takes a while.
    return _Cell(_aliases(tree) if "import" in code else {}, _functions(tree))


_remembered = lru_cache(64)(_parse)  # given cells are the same in every submission


def _read(code: str, early: bool = False) -> _Cell | None:
    """The cell, None where it does not parse. `early` keeps two readings of the same text apart."""
    return (_remembered if len(code) <= _SHORT else _parse)(code, early)


def _aliases(tree: ast.Module) -> dict[str, str]:
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for each in node.names:
                name = each.asname or each.name.split(".")[0]
                found[name] = each.name if each.asname else name
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for each in node.names:
                found[each.asname or each.name] = f"{node.module}.{each.name}"
    return found


def _use(node: ast.expr) -> _Use:
    attribute, parts = getattr(node, "attr", None), []
    while isinstance(node, ast.Attribute) and len(parts) < _LONGEST:
        parts.append(node.attr)
        node = node.value
    root = node.id if isinstance(node, ast.Name) else None
    return _Use(root, "".join(f".{part}" for part in reversed(parts)), attribute)


def find_banned(
    answer: str,
    entry: Iterable[str],
    other_cells: Iterable[str],
    banned: Iterable[str],
    earlier: Iterable[str] = (),
    gone: Iterable[str] = (),
) -> str | None:
    """The first banned dotted name that the exercise's functions use, themselves or through helpers.

    Args:
        answer: the exercise's answer cell.
        entry: names of the functions that the tests call.
        other_cells: every other code cell that runs (imports and helpers may stand there).
        banned: dotted names. `torch.Tensor.x` also matches any method call `.x(…)`.
        earlier, gone: cells that ran before the names `gone` became the reference's (judge.carry).
            Cells after them find the reference there; these may still hold what it replaced.

    A helper that no tested function reaches costs nothing. Cells that do not parse are passed over.
    """
    banned, gone = set(banned), set(gone)
    if not banned:
        return None
    cells = [cell for code in (answer, *other_cells) if (cell := _read(code))]
    before = [cell for code in earlier if (cell := _read(code, early=True))]
    aliases: dict[str, str] = {}
    for cell in (*cells, *before):
        aliases |= cell.aliases
    methods = {name.rsplit(".", 1)[1]: name for name in banned if name.startswith("torch.Tensor.")}
    late, early = _first(cells), _first(before)
    seen: set[_Function] = set()
    todo = [found for name in entry if (found := late.get(name) or early.get(name))]
    old = set(early.values())
    while todo:
        function = todo.pop(0)
        if function in seen:
            continue
        seen.add(function)
        for root, path, attribute in function.uses:
            if root in aliases and (dotted := aliases[root] + path) in banned:
                return dotted
            if attribute in methods:
                return methods[attribute]
            if attribute is None:
                if root in late:
                    todo.append(late[root])
                if root in early and (function in old or root not in {*late, *gone}):
                    todo.append(early[root])
    return None


def _functions(tree: ast.Module) -> dict[str, _Function]:
    functions: dict[str, _Function] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            functions[node.name] = _Function(node)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            functions[node.targets[0].id] = _Function(node)  # f = lambda …, f = F.cross_entropy
    return functions


def _first(cells: Iterable[_Cell]) -> dict[str, _Function]:
    """What the cells define, by name; the first cell wins (the answer cell comes first)."""
    functions: dict[str, _Function] = {}
    for cell in reversed(list(cells)):
        functions |= cell.functions
    return functions

"""Which names a cell defines and which it needs from elsewhere (by Python's own symbol tables)."""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Iterator
from dataclasses import dataclass

from autograder import syntax

# What IPython adds to Python's own names.
_ALWAYS = frozenset(dir(builtins)) | {"display", "get_ipython", "__name__", "__file__", "__doc__"}


@dataclass(frozen=True)
class Names:
    """`defined`: names that the cell leaves behind. `needed`: names that it takes from outside."""

    defined: frozenset[str]
    needed: frozenset[str]


def names(source: str) -> Names:
    """The names of one code cell.

    Functions, classes, lambdas and comprehensions keep their own names to themselves; what they
    need from the notebook counts as needed by the cell.

    Raises:
        SyntaxError: the cell is not Python.
    """
    top = symtable.symtable(_without_magics(source), "<cell>", "exec")
    defined, needed = set(), set()
    for symbol in top.get_symbols():
        if symbol.is_assigned() or symbol.is_imported():
            defined.add(symbol.get_name())
        if symbol.is_referenced():
            needed.add(symbol.get_name())
    for table in _inner(top):
        for symbol in table.get_symbols():
            if symbol.is_global():
                if symbol.is_assigned() or symbol.is_imported():
                    defined.add(symbol.get_name())
                elif symbol.is_referenced():
                    needed.add(symbol.get_name())
    return Names(frozenset(defined), frozenset(needed - defined - _ALWAYS))


def parsed(source: str) -> ast.Module:
    """A code cell's syntax tree. Raises SyntaxError."""
    return syntax.parse(_without_magics(source))


def _inner(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    for child in table.get_children():
        yield child
        yield from _inner(child)


def _without_magics(source: str) -> str:
    """`%matplotlib inline` and `!pip …` stand in notebooks and are no Python."""
    lines = source.split("\n")
    return "\n".join("pass" if line.startswith(("%", "!")) else line for line in lines)

"""Walks through nested lists, tuples and dictionaries."""

from __future__ import annotations

from collections.abc import Callable

MAX_DEPTH = 64  # the codec refuses what is deeper


def swap(value: object, replace: Callable[[object], object], depth: int = 0) -> object:
    """`value` with every leaf run through `replace`; containers are rebuilt only where one changed."""
    if depth > MAX_DEPTH or not isinstance(value, list | tuple | dict):
        return replace(value)
    if isinstance(value, dict):
        changed = {k: swap(v, replace, depth + 1) for k, v in value.items()}
        if all(changed[k] is v for k, v in value.items()):
            return value
        return type(value)(changed) if type(value).__init__ is dict.__init__ else changed
    items = [swap(v, replace, depth + 1) for v in value]
    if all(new is old for new, old in zip(items, value, strict=True)):
        return value
    if isinstance(value, list):
        return items
    return type(value)._make(items) if hasattr(value, "_make") else tuple(items)

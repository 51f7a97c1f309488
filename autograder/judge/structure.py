"""Walks through nested plain containers, the ones that the codec carries as such."""

from __future__ import annotations

import collections
from collections.abc import Callable

from autograder.judge.codec.records import fields_of

MAX_DEPTH = 64  # the codec refuses what is deeper
_ROWS = (list, tuple, collections.deque)
_TABLES = (dict, collections.OrderedDict, collections.Counter, collections.defaultdict)


def swap(value: object, replace: Callable[[object], object]) -> object:
    """`value` with every leaf run through `replace`; containers are rebuilt only where one changed.

    A container that stands in several places, or in itself, is visited once. Methods that a subclass
    overrides are never asked: an instance of one is a leaf.
    """
    done: dict[int, object] = {}

    def visit(each: object, depth: int) -> object:
        kind = type(each)
        named = issubclass(kind, tuple) and kind is not tuple and fields_of(kind) is not None
        if not named and kind not in _ROWS and kind not in _TABLES:
            return replace(each)
        if depth > MAX_DEPTH or id(each) in done:
            return done.get(id(each), each)
        done[id(each)] = each
        if kind in _TABLES:
            fresh = {key: visit(item, depth + 1) for key, item in each.items()}
            if any(fresh[key] is not item for key, item in each.items()):
                done[id(each)] = _table(each, fresh)
        else:
            old = tuple(tuple.__iter__(each) if named else each)
            new = [visit(item, depth + 1) for item in old]
            if any(one is not other for one, other in zip(new, old, strict=True)):
                done[id(each)] = _row(each, new)
        return done[id(each)]

    return visit(value, 0)


def _table(old: dict, items: dict) -> dict:
    fresh = old.copy()
    for key, item in items.items():  # not update: a Counter's would add up
        fresh[key] = item
    return fresh


def _row(old: list | tuple | collections.deque, items: list) -> object:
    kind = type(old)
    if kind is collections.deque:
        return kind(items, old.maxlen)
    if kind in _ROWS:
        return kind(items)
    try:
        return tuple.__new__(kind, items)
    except TypeError:  # a named result of torch is made otherwise
        return kind(items)

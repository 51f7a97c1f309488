"""Walks through nested lists, tuples and dictionaries, in the same order on both sides."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch

MAX_DEPTH = 64  # the codec refuses what is deeper


def _leaves(value: object, depth: int, seen: set[int]) -> Iterator[object]:
    if isinstance(value, list | tuple | dict):
        if depth > MAX_DEPTH or id(value) in seen:
            return
        seen.add(id(value))
        for each in value.values() if isinstance(value, dict) else value:
            yield from _leaves(each, depth + 1, seen)
    else:
        yield value


def tensors(value: object) -> list[torch.Tensor]:
    """The different tensors in `value`, in the order in which they come."""
    found: dict[int, torch.Tensor] = {}
    for leaf in _leaves(value, 0, set()):
        if isinstance(leaf, torch.Tensor):
            found.setdefault(id(leaf), leaf)
    return list(found.values())


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

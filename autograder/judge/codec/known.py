"""The objects of an argument graph, in an order that both sides of the wall agree on.

After arguments have crossed, the caller holds the originals and the callee their copies. A later
message (the result, the changes) names them by their place in this order instead of copying them.
"""

from __future__ import annotations

import collections
import contextlib
import zlib
from collections.abc import Iterator
from types import EllipsisType, NoneType

import numpy as np
import torch

from autograder.judge.codec import tables
from autograder.judge.codec.common import CodecError
from autograder.judge.codec.memory import Regions, View, array_view, tensor_view
from autograder.judge.codec.records import fields_of
from autograder.judge.codec.tensors import dense, grad_of, is_tensor

_DICTS = (dict, collections.OrderedDict, collections.Counter, collections.defaultdict)
# Values without an identity worth keeping: they get no place. A frozenset's elements get none
# either, nor a set's or a dict's keys: the two sides may iterate over them in different orders.
_PLAIN = frozenset((
    NoneType, bool, int, float, complex, str, bytes, slice, range, EllipsisType, frozenset,
    torch.Size, torch.dtype, torch.device, torch.layout, torch.memory_format,
))  # fmt: skip


def _kind(value: object) -> str:
    """One letter for the digest; "" for a value that gets no place."""
    kind = type(value)
    if kind in _PLAIN or tables.scalar_place(kind) is not None or issubclass(kind, np.dtype):
        return ""
    if kind is type and tables.scalar_place(value) is not None:
        return ""
    if is_tensor(value):
        return "T"
    if kind in (list, collections.deque):
        return "L"
    if kind in _DICTS:
        return "D"
    if kind is tuple or (issubclass(kind, tuple) and fields_of(kind) is not None):
        return "U"
    if kind in (set, bytearray):
        return "S"
    return "A" if kind is np.ndarray else "O"


def _children(value: object, letter: str) -> Iterator[object]:
    if letter == "T":
        grad = grad_of(value)
        return iter(() if grad is None else (grad,))
    if letter == "L" or letter == "U":
        items = tuple(value) if letter == "L" else tuple(tuple.__iter__(value))
    elif letter == "D":
        items = tuple(value.values())
    else:
        items = ()
    # Lists of numbers or words can be long: nothing in them has a place.
    return iter(()) if _PLAIN.issuperset(map(type, items)) else iter(items)


class Known:
    """Objects that both sides hold, by place; their memory as it was when this was made or refreshed.

    Args:
        root: the arguments: on the caller's side the originals, on the callee's what `decode` gave.
        max_items: a larger graph is refused.
    """

    def __init__(self, root: object, max_items: int = 1_000_000) -> None:
        self.root = root
        self.objects: list[object] = []
        self.kinds: list[str] = []
        self.places: dict[int, int] = {}
        todo = [iter((root,))]
        while todo:
            value = next(todo[-1], todo)
            if value is todo:
                todo.pop()
                continue
            letter = _kind(value)
            if letter and id(value) not in self.places:
                if len(self.objects) >= max_items:
                    raise CodecError("the arguments hold too many objects")
                self.places[id(value)] = len(self.objects)
                self.objects.append(value)
                self.kinds.append(letter)
                todo.append(_children(value, letter))
        self.digest = zlib.crc32("".join(self.kinds).encode())
        self.anchors: dict[int, torch.Tensor | np.ndarray] = {}
        self.refresh()

    def refresh(self) -> None:
        """Takes the objects as they are now, after changes that both sides have made. Places stay."""
        # A second tensor over the same memory: keeps it, and its geometry, when the argument
        # itself is given other data.
        self.anchors = {}
        for place, letter in enumerate(self.kinds):
            anchor = _anchor(self.objects[place], letter)
            if anchor is not None:
                self.anchors[place] = anchor

    def tensors(self) -> list[torch.Tensor]:
        """The tensors among them, in order."""
        pairs = zip(self.objects, self.kinds, strict=True)
        return [value for value, kind in pairs if kind == "T"]

    def regions(self) -> Regions:
        """Where the memory of the known tensors and arrays is now."""
        views = []
        for place, anchor in self.anchors.items():
            with contextlib.suppress(CodecError):  # its storage was resized away
                views.append((place, view_of(anchor)))
        return Regions(views)


def view_of(value: torch.Tensor | np.ndarray) -> View:
    """The memory of a plain tensor or of an array."""
    return array_view(value) if type(value) is np.ndarray else tensor_view(value)


def _anchor(value: object, letter: str) -> torch.Tensor | np.ndarray | None:
    if letter == "A":
        return value.view() if tables.numpy_place(value.dtype) is not None else None
    if letter != "T":
        return None
    try:
        return dense(value)[0]
    except CodecError:  # no memory to show: it crossed by reference
        return None

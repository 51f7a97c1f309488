"""Memory as the codec sees it: strided views, and the buffers that several of them share.

Only what a view covers ever leaves: the rest of its storage stays behind, and gaps between its
elements (the other columns of a matrix, say) cross as zeros.
"""

from __future__ import annotations

import ctypes
import zlib
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

from autograder.judge.codec.common import CodecError

ALIGNMENT = 16  # bytes: the largest itemsize of a torch dtype
_SMALL = 1 << 16  # bytes that one copies rather than shares: making an array of them costs more


class View(NamedTuple):
    """Elements in memory. Strides in bytes; `low` and `high` bound the bytes it touches.

    base: where offsets of this view's storage count from (tensors only).
    """

    address: int
    itemsize: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    low: int
    high: int
    owner: object
    base: int | None = None

    @property
    def empty(self) -> bool:
        """Whether it has no element."""
        return self.low == self.high

    @property
    def layout(self) -> int:
        """A checksum of how the elements lie, the same wherever they lie."""
        steps = zip(self.shape, self.strides, strict=True)
        strides = tuple(stride for size, stride in steps if size > 1)
        return zlib.crc32(repr((self.itemsize, self.shape, strides)).encode())


def extent(
    address: int, itemsize: int, shape: Sequence[int], strides: Sequence[int]
) -> tuple[int, int]:
    """First byte and the byte after the last one that a view touches; the same twice if empty."""
    if 0 in shape:
        return address, address
    low = high = address
    for size, stride in zip(shape, strides, strict=True):
        if stride < 0:
            low += (size - 1) * stride
        else:
            high += (size - 1) * stride
    return low, high + itemsize


def _packed(itemsize: int, shape: Sequence[int], strides: Sequence[int]) -> bool:
    expected = itemsize
    for size, stride in zip(reversed(shape), reversed(strides), strict=True):
        if size != 1:
            if stride != expected:
                return False
            expected *= size
    return True


def in_c_order(view: View) -> bool:
    """Whether the elements follow each other as in C, without gaps; almost all views are so."""
    return _packed(view.itemsize, view.shape, view.strides)


def is_dense(itemsize: int, shape: Sequence[int], strides: Sequence[int]) -> bool:
    """Whether the elements fill their extent, each byte once (in whatever order)."""
    if _packed(itemsize, shape, strides):
        return True
    expected = itemsize
    for stride, size in sorted(
        (abs(stride), size) for size, stride in zip(shape, strides, strict=True) if size > 1
    ):
        if stride != expected:
            return False
        expected *= size
    return True


def tensor_view(tensor: torch.Tensor) -> View:
    """The memory of a plain strided CPU tensor. CodecError when it has none to show."""
    storage = tensor.untyped_storage()
    itemsize = tensor.element_size()
    shape = tuple(tensor.shape)
    strides = tuple([step * itemsize for step in tensor.stride()])
    base = storage.data_ptr()
    low = address = base + tensor.storage_offset() * itemsize
    if tensor.is_contiguous():
        high = low + tensor.numel() * itemsize
    else:
        low, high = extent(address, itemsize, shape, strides)
    if low != high and (base == 0 or low < base or high > base + storage.nbytes()):
        raise CodecError("a tensor without memory of its own cannot cross")
    return View(address, itemsize, shape, strides, low, high, tensor, base)


def array_view(array: np.ndarray) -> View:
    """The memory of an array."""
    address = array.__array_interface__["data"][0]
    low, high = extent(address, array.itemsize, array.shape, array.strides)
    return View(address, array.itemsize, array.shape, array.strides, low, high, array)


class _Memory:
    """Bytes at an address, kept alive by `owner`, in the form that numpy takes them."""

    def __init__(self, address: int, size: int, owner: object) -> None:
        data = (address, False)
        self.__array_interface__ = {"shape": (size,), "typestr": "|u1", "data": data, "version": 3}
        self.owner = owner


def bytes_at(address: int, size: int, owner: object) -> np.ndarray:
    """Memory that `owner` keeps alive, as an array of bytes, not copied."""
    if size == 0:
        return np.empty(0, np.uint8)
    return np.asarray(_Memory(address, size, owner))


def elements(buffer: np.ndarray, offset: int, view: View) -> np.ndarray:
    """The elements that `view` names, as raw items of a buffer in which it starts at `offset`."""
    return np.ndarray(view.shape, f"V{view.itemsize}", buffer, offset, view.strides)


def copied(address: int, size: int, owner: object) -> bytes:
    """A copy of memory that `owner` keeps alive."""
    return (
        ctypes.string_at(address, size)
        if size < _SMALL
        else bytes_at(address, size, owner).tobytes()
    )


def content(view: View) -> bytes:
    """A copy of the bytes of all elements, of an expanded view each only once."""
    if is_dense(view.itemsize, view.shape, view.strides):
        return copied(view.low, view.high - view.low, view.owner)
    source = bytes_at(view.low, view.high - view.low, view.owner)
    if view.empty:
        return b""
    steps = zip(view.shape, view.strides, strict=True)
    shape = tuple(size if stride else 1 for size, stride in steps)
    once = np.ndarray(shape, f"V{view.itemsize}", source, view.address - view.low, view.strides)
    return once.tobytes()


@dataclass(slots=True)
class Group:
    """Views whose memory overlaps: together they are one storage of a message."""

    low: int
    high: int
    members: list[int]

    def find_pad(self, views: Sequence[View]) -> int:
        """Bytes to put before `low`, so that offsets stay whole multiples of the item sizes."""
        bases = (views[member].base for member in self.members)
        base = next((base for base in bases if base is not None), self.low)
        return (self.low - base) % ALIGNMENT

    def gather(self, views: Sequence[View]) -> bytes | np.ndarray:
        """A buffer of the bytes low … high, with zeros where no view looks."""
        size = self.high - self.low
        for member in self.members:
            view = views[member]
            if (view.low, view.high) == (self.low, self.high):
                if is_dense(view.itemsize, view.shape, view.strides):
                    share = copied if size < _SMALL else bytes_at
                    return share(self.low, size, view.owner)
        buffer = np.zeros(size, np.uint8)
        for member in self.members:
            view = views[member]
            if not view.empty:
                source = bytes_at(view.low, view.high - view.low, view.owner)
                there = elements(buffer, view.address - self.low, view)
                there[...] = elements(source, view.address - view.low, view)
        return buffer


def merge(views: Sequence[View]) -> list[Group]:
    """Groups of views that share memory, in the order of each group's first member."""
    if len(views) == 1:
        return [Group(views[0].low, views[0].high, [0])]
    groups: list[Group] = []
    for i in sorted(range(len(views)), key=lambda i: views[i].low):
        view = views[i]
        if groups and not view.empty and view.low < groups[-1].high:
            groups[-1].members.append(i)
            groups[-1].high = max(groups[-1].high, view.high)
        elif not view.empty:
            groups.append(Group(view.low, view.high, [i]))
    for group in groups:
        group.members.sort()
    groups += [Group(view.low, view.low, [i]) for i, view in enumerate(views) if view.empty]
    return sorted(groups, key=lambda group: group.members[0])


class Regions:
    """Memory that both sides hold already, to tell whether a view looks into it."""

    def __init__(self, views: Iterable[tuple[int, View]]) -> None:
        self.views = {place: view for place, view in views if not view.empty}
        self._places = list(self.views)
        self._groups: list[Group] = []
        self._lows: list[int] = []
        self._masks: dict[int, np.ndarray] = {}

    def find(self, view: View) -> int | None:
        """The place of a known view that covers every element of `view`."""
        if not any(known.low <= view.low < known.high for known in self.views.values()):
            return None  # most results are in memory of their own
        if not self._groups:
            self._groups = sorted(merge(list(self.views.values())), key=lambda group: group.low)
            self._lows = [group.low for group in self._groups]
        at = bisect_right(self._lows, view.low) - 1
        if view.empty or at < 0 or view.high > self._groups[at].high:
            return None
        for member in self._groups[at].members:
            if self.covers(self._places[member], view):
                return self._places[member]
        return None

    def covers(self, place: int, view: View) -> bool:
        """Whether `view` touches only bytes of elements of the known view at `place`.

        This keeps the far side from asking for what lies between the elements of an argument.
        """
        known = self.views[place]
        if view.low < known.low or view.high > known.high:
            return False
        if is_dense(known.itemsize, known.shape, known.strides):
            return True
        if place not in self._masks:
            mask = self._masks[place] = np.zeros(known.high - known.low, bool)
            _bytes_of(mask, known.address - known.low, known)[...] = True
        mask = self._masks[place]
        return bool(_bytes_of(mask, view.address - known.low, view).all())


def _bytes_of(mask: np.ndarray, offset: int, view: View) -> np.ndarray:
    shape, strides = (*view.shape, view.itemsize), (*view.strides, 1)
    return np.ndarray(shape, bool, mask, offset, strides)

"""A short form for what most calls carry: numbers, words and small tensors, a few of them in lists.

The general codec (encode, decode) keeps identities, views and aliases, and pays for it with every message.
Here nothing may be shared: `pack` says None where it would be, and the general codec takes over.

    item     a letter, then what it needs; count and order are the whole structure
    n t f    None, True, False         i d  8 bytes         s  size (2), UTF-8
    [ ( {    count (1), then the items; of a dict each key before its value
    T        dtype, number of dimensions, sizes (4 bytes each), the elements in C order
    V        the same with strides (4 bytes each) after the sizes: a slice, a transposed matrix
"""

from __future__ import annotations

import ctypes
import itertools
import operator
import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import torch

from autograder.judge.codec import tables
from autograder.judge.codec.common import CodecError

MAX_ITEMS = 48  # all that is nested counted
MAX_DEPTH = 3
MAX_BYTES = 1 << 15  # of one tensor or word; a longer one is not what this is for
_INT, _FLOAT, _SIZE = struct.Struct("<cq"), struct.Struct("<cd"), struct.Struct("<cH")
_Q, _D, _H = struct.Struct("<q"), struct.Struct("<d"), struct.Struct("<H")
_HEADS = [struct.Struct(f"<cBB{n}I") for n in range(17)]
_SIZES = [struct.Struct(f"<{n}I") for n in range(17)]
_MOST_DIMENSIONS = 8
_NONE, _TRUE, _FALSE, _WORD, _TENSOR, _STRIDED = b"ntfsTV"
_WHOLE, _REAL, _LIST, _TUPLE, _DICT = b"id[({"
_SAME = {None: b"n", True: b"t", False: b"f"}
_OPEN = {list: b"[", tuple: b"(", dict: b"{"}
_ITEMSIZES = [0 if dtype is None else dtype.itemsize for dtype in tables.TORCH_DTYPES]

Span = tuple[int, int]  # the bytes that a tensor covers, and what lies between them


class Came(NamedTuple):
    """A tensor as it was received: `alias` keeps its memory and shape whatever is done to it.

    data: its elements in C order; size: bytes of its memory.
    """

    tensor: torch.Tensor
    alias: torch.Tensor
    data: bytes
    size: int

    def first(self) -> torch.Tensor:
        """Another one just as this one came."""
        now = self.alias
        return _made(now.dtype, tuple(now.shape), now.stride(), self.data, self.size)


class Row(NamedTuple):
    """What `unpack` found: the items; the tensors among them; lists and what was in each; tuples."""

    items: list[object]
    came: list[Came]
    lists: list[tuple[list, tuple]]
    tuples: list[tuple]


def pack(items: Sequence[object], row: Row | None = None, dicts: bool = True) -> bytes | None:
    """The items in a row, or None where this form has no way to say them.

    Args:
        row: what the receiver knows already; a tensor in its memory, or its list, is not for this form.
        dicts: whether there may be any.
    """
    writer = _Writer(row, dicts)
    return b"".join(writer.out) if all(map(writer.put, items)) else None


class _Writer:
    """Writes items one after another; `put` says whether it could."""

    __slots__ = ("_depth", "_dicts", "_left", "_seen", "_spans", "out")

    def __init__(self, row: Row | None, dicts: bool) -> None:
        self.out: list[bytes] = []
        self._dicts, self._left, self._depth = dicts, MAX_ITEMS, 0
        self._spans: list[Span] = []
        self._seen: set[int] = set()  # containers: one that comes twice is not for this form
        if row is not None:
            self._spans += _spans(row.came)
            self._seen.update(map(id, row.tuples))
            self._seen.update([id(items) for items, _ in row.lists])

    def put(self, item: object) -> bool:
        kind, out = type(item), self.out
        self._left -= 1
        if self._left < 0:
            return False
        if kind is torch.Tensor:
            said = _tensor(item, self._spans)
            if said is None:
                return False
            out += said
        elif kind is int:
            if not -(2**63) <= item < 2**63:
                return False
            out.append(_INT.pack(b"i", item))
        elif item is None or kind is bool:
            out.append(_SAME[item])
        elif kind is float:
            out.append(_FLOAT.pack(b"d", item))
        elif kind is str:
            data = item.encode("utf-8", "surrogatepass")
            if len(data) > MAX_BYTES:
                return False
            out += (_SIZE.pack(b"s", len(data)), data)
        elif kind in _OPEN:
            return self._container(item, kind)
        else:
            return False
        return True

    def _container(self, item: list | tuple | dict, kind: type) -> bool:
        if id(item) in self._seen or len(item) > MAX_ITEMS or self._depth >= MAX_DEPTH:
            return False
        if kind is dict and not (self._dicts and all(type(key) in (str, int) for key in item)):
            return False
        self._seen.add(id(item))
        self.out.append(_OPEN[kind] + bytes((len(item),)))
        self._depth += 1
        parts = itertools.chain.from_iterable(item.items()) if kind is dict else item
        done = all(map(self.put, parts))
        self._depth -= 1
        return done


def _tensor(tensor: torch.Tensor, spans: list[Span]) -> tuple[bytes, bytes] | None:
    """Head and elements of a plain tensor with memory of its own; its span is added to `spans`."""
    if (
        tensor.requires_grad
        or not tensor.is_cpu
        or tensor.layout is not torch.strided
        or tensor.is_nested
        or tensor.is_conj()
        or tensor.is_neg()
        or tensor.grad is not None
    ):
        return None
    place, shape = tables.torch_place(tensor.dtype), tensor.shape
    size = tensor.nbytes
    if place is None or not 0 < size <= MAX_BYTES or len(shape) > _MOST_DIMENSIONS:
        return None
    plain = tensor.is_contiguous()
    covered = size if plain else _covered(shape, tensor.stride()) * tensor.element_size()
    if not 0 < covered <= MAX_BYTES:
        return None
    try:
        low = tensor.data_ptr()
        whole = tensor.untyped_storage()
    except RuntimeError:  # a wrapper without memory
        return None
    high = low + covered
    if high > whole.data_ptr() + whole.nbytes():
        return None  # its memory was resized away
    for one, other in spans:
        if low < other and one < high:
            return None
    spans.append((low, high))
    return _written(tensor, place, plain)


def _written(tensor: torch.Tensor, place: int, plain: bool) -> tuple[bytes, bytes]:
    shape = tensor.shape
    if plain:
        head = _HEADS[len(shape)].pack(b"T", place, len(shape), *shape)
    else:
        numbers = (*shape, *tensor.stride())
        head = _HEADS[len(numbers)].pack(b"V", place, len(shape), *numbers)
    return head, _elements(tensor)


def _elements(tensor: torch.Tensor) -> bytes:
    """The elements in C order."""
    row = tensor.detach().contiguous()
    return ctypes.string_at(row.data_ptr(), row.nbytes)


def _covered(shape: Sequence[int], strides: Sequence[int]) -> int:
    """How many elements lie from the first to the last; 0 where two of these may be the same one."""
    covered = 1
    for stride, size in sorted(zip(strides, shape, strict=True)):
        if not 0 <= stride < 2**32:
            return 0
        if size > 1:
            if stride < covered:
                return 0
            covered += (size - 1) * stride
    return covered


def unpack(data: bytes) -> Row:
    """What `pack` wrote. The bytes may be an enemy's.

    Raises:
        CodecError: they are not what `pack` writes.
    """
    reader = _Reader(data)
    items: list[object] = []
    try:
        while reader.at < len(data):
            items.append(reader.item(0))
    except (struct.error, IndexError, UnicodeDecodeError):
        raise CodecError("the message is cut short") from None
    return Row(items, reader.came, reader.lists, reader.tuples)


class _Reader:
    """Reads one item after another."""

    __slots__ = ("_data", "_left", "at", "came", "lists", "tuples")

    def __init__(self, data: bytes) -> None:
        self._data, self.at, self._left = data, 0, MAX_ITEMS
        self.came: list[Came] = []
        self.lists: list[tuple[list, tuple]] = []
        self.tuples: list[tuple] = []

    def item(self, depth: int) -> object:
        data, at = self._data, self.at
        letter = data[at]
        self._left -= 1
        if self._left < 0:
            raise CodecError("the message holds too many values")
        self.at = at = at + 1
        if letter in (_TENSOR, _STRIDED):
            self.at = _received(data, at, letter == _STRIDED, self.came)
            return self.came[-1].tensor
        if letter == _WHOLE:
            self.at += 8
            return _Q.unpack_from(data, at)[0]
        if letter == _NONE:
            return None
        if letter in (_TRUE, _FALSE):
            return letter == _TRUE
        if letter == _REAL:
            self.at += 8
            return _D.unpack_from(data, at)[0]
        if letter == _WORD:
            (size,) = _H.unpack_from(data, at)
            self.at = at = at + 2 + size
            if at > len(data) or size > MAX_BYTES:
                raise CodecError("the message is cut short")
            return str(data[at - size : at], "utf-8", "surrogatepass")
        if letter in (_LIST, _TUPLE, _DICT):
            return self._container(letter, depth + 1)
        raise CodecError(f"the message holds an unknown letter ({letter})")

    def _container(self, letter: int, depth: int) -> object:
        if depth > MAX_DEPTH:
            raise CodecError("the message is nested too deeply")
        count = self._data[self.at]
        self.at += 1
        if letter == _DICT:
            found = {}
            for _ in range(count):
                key = self.item(depth)
                if type(key) not in (str, int):
                    raise CodecError("a key in the message is neither a word nor a number")
                found[key] = self.item(depth)
            return found
        items = [self.item(depth) for _ in range(count)]
        if letter == _TUPLE:
            self.tuples.append(tuple(items))
            return self.tuples[-1]
        self.lists.append((items, tuple(items)))
        return items


def _received(data: bytes, at: int, strided: bool, came: list[Came]) -> int:
    """Makes the tensor whose head begins at `at`; returns where it ends."""
    dtype, dimensions = tables.pick(tables.TORCH_DTYPES, data[at]), data[at + 1]
    if dimensions > _MOST_DIMENSIONS:
        raise CodecError("a tensor in the message has too many dimensions")
    numbers = _SIZES[dimensions * (1 + strided)].unpack_from(data, at + 2)
    shape, strides = numbers[:dimensions], numbers[dimensions:]
    itemsize = _ITEMSIZES[data[at]]
    size = itemsize
    for each in shape:
        size *= each
    at += 2 + 4 * len(numbers)
    content = data[at : at + size]
    if not 0 < size <= MAX_BYTES or len(content) != size:
        raise CodecError("a tensor in the message does not fit its size")
    if dtype is torch.bool and content.translate(None, b"\0\1"):
        raise CodecError("a boolean in the message is neither true nor false")
    covered = _covered(shape, strides) * itemsize if strided else size
    if not size <= covered <= MAX_BYTES:
        raise CodecError("a tensor in the message has strides that do not fit")
    if torch.is_inference_mode_enabled():
        with torch.inference_mode(False):  # else it could never take part in autograd
            tensor = _made(dtype, shape, strides, content, covered)
    else:
        tensor = _made(dtype, shape, strides, content, covered)
    came.append(Came(tensor, tensor.detach(), content, covered))
    return at + size


def _made(
    dtype: torch.dtype, shape: tuple, strides: tuple, content: bytes, covered: int
) -> torch.Tensor:
    row = torch.empty(shape, dtype=dtype, device="cpu")
    ctypes.memmove(row.data_ptr(), content, len(content))
    if not strides:
        return row
    memory = torch.zeros(covered // dtype.itemsize, dtype=dtype, device="cpu")
    tensor = torch.empty(0, dtype=dtype, device="cpu")
    tensor.set_(memory.untyped_storage(), 0, shape, strides)
    return tensor.copy_(row)


def numbers_changed(row: Row) -> list[int] | None:
    """Which received tensors have other numbers now; None where more than numbers was changed."""
    for items, were in row.lists:
        if len(items) != len(were) or any(map(operator.is_not, items, were)):
            return None
    found = []
    for place, (tensor, alias, content, size) in enumerate(row.came):
        if (
            tensor.requires_grad
            or tensor.grad is not None
            or tensor.data_ptr() != alias.data_ptr()
            or tensor.shape != alias.shape
            or tensor.stride() != alias.stride()
            or tensor.dtype is not alias.dtype
            or tensor.is_conj()
            or tensor.is_neg()
            or alias.untyped_storage().nbytes() != size
        ):
            return None
        if _elements(alias) != content:
            found.append(place)
    return found


def numbers(came: Came) -> bytes:
    """A received tensor as an item, with the numbers that it has now."""
    place = tables.torch_place(came.alias.dtype)
    return b"".join(_written(came.alias, place, came.alias.is_contiguous()))


def tensors(items: Iterable[object]) -> Iterator[torch.Tensor]:
    """The tensors among packed items, in the order in which `unpack` finds them."""
    for item in items:
        if type(item) is torch.Tensor:
            yield item
        elif type(item) in (list, tuple):
            yield from tensors(item)


def _spans(came: Sequence[Came]) -> list[Span]:
    """The memory of received tensors."""
    return [(start := each.alias.data_ptr(), start + each.size) for each in came]

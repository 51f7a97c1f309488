"""A short form for what most calls carry: a few numbers, words and small tensors, nothing nested.

The general codec (encode, decode) keeps identities, views and aliases, and pays for it with every message.
Here nothing may be shared: `pack` says None where it would be, and the general codec takes over.

    item   a letter, then what it needs; count and order are the whole structure
    n t f  None, True, False         i d  8 bytes         s  size (2), UTF-8
    T      dtype, number of dimensions, sizes (4 bytes each), the elements in C order
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch

from autograder.judge.codec import tables
from autograder.judge.codec.common import CodecError

MAX_ITEMS = 16
MAX_BYTES = 1 << 15  # of one tensor or word; a longer one is not what this is for
_INT, _FLOAT, _SIZE = struct.Struct("<cq"), struct.Struct("<cd"), struct.Struct("<cH")
_Q, _D, _H = struct.Struct("<q"), struct.Struct("<d"), struct.Struct("<H")
_HEADS = [struct.Struct(f"<cBB{n}I") for n in range(9)]
_SIZES = [struct.Struct(f"<{n}I") for n in range(9)]
_NONE, _TRUE, _FALSE, _WORD, _TENSOR = b"ntfsT"
_WHOLE, _REAL = b"id"
_SAME = {None: b"n", True: b"t", False: b"f"}
_ITEMSIZES = [0 if dtype is None else dtype.itemsize for dtype in tables.TORCH_DTYPES]

Span = tuple[int, int]  # the bytes that a tensor covers


class Came(NamedTuple):
    """A tensor as it was received: `alias` keeps its memory and shape whatever is done to it."""

    tensor: torch.Tensor
    alias: torch.Tensor
    data: bytes


def pack(items: Sequence[object], taken: Iterable[Span] = ()) -> bytes | None:
    """The items in a row, or None where this form has no way to say them.

    Args:
        taken: memory that the receiver knows already; a tensor in it is not for this form.
    """
    if len(items) > MAX_ITEMS:
        return None
    out, spans = [], list(taken)
    for item in items:
        kind = type(item)
        if kind is torch.Tensor:
            said = _tensor(item, spans)
            if said is None:
                return None
            out += said
        elif kind is int:
            if not -(2**63) <= item < 2**63:
                return None
            out.append(_INT.pack(b"i", item))
        elif item is None or kind is bool:
            out.append(_SAME[item])
        elif kind is float:
            out.append(_FLOAT.pack(b"d", item))
        elif kind is str:
            data = item.encode("utf-8", "surrogatepass")
            if len(data) > MAX_BYTES:
                return None
            out += (_SIZE.pack(b"s", len(data)), data)
        else:
            return None
    return b"".join(out)


def _tensor(tensor: torch.Tensor, spans: list[Span]) -> tuple[bytes, bytes] | None:
    """Head and elements of a plain tensor with memory of its own; its span is added to `spans`."""
    if (
        tensor.requires_grad
        or not tensor.is_cpu
        or tensor.layout is not torch.strided
        or tensor.is_nested
        or not tensor.is_contiguous()
        or tensor.is_conj()
        or tensor.is_neg()
        or tensor.grad is not None
    ):
        return None
    place, shape = tables.torch_place(tensor.dtype), tensor.shape
    size = tensor.nbytes
    if place is None or not 0 < size <= MAX_BYTES or len(shape) >= len(_HEADS):
        return None
    try:
        low = tensor.data_ptr()
        whole = tensor.untyped_storage()
    except RuntimeError:  # a wrapper without memory
        return None
    high = low + size
    if high > whole.data_ptr() + whole.nbytes():
        return None  # its memory was resized away
    for one, other in spans:
        if low < other and one < high:
            return None
    spans.append((low, high))
    return _HEADS[len(shape)].pack(b"T", place, len(shape), *shape), ctypes.string_at(low, size)


def unpack(data: bytes) -> tuple[list[object], list[Came]]:
    """What `pack` wrote, and of its tensors what `touched` needs. The bytes may be an enemy's.

    Raises:
        CodecError: they are not what `pack` writes.
    """
    items: list[object] = []
    came: list[Came] = []
    at, end = 0, len(data)
    try:
        while at < end:
            letter = data[at]
            at += 1
            if letter == _TENSOR:
                at = _received(data, at, came)
                items.append(came[-1].tensor)
            elif letter == _WHOLE:
                items.append(_Q.unpack_from(data, at)[0])
                at += 8
            elif letter == _NONE:
                items.append(None)
            elif letter in (_TRUE, _FALSE):
                items.append(letter == _TRUE)
            elif letter == _REAL:
                items.append(_D.unpack_from(data, at)[0])
                at += 8
            elif letter == _WORD:
                (size,) = _H.unpack_from(data, at)
                at += 2 + size
                if at > end or size > MAX_BYTES:
                    raise CodecError("the message is cut short")
                items.append(str(data[at - size : at], "utf-8", "surrogatepass"))
            else:
                raise CodecError(f"the message holds an unknown letter ({letter})")
            if len(items) > MAX_ITEMS:
                raise CodecError("the message holds too many values")
    except (struct.error, IndexError, UnicodeDecodeError):
        raise CodecError("the message is cut short") from None
    return items, came


def _received(data: bytes, at: int, came: list[Came]) -> int:
    """Makes the tensor whose head begins at `at`; returns where it ends."""
    dtype, dimensions = tables.pick(tables.TORCH_DTYPES, data[at]), data[at + 1]
    if dimensions >= len(_SIZES):
        raise CodecError("a tensor in the message has too many dimensions")
    shape = _SIZES[dimensions].unpack_from(data, at + 2)
    size = _ITEMSIZES[data[at]]
    for each in shape:
        size *= each
    at += 2 + 4 * dimensions
    content = data[at : at + size]
    if not 0 < size <= MAX_BYTES or len(content) != size:
        raise CodecError("a tensor in the message does not fit its size")
    if dtype is torch.bool and content.translate(None, b"\0\1"):
        raise CodecError("a boolean in the message is neither true nor false")
    if torch.is_inference_mode_enabled():
        with torch.inference_mode(False):  # else it could never take part in autograd
            tensor = torch.empty(shape, dtype=dtype, device="cpu")
    else:
        tensor = torch.empty(shape, dtype=dtype, device="cpu")
    ctypes.memmove(tensor.data_ptr(), content, size)
    came.append(Came(tensor, tensor.detach(), content))
    return at + size


def touched(came: Sequence[Came]) -> bool:
    """Whether anything of the received tensors is not as it came."""
    for tensor, alias, content in came:
        address = alias.data_ptr()
        if (
            tensor.requires_grad
            or tensor.grad is not None
            or tensor.data_ptr() != address
            or tensor.shape != alias.shape
            or tensor.dtype is not alias.dtype
            or not tensor.is_contiguous()
            or alias.untyped_storage().nbytes() != len(content)
            or ctypes.string_at(address, len(content)) != content
        ):
            return True
    return False


def spans(came: Sequence[Came]) -> list[Span]:
    """The memory of the received tensors."""
    return [(each.alias.data_ptr(), each.alias.data_ptr() + len(each.data)) for each in came]

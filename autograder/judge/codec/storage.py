"""The table of views at the head of a message: how it is read, and what is made of it."""

from __future__ import annotations

import collections
import ctypes
from dataclasses import dataclass

import numpy as np
import torch

from autograder.judge.codec import tables, wire
from autograder.judge.codec.common import CodecError, Limits
from autograder.judge.codec.known import Known
from autograder.judge.codec.memory import (
    Regions,
    View,
    array_view,
    bytes_at,
    content,
    extent,
    in_c_order,
    tensor_view,
)
from autograder.judge.codec.wire import ARRAY, MAX_DIMENSIONS, TENSOR, Reader

MAX_STRIDE = 2**40


@dataclass(slots=True)
class _Entry:
    """One view: which storage or known object (`place`), and where its first element is in it."""

    kind: int
    dtype: torch.dtype | np.dtype
    known: bool
    place: int
    offset: int
    view: View  # as if its storage, or its known object, began at address 0
    alone: bool = False  # a tensor in C order that has a storage to itself, and fills it


class Table:
    """Checked at once when made; tensors and arrays are then taken from it one after another.

    Raises:
        CodecError: a view looks outside of its storage, or the whole would be larger than allowed.
    """

    def __init__(self, reader: Reader, limits: Limits, known: Known | None) -> None:
        self._known = known
        self._found: Regions | None = None
        most = limits.max_items // wire.HEAVY
        self._sizes = [reader.uint() for _ in range(_at_most(reader.count(), most))]
        self._entries: list[_Entry] = []
        self._next = 0
        self._buffers: dict[int, np.ndarray | torch.Tensor] = {}
        total = volume = numbers = 0
        for _ in range(_at_most(reader.count(each=wire.VIEW.size), most)):
            entry, count = self._entry(reader)
            self._entries.append(entry)
            total += count
            volume += count * entry.view.itemsize
            if total > limits.max_tensor_elements or volume > limits.max_bytes:
                raise CodecError("the tensors and arrays of the message are too large")
            numbers += wire.HEAVY + 2 * len(entry.view.shape)
            _at_most(numbers, limits.max_items)
        users = collections.Counter(each.place for each in self._entries if not each.known)
        for entry in self._entries:
            entry.alone = (
                entry.kind == TENSOR
                and not entry.known
                and users[entry.place] == 1
                and entry.view.low == 0 < entry.view.high == self._sizes[entry.place]
                and in_c_order(entry.view)
            )
        # Storages that a tensor looks into belong to torch: such a tensor can be resized.
        self._torch_owned = {
            entry.place for entry in self._entries if entry.kind == TENSOR and not entry.known
        }

    def _entry(self, reader: Reader) -> tuple[_Entry, int]:
        kind, dtype, dimensions, storage, offset, layout = wire.VIEW.unpack(
            reader.take(wire.VIEW.size)
        )
        if kind not in (TENSOR, ARRAY):
            raise CodecError("the message holds a view of an unknown kind")
        dtype = tables.pick(tables.TORCH_DTYPES if kind == TENSOR else tables.NUMPY_DTYPES, dtype)
        known, place = bool(storage & 1), storage >> 1
        if dimensions > MAX_DIMENSIONS:
            raise CodecError("a tensor in the message has too many dimensions")
        numbers = wire.NUMBERS_OF_VIEW[dimensions].unpack(reader.take(16 * dimensions))
        shape, strides = numbers[:dimensions], numbers[dimensions:]
        itemsize = dtype.itemsize
        count = 1
        for size, stride in zip(shape, strides, strict=True):
            if size < 0:
                raise CodecError("a tensor in the message has a negative size")
            count *= size or 1
            if not -MAX_STRIDE <= stride <= MAX_STRIDE:
                raise CodecError("a tensor in the message has a stride that cannot be")
            if kind == TENSOR and stride < 0:
                raise CodecError("a tensor in the message has a negative stride")
            if kind == TENSOR and stride % itemsize:
                raise CodecError("a tensor in the message is not aligned")
        low, high = extent(offset, itemsize, shape, strides)
        view = View(offset, itemsize, shape, strides, low, high, None)
        if known:
            self._check_known(place, view, layout)
        elif place >= len(self._sizes) or low < 0 or high > self._sizes[place]:
            raise CodecError("a tensor in the message lies outside of its memory")
        return _Entry(kind, dtype, known, place, offset, view), count

    @property
    def _regions(self) -> Regions:
        """The memory of the known objects, looked up when a view first needs it."""
        if self._known is None:
            raise CodecError("the message looks into an argument, but there are none")
        if self._found is None:
            self._found = self._known.regions()
        return self._found

    def _check_known(self, place: int, view: View, layout: int) -> None:
        """A view into an argument may touch that argument's elements and nothing between them."""
        whole = self._regions.views.get(place)
        if whole is None:
            raise CodecError("the message looks into an argument that has no memory")
        if layout != whole.layout:
            raise CodecError("an argument does not lie in memory as it does on the other side")
        start = whole.address
        moved = View(
            view.address + start, view.itemsize, view.shape, view.strides,
            view.low + start, view.high + start, None,
        )  # fmt: skip
        if view.empty or not self._regions.covers(place, moved):
            raise CodecError("the message looks outside of an argument")

    def attach(self, reader: Reader) -> None:
        """Takes the storages' bytes off the end of the message."""
        total = sum(self._sizes)
        if total > reader.left:
            raise CodecError("the message is cut short")
        start = reader.end - total
        self._chunks = []
        for size in self._sizes:
            self._chunks.append(reader.data[start : start + size])
            start += size
        reader.end -= total

    @property
    def left(self) -> int:
        """Views that nothing has taken yet."""
        return len(self._entries) - self._next

    def _take(self, kind: int) -> _Entry:
        if not self.left or self._entries[self._next].kind != kind:
            raise CodecError("the message does not describe one of its tensors or arrays")
        self._next += 1
        return self._entries[self._next - 1]

    # Tensors

    def tensor(self, flags: int) -> torch.Tensor:
        """The next view as a tensor; `flags` as in wire.py."""
        entry = self._take(TENSOR)
        if flags >= 2 * wire.GRAD:
            raise CodecError("the message holds an unknown kind of tensor")
        if torch.is_inference_mode_enabled():
            with torch.inference_mode(False):  # else it could never take part in autograd
                tensor = self._plain(entry)
        else:
            tensor = self._plain(entry)
        if entry.dtype is torch.bool:
            _check_bool(content(tensor_view(tensor)))
        differentiable = entry.dtype.is_floating_point or entry.dtype.is_complex
        if flags & wire.CONJ:
            if not entry.dtype.is_complex:
                raise CodecError("a tensor in the message is conjugated but not complex")
            tensor = torch._conj(tensor)
        if flags & wire.NEG:
            if entry.dtype is torch.bool:
                raise CodecError("a tensor in the message is negated but boolean")
            tensor = torch._neg_view(tensor)
        wanted = bool(flags & wire.REQUIRES_GRAD)
        if wanted and not differentiable:
            raise CodecError("a tensor in the message cannot require a gradient")
        if flags & wire.PARAMETER:
            return torch.nn.Parameter(tensor, wanted)
        return tensor.requires_grad_() if wanted else tensor

    def _plain(self, entry: _Entry) -> torch.Tensor:
        view, itemsize = entry.view, entry.view.itemsize
        if entry.alone:
            tensor = torch.empty(view.shape, dtype=entry.dtype, device="cpu")
            ctypes.memmove(tensor.data_ptr(), bytes(self._chunks[entry.place]), view.high)
            return tensor
        storage, start = self._torch_storage(entry)
        if start % itemsize:
            raise CodecError("a tensor in the message is not aligned")
        strides = [stride // itemsize for stride in entry.view.strides]
        empty = torch.empty(0, dtype=entry.dtype, device="cpu")
        return empty.set_(storage, start // itemsize, entry.view.shape, strides)

    def _torch_storage(self, entry: _Entry) -> tuple[torch.UntypedStorage, int]:
        """The storage that a tensor looks into, and its first byte in it."""
        if not entry.known:
            buffer = self._torch_buffer(entry.place)
            return buffer.untyped_storage(), entry.offset
        anchor = self._known.anchors[entry.place]
        if isinstance(anchor, torch.Tensor):
            return (
                anchor.untyped_storage(),
                anchor.storage_offset() * anchor.element_size() + entry.offset,
            )
        whole = self._regions.views[entry.place]
        memory = bytes_at(whole.low, whole.high - whole.low, anchor)
        if not anchor.flags.writeable:  # torch knows no read-only tensor
            memory = memory.copy()
        return torch.from_numpy(memory).untyped_storage(), whole.address - whole.low + entry.offset

    def _torch_buffer(self, place: int) -> torch.Tensor:
        if place not in self._buffers:
            size = self._sizes[place]
            buffer = torch.empty(size, dtype=torch.uint8, device="cpu")
            # Not through .numpy(): that would forbid to resize the storage ever after.
            ctypes.memmove(buffer.data_ptr(), bytes(self._chunks[place]), size)
            self._buffers[place] = buffer
        return self._buffers[place]

    # Arrays

    def array(self, flags: int) -> np.ndarray:
        """The next view as an array; `flags` as in wire.py."""
        entry = self._take(ARRAY)
        if flags > wire.READ_ONLY + wire.SWAPPED:
            raise CodecError("the message holds an unknown kind of array")
        buffer, start = self._numpy_buffer(entry)
        dtype = entry.dtype.newbyteorder() if flags & wire.SWAPPED else entry.dtype
        view = entry.view
        array = np.ndarray(view.shape, dtype, buffer, start, view.strides)
        if dtype.kind == "b":
            _check_bool(content(array_view(array)))
        if flags & wire.READ_ONLY:
            array.flags.writeable = False
        return array

    def _numpy_buffer(self, entry: _Entry) -> tuple[np.ndarray, int]:
        """Bytes that an array looks into, and its first element's place in them."""
        if not entry.known:
            if entry.place in self._torch_owned:
                return self._torch_buffer(entry.place).numpy(), entry.offset
            if entry.place not in self._buffers:
                self._buffers[entry.place] = np.frombuffer(
                    self._chunks[entry.place], np.uint8
                ).copy()
            return self._buffers[entry.place], entry.offset
        anchor, whole = self._known.anchors[entry.place], self._regions.views[entry.place]
        start = whole.address - whole.low + entry.offset
        size = whole.high - whole.low
        if isinstance(anchor, torch.Tensor):
            first = anchor.storage_offset() * anchor.element_size()
            flat = torch.empty(0, dtype=torch.uint8, device="cpu")
            flat.set_(anchor.untyped_storage(), first, (size,), (1,))
            return flat.numpy(), start
        memory = bytes_at(whole.low, size, anchor)
        if not anchor.flags.writeable:
            memory.flags.writeable = False
        return memory, start


def _check_bool(data: bytes) -> None:
    """A boolean of another byte than 0 or 1 could equal neither, or both: refused."""
    if data.translate(None, b"\0\1"):
        raise CodecError("a boolean in the message is neither true nor false")


def _at_most(count: int, most: int) -> int:
    if count > most:
        raise CodecError("the message holds too many tensors and arrays")
    return count

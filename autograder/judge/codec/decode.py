"""Bytes → values, where the bytes may come from an enemy.

Nothing is looked up by a received name and nothing received is called. Every count, size, offset and
stride is checked before memory is taken; nesting costs no Python recursion.
"""

from __future__ import annotations

import collections
import struct
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch

from autograder.judge.codec import tables, wire
from autograder.judge.codec.common import CodecError, Limits, Ref
from autograder.judge.codec.known import Known
from autograder.judge.codec.records import MAX_FIELDS, MAX_NAME, record_type
from autograder.judge.codec.storage import Table
from autograder.judge.codec.wire import Reader, Tag

MAX_GENERATOR = 2**16  # bytes; torch's state for the CPU has 5,056
MAX_SAME_HASH = 128  # keys of one set or dict: more is an attack on its table

_OPEN = object()  # in the place of a value that is still being read


class _Frame:
    """A container whose children are being read."""

    __slots__ = ("extra", "height", "items", "need", "place", "tag", "weight")

    def __init__(self, tag: int, need: int, place: int, extra: object, weight: int) -> None:
        self.tag = tag
        self.need = need
        self.place = place
        self.extra = extra
        self.weight = weight
        self.height = 0
        self.items: list[object] = []


class Decoder:
    """Reads one message; see `decode`."""

    def __init__(
        self,
        data: memoryview,
        from_ref: Callable[[Ref], object],
        limits: Limits,
        known: Known | None,
    ) -> None:
        if len(data) > limits.max_bytes:
            raise CodecError("the message is too large")
        self._from_ref = from_ref
        self._limits = limits
        self._known = known
        self._reader = Reader(data)
        self._frames: list[_Frame] = []
        self._places: list[object] = []
        self._sizes: list[tuple[int, int]] = []  # height and weight, as `_places`
        self._items = 0
        self._record_types: set[tuple] = set()

    def decode(self) -> object:
        """The value of the message."""
        reader = self._reader
        magic = wire.MAGIC if self._known is None else wire.MAGIC_KNOWN
        if bytes(reader.take(len(magic))) != magic:
            raise CodecError(f"this is no message of version {wire.VERSION} of this kind")
        self._table = Table(reader, self._limits, self._known)
        if self._known is not None:
            (digest,) = struct.unpack("<I", reader.take(4))
            if digest != self._known.digest:
                raise CodecError("the two sides do not hold the same arguments")
        self._table.attach(reader)
        result: object = _OPEN
        while result is _OPEN:
            result = self._value()
        if reader.left or self._table.left:
            raise CodecError("the message goes on behind its value")
        return result

    # The tree that is being read

    def _value(self) -> object:
        """Reads one value or opens one container; the whole when that was the last, else _OPEN."""
        tag = self._reader.byte()
        read = _READERS.get(tag)
        if read is None:
            raise CodecError(f"the message holds an unknown tag ({tag})")
        return read(self, tag)

    def _give(self, value: object, height: int = 0, weight: int = 1) -> object:
        """Hands a finished value to the container that waits for it."""
        self._weigh(weight)
        return self._hand(value, height, weight)

    def _hand(self, value: object, height: int, weight: int) -> object:
        while self._frames:
            frame = self._frames[-1]
            frame.items.append(value)
            frame.height = max(frame.height, height)
            frame.weight += weight
            if len(frame.items) < frame.need:
                return _OPEN
            self._frames.pop()
            value, height, weight = self._finish(frame)
        return value

    def _weigh(self, weight: int) -> None:
        self._items += weight
        if self._items > self._limits.max_items:
            raise CodecError("the message holds too many values")

    def _leaf(self, value: object, weight: int = 1) -> object:
        """Hands on a value without children that has a place."""
        self._places.append(value)
        self._sizes.append((0, weight))
        return self._give(value, 0, weight)

    def _open(
        self, tag: int, need: int, value: object = _OPEN, extra: object = None, weight: int = 1
    ) -> object:
        """Opens a container; `value` is what an alias from inside it finds."""
        self._weigh(weight)
        if len(self._frames) >= self._limits.max_depth:
            raise CodecError("the message is nested too deeply")
        frame = _Frame(tag, need, len(self._places), extra, weight)
        self._places.append(value)
        self._sizes.append((0, 1))
        if need:
            self._frames.append(frame)
            return _OPEN
        return self._hand(*self._finish(frame))

    def _finish(self, frame: _Frame) -> tuple[object, int, int]:
        value = _FINISHERS[frame.tag](self, frame, self._places[frame.place])
        self._places[frame.place] = value
        self._sizes[frame.place] = (frame.height + 1, frame.weight)
        return value, frame.height + 1, frame.weight

    def _children(self, each: int = 1) -> int:
        """How many values follow, in pairs (`each` = 2) or alone."""
        return self._reader.count(each) * each

    # Scalars

    def _constant(self, tag: int) -> object:
        return self._give(_CONSTANTS[tag])

    def _int(self, tag: int) -> object:
        return self._give(self._reader.sint())

    def _big(self, tag: int) -> object:
        data = self._reader.take(self._reader.count())
        value = int.from_bytes(data, "little", signed=True)
        return self._give(value, 0, 1 + len(data) // wire.CHARACTERS)

    def _float(self, tag: int) -> object:
        return self._give(self._reader.numbers(1)[0])

    def _complex(self, tag: int) -> object:
        return self._give(complex(*self._reader.numbers(2)))

    def _text(self, tag: int) -> object:
        data = self._reader.take(self._reader.count())
        value = wire.to_text(data) if tag == Tag.STR else bytes(data)
        weight = 1 + len(data) // wire.CHARACTERS
        return self._give(value) if len(data) < wire.SHORT else self._leaf(value, weight)

    def _word(self, tag: int) -> object:
        return self._give(tables.pick(tables.WORDS, self._reader.byte()))

    def _bytearray(self, tag: int) -> object:
        value = bytearray(self._reader.take(self._reader.count()))
        return self._leaf(value, 1 + len(value) // wire.CHARACTERS)

    def _alias(self, tag: int) -> object:
        place = self._reader.uint()
        if place >= len(self._places):
            raise CodecError("the message refers to a value that it does not hold")
        value = self._places[place]
        if value is _OPEN:
            raise CodecError("a value in the message contains itself")
        height, weight = self._sizes[place]
        if len(self._frames) + height > self._limits.max_depth:
            raise CodecError("the message is nested too deeply")
        return self._give(value, height, weight)

    def _known_object(self, tag: int) -> object:
        place = self._reader.uint()
        if self._known is None or place >= len(self._known.objects):
            raise CodecError("the message refers to an argument that does not exist")
        return self._give(self._known.objects[place], 0, wire.NEW_RECORD)

    # Small objects of torch and numpy

    def _size(self, tag: int) -> object:
        count = self._reader.count()
        if count > wire.MAX_SIZE:
            raise CodecError("a torch.Size in the message is too long")
        sizes = [self._reader.sint() for _ in range(count)]
        return self._give(torch.Size(sizes), 0, wire.HEAVY + count)

    def _named(self, tag: int) -> object:
        return self._give(tables.pick(_TABLES[tag], self._reader.byte()), 0, wire.HEAVY)

    def _device(self, tag: int) -> object:
        kind, index = tables.pick(tables.DEVICES, self._reader.byte()), self._reader.byte()
        if index > 127:
            raise CodecError("a device in the message does not exist")
        device = torch.device(kind, index - 1) if index else torch.device(kind)
        return self._give(device, 0, wire.HEAVY)

    def _numpy_dtype(self, tag: int) -> object:
        dtype = tables.pick(tables.NUMPY_DTYPES, self._reader.byte())
        if self._reader.byte():
            dtype = dtype.newbyteorder()
        return self._give(dtype, 0, wire.HEAVY)

    def _numpy_type(self, tag: int) -> object:
        dtype = tables.pick(tables.NUMPY_DTYPES, self._reader.byte())
        return self._give(dtype.type, 0, wire.HEAVY)

    def _numpy_scalar(self, tag: int) -> object:
        dtype = tables.pick(tables.NUMPY_DTYPES, self._reader.byte())
        data = self._reader.take(dtype.itemsize)
        if dtype.kind == "b" and data[0] > 1:
            raise CodecError("a boolean in the message is neither true nor false")
        return self._give(np.frombuffer(data, dtype)[0], 0, wire.HEAVY)

    def _generator(self, tag: int) -> object:
        data = self._reader.take(self._reader.count())
        if len(data) > MAX_GENERATOR:
            raise CodecError("a generator's state in the message is too large")
        generator = torch.Generator()
        set_state(generator, bytes(data))
        return self._leaf(generator, wire.GENERATOR)

    # Containers

    def _list(self, tag: int) -> object:
        return self._open(tag, self._children(), [])

    def _packed(self, tag: int) -> object:
        kind, code = _PACKED[tag]
        count = self._reader.count(each=8)
        weight = 1 + count // wire.NUMBERS
        self._weigh(weight)
        if len(self._frames) + 1 > self._limits.max_depth:
            raise CodecError("the message is nested too deeply")
        value = kind(self._reader.numbers(count, code))
        self._places.append(value)
        self._sizes.append((1, weight))
        return self._hand(value, 1, weight)

    def _frozen(self, tag: int) -> object:
        return self._open(tag, self._children())

    def _set(self, tag: int) -> object:
        return self._open(tag, self._children(), set())

    def _deque(self, tag: int) -> object:
        longest = self._reader.uint()
        if longest > 2**63:
            raise CodecError("a deque in the message is too long")
        count = self._children()
        if longest and count >= longest:
            raise CodecError("a deque in the message is longer than it may be")
        return self._open(tag, count, collections.deque((), longest - 1 if longest else None))

    def _dict(self, tag: int) -> object:
        if tag == Tag.DEFAULT_DICT:
            made: dict = collections.defaultdict(tables.pick(tables.FACTORIES, self._reader.byte()))
        elif tag == Tag.ORDERED_DICT:
            made = collections.OrderedDict()
        else:
            made = collections.Counter() if tag == Tag.COUNTER else {}
        return self._open(tag, self._children(2), made)

    def _record(self, tag: int) -> object:
        name = self._reader.name(MAX_NAME)
        count = self._children()
        if count > MAX_FIELDS:
            raise CodecError("a namedtuple in the message has too many fields")
        fields = tuple(self._reader.name(MAX_NAME) for _ in range(count))
        self._record_types.add((name, fields))
        if len(self._record_types) > MAX_FIELDS:
            raise CodecError("the message holds too many types of namedtuples")
        return self._open(tag, count, extra=record_type(name, fields), weight=wire.NEW_RECORD)

    def _parts(self, tag: int) -> object:
        return self._open(tag, 3)

    def _ref(self, tag: int) -> object:
        kind = self._reader.name(MAX_NAME)
        return self._open(tag, 1, extra=(kind, self._reader.sint()), weight=wire.HEAVY)

    def _tensor(self, tag: int) -> object:
        flags = self._reader.byte()
        tensor = self._table.tensor(flags)
        need = 1 if flags & wire.GRAD else 0
        return self._open(tag, need, extra=tensor, weight=wire.HEAVY)

    def _array(self, tag: int) -> object:
        return self._leaf(self._table.array(self._reader.byte()), wire.HEAVY)

    # … and what becomes of them when their last child is there

    def _finish_list(self, frame: _Frame, value: list) -> object:
        value.extend(frame.items)
        return value

    def _finish_tuple(self, frame: _Frame, value: object) -> object:
        return tuple(frame.items)

    def _finish_record(self, frame: _Frame, value: object) -> object:
        return tuple.__new__(frame.extra, frame.items)

    def _finish_set(self, frame: _Frame, value: object) -> object:
        _check_hashes(frame.items)
        if frame.tag == Tag.FROZENSET:
            value = frozenset(frame.items)
        else:
            value.update(frame.items)
        if len(value) != len(frame.items):
            raise CodecError("a set in the message holds a value twice")
        return value

    def _finish_dict(self, frame: _Frame, value: dict) -> object:
        keys = frame.items[::2]
        _check_hashes(keys)
        # Not `update`: a Counter's would add up.
        for key, item in zip(keys, frame.items[1::2], strict=True):
            value[key] = item
        if len(value) != len(keys):
            raise CodecError("a dict in the message holds a key twice")
        return value

    def _finish_parts(self, frame: _Frame, value: object) -> object:
        if frame.tag == Tag.SLICE:
            return slice(*frame.items)
        if any(type(item) is not int for item in frame.items) or frame.items[2] == 0:
            raise CodecError("a range in the message is not made of integers")
        return range(*frame.items)

    def _finish_ref(self, frame: _Frame, value: object) -> object:
        (meta,) = frame.items
        if type(meta) is not dict:
            raise CodecError("a reference in the message does not say what it is")
        ref = Ref(*frame.extra, meta)
        try:
            return self._from_ref(ref)
        except CodecError:
            raise
        except Exception as error:  # an unknown id, say: whose fault that is, the cause tells
            raise CodecError(
                f"a reference in the message leads nowhere ({type(error).__name__})"
            ) from error

    def _finish_tensor(self, frame: _Frame, value: object) -> object:
        tensor = frame.extra
        if frame.items:
            grad = frame.items[0]
            if not isinstance(grad, torch.Tensor) or grad.shape != tensor.shape:
                raise CodecError("a gradient in the message does not fit its tensor")
            tensor.grad = grad
        return tensor


def _check_hashes(keys: list[object]) -> None:
    """Refuses keys made to collide, which would cost the square of their number."""
    hashes = sorted(map(hash, keys))
    run = 1
    for one, other in pairwise(hashes):
        run = run + 1 if one == other else 1
        if run > MAX_SAME_HASH:
            raise CodecError("too many keys in the message share a hash")


def set_state(generator: torch.Generator, state: bytes) -> None:
    """Gives a generator a state; torch itself checks that it is one."""
    try:
        generator.set_state(torch.frombuffer(bytearray(state), dtype=torch.uint8))
    except (RuntimeError, TypeError, ValueError):  # ValueError: no bytes at all
        raise CodecError("a generator's state in the message is none") from None


_CONSTANTS = {Tag.NONE: None, Tag.TRUE: True, Tag.FALSE: False, Tag.ELLIPSIS: Ellipsis}
_TABLES = {
    Tag.TORCH_DTYPE: tables.TORCH_DTYPES,
    Tag.LAYOUT: tables.LAYOUTS,
    Tag.MEMORY_FORMAT: tables.MEMORY_FORMATS,
}
_PACKED: dict[int, tuple[type, str]] = {
    Tag.LIST_OF_INT: (list, "q"),
    Tag.TUPLE_OF_INT: (tuple, "q"),
    Tag.LIST_OF_FLOAT: (list, "d"),
    Tag.TUPLE_OF_FLOAT: (tuple, "d"),
}
_READERS: dict[int, Callable[[Decoder, int], object]] = {
    Tag.NONE: Decoder._constant,
    Tag.TRUE: Decoder._constant,
    Tag.FALSE: Decoder._constant,
    Tag.ELLIPSIS: Decoder._constant,
    Tag.INT: Decoder._int,
    Tag.BIGINT: Decoder._big,
    Tag.FLOAT: Decoder._float,
    Tag.COMPLEX: Decoder._complex,
    Tag.STR: Decoder._text,
    Tag.WORD: Decoder._word,
    Tag.BYTES: Decoder._text,
    Tag.BYTEARRAY: Decoder._bytearray,
    Tag.LIST: Decoder._list,
    Tag.TUPLE: Decoder._frozen,
    Tag.RECORD: Decoder._record,
    Tag.SET: Decoder._set,
    Tag.FROZENSET: Decoder._frozen,
    Tag.DICT: Decoder._dict,
    Tag.ORDERED_DICT: Decoder._dict,
    Tag.COUNTER: Decoder._dict,
    Tag.DEFAULT_DICT: Decoder._dict,
    Tag.DEQUE: Decoder._deque,
    Tag.SLICE: Decoder._parts,
    Tag.RANGE: Decoder._parts,
    Tag.SIZE: Decoder._size,
    Tag.TORCH_DTYPE: Decoder._named,
    Tag.DEVICE: Decoder._device,
    Tag.LAYOUT: Decoder._named,
    Tag.MEMORY_FORMAT: Decoder._named,
    Tag.NUMPY_DTYPE: Decoder._numpy_dtype,
    Tag.NUMPY_TYPE: Decoder._numpy_type,
    Tag.NUMPY_SCALAR: Decoder._numpy_scalar,
    Tag.TENSOR: Decoder._tensor,
    Tag.ARRAY: Decoder._array,
    Tag.GENERATOR: Decoder._generator,
    Tag.REF: Decoder._ref,
    Tag.ALIAS: Decoder._alias,
    Tag.KNOWN: Decoder._known_object,
    Tag.LIST_OF_INT: Decoder._packed,
    Tag.TUPLE_OF_INT: Decoder._packed,
    Tag.LIST_OF_FLOAT: Decoder._packed,
    Tag.TUPLE_OF_FLOAT: Decoder._packed,
}
_FINISHERS: dict[int, Callable[[Decoder, _Frame, object], object]] = {
    Tag.LIST: Decoder._finish_list,
    Tag.DEQUE: Decoder._finish_list,
    Tag.TUPLE: Decoder._finish_tuple,
    Tag.RECORD: Decoder._finish_record,
    Tag.SET: Decoder._finish_set,
    Tag.FROZENSET: Decoder._finish_set,
    Tag.DICT: Decoder._finish_dict,
    Tag.ORDERED_DICT: Decoder._finish_dict,
    Tag.COUNTER: Decoder._finish_dict,
    Tag.DEFAULT_DICT: Decoder._finish_dict,
    Tag.SLICE: Decoder._finish_parts,
    Tag.RANGE: Decoder._finish_parts,
    Tag.REF: Decoder._finish_ref,
    Tag.TENSOR: Decoder._finish_tensor,
}

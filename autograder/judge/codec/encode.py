"""Values → bytes. Trusts no method of a value: exact types, and torch's base class underneath."""

from __future__ import annotations

import collections
import struct
from collections.abc import Callable, Sequence
from types import EllipsisType, NoneType

import numpy as np
import torch

from autograder.judge.codec import tables, wire
from autograder.judge.codec.common import CodecError, Limits, Ref
from autograder.judge.codec.known import Known
from autograder.judge.codec.memory import View, array_view
from autograder.judge.codec.records import MAX_FIELDS, MAX_NAME, fields_of
from autograder.judge.codec.tensors import dense, grad_of, is_leaf, is_tensor, requires_grad
from autograder.judge.codec.views import ViewWriter
from autograder.judge.codec.wire import Tag, put_bytes, put_sint, put_text, put_uint

# As plain numbers: an enum's member is looked up in its class first.
_INT, _STR, _BYTES, _LIST, _TUPLE = map(int, (Tag.INT, Tag.STR, Tag.BYTES, Tag.LIST, Tag.TUPLE))
_TENSOR, _ALIAS, _KNOWN, _WORD = map(int, (Tag.TENSOR, Tag.ALIAS, Tag.KNOWN, Tag.WORD))


class _Frame:
    """A container whose children are being written."""

    __slots__ = ("children", "count", "height", "names", "next", "owner", "start")

    def __init__(self, owner: object, children: Sequence, names: Sequence[str] | None, start: int):
        self.owner = owner
        self.children = children  # of a dict keys and values in turn
        self.names = names  # of attributes
        self.count = len(children)
        self.next = 0
        self.height = 0
        self.start = start  # what the message weighed before this container

    def label(self) -> str:
        """Where the child that was taken last stands, as a path is written."""
        place = self.next - 1
        if self.names is not None:
            return f".{self.names[place]}"
        if type(self.owner) in _DICT_TAGS:
            return _bracket("[" if place % 2 else "{", self.children[place - place % 2])
        if type(self.owner) in (set, frozenset):
            return _bracket("{", self.children[place])
        return _bracket("[", place)


class Encoder:
    """Writes one message; see `encode`."""

    def __init__(
        self, to_ref: Callable[[object], Ref | None], limits: Limits, known: Known | None, name: str
    ) -> None:
        self._to_ref = to_ref
        self._limits = limits
        self._known = known
        self._name = name
        self._graph = bytearray()
        self._frames: list[_Frame] = []
        # id → place in the message, height, weight. While a value is being written, its height is
        # 0, or None where an alias could not be read.
        self._done: dict[int, tuple[int, int | None, int]] = {}
        self._texts: dict[tuple[type, object], int] = {}
        self._places = 0
        self._items = 0
        self._views = ViewWriter(limits)
        self._refs: list[Ref] = []  # kept alive: `_done` knows objects by id

    def encode(self, value: object) -> bytes:
        """The whole message."""
        self._visit(value)
        while self._frames:
            frame = self._frames[-1]
            if frame.next == frame.count:
                self._close()
            else:
                frame.next += 1
                self._visit(frame.children[frame.next - 1])
        return self._message()

    # What a value is

    def _visit(self, value: object) -> None:
        kind = type(value)
        write = _SCALARS.get(kind)
        if write is not None:
            self._items += 1
            write(self._graph, value)
        elif kind is int:
            self._int(value)
        elif kind is str or kind is bytes:
            self._text(kind, value)
        elif id(value) in self._done:
            self._alias(*self._done[id(value)])
        elif self._known is not None and id(value) in self._known.places:
            self._weigh(wire.NEW_RECORD)
            self._graph.append(_KNOWN)
            put_uint(self._graph, self._known.places[id(value)])
        elif is_tensor(value):
            self._tensor(value)
        elif kind is np.ndarray:
            self._array(value)
        elif kind in _CONTAINERS:
            _CONTAINERS[kind](self, value)
        elif issubclass(kind, tuple) and (fields := fields_of(kind)) is not None:
            self._record(value, kind.__name__, fields)
        elif kind is Ref:
            self._ref(value, value)
        elif not self._small(kind, value):
            self._other(value)

    def _small(self, kind: type, value: object) -> bool:
        """Writes dtypes, devices, numpy scalars and the like; whether it was one."""
        out, weight = self._graph, wire.HEAVY
        if kind is torch.dtype and (place := tables.torch_place(value)) is not None:
            out += bytes((Tag.TORCH_DTYPE, place))
        elif kind is torch.layout and (place := tables.layout_place(value)) is not None:
            out += bytes((Tag.LAYOUT, place))
        elif kind is torch.memory_format and (place := tables.format_place(value)) is not None:
            out += bytes((Tag.MEMORY_FORMAT, place))
        elif kind is torch.device and value.type in tables.DEVICES:
            index = 0 if value.index is None else value.index + 1
            out += bytes((Tag.DEVICE, tables.DEVICES.index(value.type), index))
        elif kind is torch.Size and len(value) <= wire.MAX_SIZE:
            weight += len(value)
            out.append(Tag.SIZE)
            put_uint(out, len(value))
            for size in tuple.__iter__(value):
                put_sint(out, int(size))
        elif issubclass(kind, np.dtype) and (place := tables.numpy_place(value)) is not None:
            out += bytes((Tag.NUMPY_DTYPE, place, not value.isnative))
        elif kind is type and (place := tables.scalar_place(value)) is not None:
            out += bytes((Tag.NUMPY_TYPE, place))
        elif (place := tables.scalar_place(kind)) is not None:
            out += bytes((Tag.NUMPY_SCALAR, place))
            out += value.tobytes()
        else:
            return False
        self._weigh(weight)
        return True

    def _other(self, value: object) -> None:
        ref = self._to_ref(value)
        if ref is not None:
            self._ref(value, ref)
        elif type(value) is torch.Generator and value.device.type == "cpu":
            self._leaf(value, wire.GENERATOR)
            state = torch.Generator.get_state(value)
            self._graph.append(Tag.GENERATOR)
            put_bytes(self._graph, state.numpy().tobytes())
        else:
            self._refuse(f"{_article(type(value))} object cannot cross")

    # Scalars and text

    def _int(self, value: int) -> None:
        """Integers of any size."""
        out = self._graph
        if -(2**63) <= value < 2**63:
            self._weigh(1)
            out.append(_INT)
            put_sint(out, value)
            return
        data = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
        self._weigh(1 + len(data) // wire.CHARACTERS)
        out.append(Tag.BIGINT)
        put_bytes(out, data)

    def _text(self, kind: type, value: str | bytes) -> None:
        """Text and bytes, once per value."""
        out = self._graph
        if (word := tables.WORD_PLACE.get(value)) is not None:
            self._items += 1
            out.append(_WORD)
            out.append(word)
            return
        place = self._texts.get((kind, value))
        data = value.encode("utf-8", "surrogatepass") if kind is str else value
        weight = 1 + len(data) // wire.CHARACTERS
        if place is not None:
            self._alias(place, 0, weight)
            return
        if len(data) < wire.SHORT:
            self._weigh(weight)
        else:
            self._texts[kind, value] = self._places
            self._leaf(None, weight)
        out.append(_STR if kind is str else _BYTES)
        put_bytes(out, data)

    def _bytearray(self, value: bytearray) -> None:
        self._leaf(value, 1 + len(value) // wire.CHARACTERS)
        self._graph.append(Tag.BYTEARRAY)
        put_bytes(self._graph, bytes(value))

    # Containers

    def _list(self, value: list | tuple) -> None:
        if len(value) >= wire.PACKED and self._packed(value):
            return
        self._graph.append(_LIST if type(value) is list else _TUPLE)
        self._sequence(value, tuple(value))

    def _packed(self, value: list | tuple) -> bool:
        """Writes many numbers at once; False when there is anything else among them."""
        packing = _PACKED.get((type(value), *set(map(type, value))))
        if packing is None:
            return False
        tag, code = packing
        try:
            data = struct.pack(f"<{len(value)}{code}", *value)
        except struct.error:  # an integer of more than 64 bits
            return False
        if len(self._frames) + 1 > self._limits.max_depth:
            self._refuse("nested too deeply")
        weight = 1 + len(value) // wire.NUMBERS
        self._done[id(value)] = (self._places, 1, weight)
        self._places += 1
        self._weigh(weight)
        self._raise(1)
        self._graph.append(tag)
        put_uint(self._graph, len(value))
        self._graph += data
        return True

    def _deque(self, value: collections.deque) -> None:
        self._graph.append(Tag.DEQUE)
        put_uint(self._graph, 0 if value.maxlen is None else value.maxlen + 1)
        self._sequence(value, tuple(value))

    def _set(self, value: set | frozenset) -> None:
        self._graph.append(Tag.SET if type(value) is set else Tag.FROZENSET)
        self._sequence(value, tuple(value))

    def _sequence(self, owner: object, items: tuple) -> None:
        put_uint(self._graph, len(items))
        self._open(owner, items)

    def _dict(self, value: dict) -> None:
        out = self._graph
        out.append(_DICT_TAGS[type(value)])
        if type(value) is collections.defaultdict:
            factory = value.default_factory
            if factory not in tables.FACTORIES:
                self._refuse("a defaultdict with a factory of its own cannot cross")
            out.append(tables.FACTORIES.index(factory))
        ordered = type(value) is collections.OrderedDict
        pairs = tuple(collections.OrderedDict.items(value) if ordered else dict.items(value))
        put_uint(out, len(pairs))
        self._open(value, [part for pair in pairs for part in pair])

    def _record(self, value: tuple, name: str, fields: tuple[str, ...]) -> None:
        items = tuple(tuple.__iter__(value))
        if len(fields) != len(items) or len(fields) > MAX_FIELDS:
            self._refuse(f"{_article(type(value))} object cannot cross: its fields do not fit")
        if any(len(each.encode("utf-8", "surrogatepass")) > MAX_NAME for each in (name, *fields)):
            self._refuse(f"{_article(type(value))} object cannot cross: a name is too long")
        self._graph.append(Tag.RECORD)
        put_text(self._graph, name)
        put_uint(self._graph, len(fields))
        for field in fields:
            put_text(self._graph, field)
        self._open(value, items, wire.NEW_RECORD, fields)

    def _parts(self, value: slice | range) -> None:
        self._graph.append(Tag.SLICE if type(value) is slice else Tag.RANGE)
        self._open(value, (value.start, value.stop, value.step), 1, ("start", "stop", "step"))

    def _ref(self, value: object, ref: Ref) -> None:
        if type(ref) is not Ref or type(ref.meta) is not dict:
            raise TypeError("to_ref must return a Ref whose meta is a dict, or None")
        self._refs.append(ref)
        self._graph.append(Tag.REF)
        put_text(self._graph, ref.kind)
        put_sint(self._graph, ref.id)
        self._open(value, (ref.meta,), wire.HEAVY, ("meta",))

    # Tensors and arrays

    def _tensor(self, value: torch.Tensor) -> None:
        tracked = requires_grad(value)
        if tracked and not is_leaf(value):
            ref = self._to_ref(value)
            if ref is not None:
                self._ref(value, ref)
                return
        try:
            tensor, view = dense(value)
        except CodecError as error:
            self._refuse(error.args[0])
        place = tables.torch_place(tensor.dtype)
        if place is None:
            self._refuse(f"a tensor of {tensor.dtype} cannot cross")
        grad = grad_of(value)
        self._graph.append(_TENSOR)
        self._graph.append(
            tracked * wire.REQUIRES_GRAD
            + issubclass(type(value), torch.nn.Parameter) * wire.PARAMETER
            + tensor.is_conj() * wire.CONJ
            + tensor.is_neg() * wire.NEG
            + (grad is not None) * wire.GRAD
        )
        self._view(wire.TENSOR, place, view)
        self._open(value, () if grad is None else (grad,), wire.HEAVY, ("grad",))

    def _array(self, value: np.ndarray) -> None:
        place = tables.numpy_place(value.dtype)
        if place is None:
            self._refuse(f"an array of {value.dtype.name} cannot cross; only numbers and bool")
        self._leaf(value, wire.HEAVY)
        read_only = not value.flags.writeable
        self._graph.append(Tag.ARRAY)
        swapped = not value.dtype.isnative
        self._graph.append(read_only * wire.READ_ONLY + swapped * wire.SWAPPED)
        self._view(wire.ARRAY, place, array_view(value))

    def _view(self, kind: int, dtype: int, view: View) -> None:
        try:
            self._views.add(kind, dtype, view)
        except CodecError as error:
            self._refuse(error.args[0])

    # The tree that is being written

    def _weigh(self, weight: int) -> None:
        self._items += weight
        if self._items > self._limits.max_items:
            self._refuse("too many values")

    def _raise(self, height: int) -> None:
        """Tells the open container how high one of its children is."""
        if self._frames and self._frames[-1].height < height:
            self._frames[-1].height = height

    def _leaf(self, value: object, weight: int) -> None:
        """Gives a value without children its place."""
        if value is not None:
            self._done[id(value)] = (self._places, 0, weight)
        self._places += 1
        self._weigh(weight)
        if len(self._graph) > self._limits.max_bytes:
            self._refuse("the message is too large")

    def _alias(self, place: int, height: int | None, weight: int) -> None:
        if height is None:
            self._refuse("a value that contains itself other than through a list or dict")
        if len(self._frames) + height > self._limits.max_depth:
            self._refuse("nested too deeply")
        self._weigh(weight)
        self._raise(height)
        self._graph.append(_ALIAS)
        put_uint(self._graph, place)

    def _open(
        self,
        owner: object,
        children: Sequence,
        weight: int = 1,
        names: Sequence[str] | None = None,
    ) -> None:
        start = self._items
        self._weigh(weight)
        if len(self._frames) >= self._limits.max_depth:
            self._refuse("nested too deeply")
        if children:
            self._done[id(owner)] = (self._places, 0 if type(owner) in _CYCLIC else None, 1)
            self._frames.append(_Frame(owner, children, names, start))
        else:
            self._done[id(owner)] = (self._places, 1, weight)
            self._raise(1)
        self._places += 1

    def _close(self) -> None:
        self._weigh(0)  # its scalars were only counted
        frame = self._frames.pop()
        place = self._done[id(frame.owner)][0]
        self._done[id(frame.owner)] = (place, frame.height + 1, self._items - frame.start)
        self._raise(frame.height + 1)

    def _refuse(self, why: str) -> None:
        """Raises: where the value is, and why it cannot cross."""
        path = self._name + "".join(frame.label() for frame in self._frames)
        raise CodecError(f"{path}: {why}")

    # The message

    def _message(self) -> bytes:
        head = bytearray(wire.MAGIC if self._known is None else wire.MAGIC_KNOWN)
        try:
            storages = self._views.write(head, self._known)
        except CodecError as error:
            raise CodecError(f"{self._name}: {error.args[0]}") from None
        if self._known is not None:
            head += struct.pack("<I", self._known.digest)
        size = len(head) + len(self._graph) + sum(len(storage) for storage in storages)
        if size > self._limits.max_bytes:
            raise CodecError(f"{self._name}: the message is too large ({size} bytes)")
        return b"".join((head, self._graph, *storages))


def _float(out: bytearray, value: float) -> None:
    out.append(Tag.FLOAT)
    out += struct.pack("<d", value)


def _complex(out: bytearray, value: complex) -> None:
    out.append(Tag.COMPLEX)
    out += struct.pack("<2d", value.real, value.imag)


def _bracket(mark: str, label: object) -> str:
    """An index or a key of a path; keys of other types than the plainest are named by type."""
    if type(label) not in (str, int, bool, NoneType):
        label = f"〈{type(label).__name__}〉"
    elif type(label) is not int or abs(label) < 2**64:
        label = repr(label)[:60]
    else:
        label = "〈int〉"
    return f"[{label}]" if mark == "[" else f"{{{label}}}"


def _article(kind: type) -> str:
    name = kind.__name__[:60]
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


_SCALARS: dict[type, Callable[[bytearray, object], None]] = {
    NoneType: lambda out, value: out.append(Tag.NONE),
    bool: lambda out, value: out.append(Tag.TRUE if value else Tag.FALSE),
    EllipsisType: lambda out, value: out.append(Tag.ELLIPSIS),
    float: _float,
    complex: _complex,
}
_CONTAINERS: dict[type, Callable[[Encoder, object], None]] = {
    list: Encoder._list,
    tuple: Encoder._list,
    set: Encoder._set,
    frozenset: Encoder._set,
    dict: Encoder._dict,
    collections.OrderedDict: Encoder._dict,
    collections.Counter: Encoder._dict,
    collections.defaultdict: Encoder._dict,
    collections.deque: Encoder._deque,
    bytearray: Encoder._bytearray,
    slice: Encoder._parts,
    range: Encoder._parts,
}
_PACKED = {
    (list, int): (Tag.LIST_OF_INT, "q"),
    (tuple, int): (Tag.TUPLE_OF_INT, "q"),
    (list, float): (Tag.LIST_OF_FLOAT, "d"),
    (tuple, float): (Tag.TUPLE_OF_FLOAT, "d"),
}
_DICT_TAGS = {
    dict: Tag.DICT,
    collections.OrderedDict: Tag.ORDERED_DICT,
    collections.Counter: Tag.COUNTER,
    collections.defaultdict: Tag.DEFAULT_DICT,
}
_CYCLIC = (list, dict, set, collections.OrderedDict, collections.Counter,
           collections.defaultdict, collections.deque)  # fmt: skip

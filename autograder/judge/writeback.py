"""What a callee changed in its arguments, written back into the caller's own objects.

    caller                                   callee
    mine = Known(args)
    encode(args)                       ──►   args = decode(…); before = snapshot(args)
                                             result = f(*args)
    result, done = decode_result(…, mine) ◄──  encode_result((result, changes(before, args)), before)
    apply(done, mine)

A callback in the middle of a call does the same the other way round; whoever got changes applies
them, and both sides `refresh` what they hold.

The description names objects by their place in the graph of the arguments (codec/known.py), so that
it can reach nothing else; every alias sees a change, because it is made in the object itself.

Elements of sets and keys of dicts have no place: a tensor changed in there is not written back.
"""

from __future__ import annotations

import collections
import operator
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch

from autograder.judge.codec.common import CodecError
from autograder.judge.codec.decode import set_state
from autograder.judge.codec.known import Known, view_of
from autograder.judge.codec.memory import content
from autograder.judge.codec.tensors import dense, grad_fn_of, grad_of, is_leaf, requires_grad

Change = tuple[str, int, object]  # what kind, the object's place, what is to be there


class _TensorState(NamedTuple):
    """What a tensor was beside its memory."""

    requires_grad: bool
    grad: torch.Tensor | None
    grad_fn: object


class Snapshot(Known):
    """The arguments on the callee's side, and all that `changes` compares them with."""

    def refresh(self) -> None:
        """As Known.refresh; `changes` then tells what changes from now on."""
        super().refresh()
        self.contents = {place: content(view_of(each)) for place, each in self.anchors.items()}
        self.shapes = {place: _geometry(each) for place, each in self.anchors.items()}
        self.tensors: dict[int, _TensorState] = {}
        self.items: dict[int, tuple] = {}
        self.generators: dict[int, bytes] = {}
        for place, (value, kind) in enumerate(zip(self.objects, self.kinds, strict=True)):
            if kind == "T":
                self.tensors[place] = _tensor_state(value)
            elif kind in "LDS":
                self.items[place] = _items(value)
            elif type(value) is torch.Generator:
                self.generators[place] = _state(value)


def snapshot(args: object) -> Snapshot:
    """Remembers the arguments as they are, before the call. Holds copies of all their numbers."""
    return Snapshot(args)


def changes(snapshot: Snapshot, args: object) -> list[Change]:
    """What the call changed in place: plain data, for `encode_result` with the same snapshot.

    Args:
        args: the very object that the snapshot was taken of.

    Raises:
        CodecError: something was changed in a way that cannot be written back.
    """
    if args is not snapshot.root:
        raise CodecError("these are not the arguments that the snapshot was taken of")
    return [
        (kind, place, value)
        for place in range(len(snapshot.objects))
        for kind, value in _changes_of(snapshot, place)
    ]


def _changes_of(before: Snapshot, place: int) -> Iterator[tuple[str, object]]:
    value = before.objects[place]
    if place in before.tensors:
        yield from _tensor_changes(before, place, value)
    elif place in before.items:
        now = _items(value)
        was = before.items[place]
        if len(now) != len(was) or any(map(operator.is_not, now, was)):
            yield "items", _form(value)(value)
    elif place in before.generators:
        if (state := _state(value)) != before.generators[place]:
            yield "state", state
    elif place in before.anchors:
        anchor = before.anchors[place]
        if _geometry(value) != before.shapes[place]:
            raise CodecError("an array was given another shape or type in place")
        if content(view_of(anchor)) != before.contents[place]:
            yield "fill", anchor.copy()


def _tensor_changes(
    before: Snapshot, place: int, value: torch.Tensor
) -> Iterator[tuple[str, object]]:
    was, now, anchor = before.tensors[place], _tensor_state(value), before.anchors.get(place)
    tracked = now.grad_fn is not was.grad_fn
    if anchor is not None:
        moved = _geometry(value) != before.shapes[place]
        if moved and tracked:
            raise CodecError("a tensor was given another shape in place while autograd tracked it")
        if tracked:
            with torch.enable_grad(), torch._C.DisableTorchFunctionSubclass():
                yield "fill", torch.Tensor.clone(value)
        elif _content(anchor) not in (None, before.contents[place]):
            yield "fill", anchor.clone()
        if moved:
            yield "data", dense(value)[0]
    if now.requires_grad != was.requires_grad and not tracked:
        yield "requires_grad", now.requires_grad
    if now.grad is not was.grad:
        yield "grad", now.grad


def apply(changes: object, args: object) -> None:
    """Makes the described changes in the caller's own objects, in place.

    Args:
        changes: what `changes` gave on the other side, decoded; it may be an enemy's.
        args: a Known taken when the arguments left; or the arguments, if unchanged since.

    Raises:
        CodecError: the description does not fit the arguments. What is wrong with its form is found
            before anything is written.
    """
    known = args if isinstance(args, Known) else Known(args)
    if type(changes) is not list:
        raise CodecError("the description of changes is no list")
    seen: set[tuple[str, int]] = set()
    todo: list[Callable[[], object]] = []
    for change in changes:
        kind, place, value = _checked_form(change, known)
        if (kind, place) in seen:
            raise CodecError("an argument is changed twice")
        seen.add((kind, place))
        todo.append(_WRITERS[kind](known, place, value))
    for write in todo:
        try:
            write()
        except (RuntimeError, TypeError, ValueError) as error:
            reason = str(error).strip().partition("\n")[0]
            raise CodecError(f"an argument cannot be changed like this: {reason}") from error


def _checked_form(change: object, known: Known) -> Change:
    if type(change) is not tuple or len(change) != 3:
        raise CodecError("a change is not made of three parts")
    kind, place, value = change
    if type(kind) is not str or kind not in _WRITERS or type(place) is not int:
        raise CodecError("a change is of an unknown kind")
    if not 0 <= place < len(known.objects):
        raise CodecError("a change concerns no argument")
    return kind, place, value


def _fill(known: Known, place: int, value: object) -> Callable[[], object]:
    """New numbers in the same memory."""
    target, anchor = known.objects[place], known.anchors.get(place)
    _fit(anchor is not None and type(value) is type(anchor))
    _fit(value.dtype == anchor.dtype and value.shape == anchor.shape)
    if isinstance(anchor, np.ndarray):
        _fit(target.flags.writeable)
        return lambda: np.copyto(target, value)

    def write() -> None:
        # A value that autograd follows is copied under its eyes: gradients then reach its maker.
        with torch.set_grad_enabled(value.requires_grad), torch._C.DisableTorchFunctionSubclass():
            torch.Tensor.copy_(_once(target), _once(value, target))

    return write


def _data(known: Known, place: int, value: object) -> Callable[[], object]:
    """Other memory, or another shape."""
    _fit(known.kinds[place] == "T" and type(value) is torch.Tensor and not value.requires_grad)
    return lambda: torch.Tensor.data.__set__(known.objects[place], value)


def _requires_grad(known: Known, place: int, value: object) -> Callable[[], object]:
    _fit(known.kinds[place] == "T" and type(value) is bool)
    return lambda: torch.Tensor.requires_grad.__set__(known.objects[place], value)


def _grad(known: Known, place: int, value: object) -> Callable[[], object]:
    _fit(known.kinds[place] == "T" and (value is None or isinstance(value, torch.Tensor)))
    _fit(is_leaf(known.objects[place]))
    return lambda: torch.Tensor.grad.__set__(known.objects[place], value)


def _new_items(known: Known, place: int, value: object) -> Callable[[], object]:
    target, kind = known.objects[place], known.kinds[place]
    _fit(kind in ("L", "D", "S"))
    _fit(type(value) is _form(target))
    if type(target) is collections.deque:
        _fit(target.maxlen is None or len(value) <= target.maxlen)

    def write() -> None:
        if type(target) in (list, bytearray):
            target[:] = value
            return
        target.clear()
        if kind == "D":  # not update: a Counter's would add up
            for key, item in value.items():
                target[key] = item
        elif type(target) is set:
            target.update(value)
        else:
            target.extend(value)

    return write


def _new_state(known: Known, place: int, value: object) -> Callable[[], object]:
    target = known.objects[place]
    _fit(type(target) is torch.Generator and type(value) is bytes)
    return lambda: set_state(target, value)


_WRITERS: dict[str, Callable[[Known, int, object], Callable[[], object]]] = {
    "fill": _fill,
    "data": _data,
    "requires_grad": _requires_grad,
    "grad": _grad,
    "items": _new_items,
    "state": _new_state,
}


def _fit(fits: bool) -> None:
    if not fits:
        raise CodecError("a change does not fit its argument")


def _once(tensor: torch.Tensor, like: torch.Tensor | None = None) -> torch.Tensor:
    """An expanded tensor with each of its elements once, as copy_ wants it."""
    like = tensor if like is None else like
    for dimension, stride in enumerate(like.stride()):
        if stride == 0 and tensor.shape[dimension] > 1:
            tensor = tensor.narrow(dimension, 0, 1)
    return tensor


def _tensor_state(tensor: torch.Tensor) -> _TensorState:
    return _TensorState(requires_grad(tensor), grad_of(tensor), grad_fn_of(tensor))


def _items(value: object) -> tuple:
    """What a container holds, to be compared by identity."""
    if isinstance(value, dict):
        return tuple(part for pair in value.items() for part in pair)
    return tuple(value)


def _form(value: object) -> type:
    """The plain type in which a container's items travel."""
    if isinstance(value, dict):
        return dict
    return {set: set, bytearray: bytes}.get(type(value), list)


def _state(generator: torch.Generator) -> bytes:
    return generator.get_state().numpy().tobytes()


def _geometry(value: torch.Tensor | np.ndarray) -> tuple:
    if type(value) is np.ndarray:
        address = value.__array_interface__["data"][0]
        return value.dtype, value.shape, value.strides, address
    if type(value) is not torch.Tensor:
        value = dense(value)[0]
    return (
        value.dtype, value.shape, value.stride(), value.storage_offset(),
        value.untyped_storage()._cdata, value.is_conj(), value.is_neg(),
    )  # fmt: skip


def _content(anchor: torch.Tensor) -> bytes | None:
    """What the memory holds that the argument came with; None when it has been resized away."""
    try:
        return content(view_of(anchor))
    except CodecError:
        return None

"""Calls in the short form (codec/flat.py): the usual few numbers and tensors, and a value like that back.

    request   "~"  target, grad mode, number of arguments, banned names; the arguments
    reply     "-"  the value; then for each tensor of the arguments with other numbers its place, and itself

Whatever does not fit goes the long way, the reply to a short request too: a call that raised, printed,
drew random numbers, or changed more than numbers in its arguments.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import torch

from autograder.judge import modes
from autograder.judge.codec import CodecError, Known, flat
from autograder.judge.codec.known import view_of
from autograder.judge.codec.memory import content
from autograder.judge.writeback import Snapshot

REQUEST, REPLY = b"~", b"-"
MAX_CHANGED = 32
_HEAD, _COUNT = struct.Struct("<cIBBH"), struct.Struct("<I")

Changed = list[tuple[int, torch.Tensor]]  # place among the arguments' tensors, the new numbers


class Arguments:
    """What went over in the short form; `known` is made only where somebody asks for it."""

    def __init__(self, args: tuple) -> None:
        self._whole = (args, {})
        self._known: Known | None = None

    def note(self) -> None:
        """Takes them as they are now; to be called before anything may have been done to them."""
        if self._known is None:
            self._known = Known(self._whole)

    def change(self, changed: Changed) -> None:
        """Gives tensors of the arguments the numbers that a call left in them.

        Raises:
            CodecError: they do not fit.
        """
        if not changed:
            return
        tensors = (
            list(flat.tensors(self._whole[0])) if self._known is None else self._known.tensors()
        )
        for place, value in changed:
            if place >= len(tensors) or tensors[place].shape != value.shape:
                raise CodecError("a change does not fit its argument")
            if tensors[place].dtype is not value.dtype:
                raise CodecError("a change does not fit its argument")
        with torch.no_grad():
            for place, value in changed:
                tensors[place].copy_(value)

    @property
    def known(self) -> Known:
        """As the long form has it."""
        self.note()
        return self._known


def request(target: int, args: tuple, banned: Sequence[str]) -> bytes | None:
    """A call as a message; None where it does not fit."""
    if torch.is_inference_mode_enabled() or torch.get_default_dtype() is not torch.float32:
        return None
    names = "\n".join(banned).encode()
    items = flat.pack(args, dicts=False)
    if items is None or len(names) > flat.MAX_BYTES or not 0 <= target < 2**32:
        return None
    grad = torch.is_grad_enabled()
    return _HEAD.pack(REQUEST, target, grad, len(args), len(names)) + names + items


def read_request(data: bytes) -> tuple[dict, flat.Row]:
    """The request, as the long form has it, and its arguments as they came.

    Raises:
        CodecError: it is none.
    """
    if len(data) < _HEAD.size:
        raise CodecError("the message is cut short")
    _, target, grad, count, size = _HEAD.unpack_from(data)
    end = _HEAD.size + size
    try:
        names = str(data[_HEAD.size : end], "utf-8")
    except UnicodeDecodeError:
        raise CodecError("a string in the message is no UTF-8") from None
    row = flat.unpack(data[end:])
    if len(row.items) != count:
        raise CodecError("the message does not hold the arguments that it announces")
    found = {"target": target, "args": tuple(row.items)}
    found |= {"banned": names.split("\n") if names else []}
    return found | {"modes": modes.USUAL | {"grad": bool(grad)}}, row


def reply(value: object, row: flat.Row, changed: Sequence[int] = ()) -> bytes | None:
    """A value as a message; None where it does not fit, or shares memory with an argument.

    Args:
        changed: the arguments' tensors that have other numbers now (flat.numbers_changed).
    """
    items = flat.pack((value,), row)
    if items is None or len(changed) > MAX_CHANGED:
        return None
    told = [bytes((place,)) + flat.numbers(row.came[place]) for place in changed]
    return REPLY + b"".join(map(_sized, (items, *told)))


def _sized(data: bytes) -> bytes:
    return _COUNT.pack(len(data)) + data


def read_reply(data: bytes) -> tuple[object, Changed]:
    """The value, and which tensors of the arguments get which numbers.

    Raises:
        CodecError: the message is no short reply.
    """
    parts, at = [], 1
    while at < len(data):
        if at + _COUNT.size > len(data) or len(parts) > MAX_CHANGED:
            raise CodecError("the message is cut short")
        (size,) = _COUNT.unpack_from(data, at)
        at += _COUNT.size + size
        parts.append(data[at - size : at])
        if at > len(data):
            raise CodecError("the message is cut short")
    if not parts:
        raise CodecError("the message is cut short")
    items = flat.unpack(parts[0]).items
    if len(items) != 1:
        raise CodecError("the message does not hold one value")
    changed: dict[int, torch.Tensor] = {}
    for part in parts[1:]:
        new = flat.unpack(part[1:]).items
        if len(new) != 1 or type(new[0]) is not torch.Tensor or part[0] in changed:
            raise CodecError("the message changes an argument into something else")
        changed[part[0]] = new[0]
    return items[0], list(changed.items())


def snapshot(arguments: tuple[tuple, dict], row: flat.Row) -> Snapshot:
    """What writeback.snapshot would have found before the call, made after it.

    The aliases stand in for the tensors: they have the memory and the shape that the tensors came with.
    Lists stand in for the lists, with what was in them.
    """
    tensors = {id(each.tensor): each for each in row.came}
    were = {id(items): held for items, held in row.lists}
    stand_ins: dict[int, object] = {}  # id of a stand-in → what it stands for
    kept: list[object] = []  # ids above stay taken

    def stand_in(value: object) -> object:
        if id(value) in tensors:
            made: object = tensors[id(value)].alias
        elif type(value) is list:
            made = [stand_in(item) for item in were[id(value)]]
        elif type(value) is tuple:
            made = tuple([stand_in(item) for item in value])
        else:
            return value
        stand_ins[id(made)] = value
        kept.append(made)
        return made

    before = Snapshot((stand_in(arguments[0]), arguments[1]))
    for place, made in enumerate(before.objects):
        if place == 0 or id(made) not in stand_ins:
            continue
        value = before.objects[place] = stand_ins[id(made)]
        if id(value) in tensors:
            before.contents[place] = _content(tensors[id(value)])
        elif id(value) in were:
            before.items[place] = were[id(value)]
    before.root = before.objects[0] = arguments
    before.places = {id(value): place for place, value in enumerate(before.objects)}
    before.keep = kept
    return before


def _content(came: flat.Came) -> bytes:
    """A received tensor's numbers as they came, in the order of writeback.Snapshot."""
    if came.alias.is_contiguous():
        return came.data
    return content(view_of(came.first()))

"""Calls in the short form (codec/flat.py): the usual few numbers and tensors, and a value like that back.

    request   "~"  target, grad mode, number of arguments, banned names; the arguments
    reply     "-"  form of the value; its items

Whatever does not fit goes the long way, the reply to a short request too: a call that raised, printed,
changed an argument or drew random numbers.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import torch

from autograder.judge import modes
from autograder.judge.codec import CodecError, Known, flat
from autograder.judge.writeback import Snapshot

REQUEST, REPLY = b"~", b"-"
_HEAD = struct.Struct("<cIBBH")
_ALONE, _TUPLE, _LIST = range(3)  # the form of a value
_FORMS = {tuple: _TUPLE, list: _LIST}


class Arguments:
    """What went over in the short form; `known` is made only where somebody asks for it."""

    def __init__(self, args: tuple) -> None:
        self._whole = (args, {})
        self._known: Known | None = None

    def note(self) -> None:
        """Takes them as they are now; to be called before anything may have been done to them."""
        if self._known is None:
            self._known = Known(self._whole)

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
    items = flat.pack(args)
    if items is None or len(names) > flat.MAX_BYTES or not 0 <= target < 2**32:
        return None
    grad = torch.is_grad_enabled()
    return _HEAD.pack(REQUEST, target, grad, len(args), len(names)) + names + items


def read_request(data: bytes) -> tuple[dict, list[flat.Came]]:
    """The request, as the long form has it, and the tensors of its arguments.

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
    args, came = flat.unpack(data[end:])
    if len(args) != count:
        raise CodecError("the message does not hold the arguments that it announces")
    found = {"target": target, "args": tuple(args), "banned": names.split("\n") if names else []}
    return found | {"modes": modes.USUAL | {"grad": bool(grad)}}, came


def reply(value: object, came: Sequence[flat.Came]) -> bytes | None:
    """A value as a message; None where it does not fit, or shares memory with an argument."""
    form = _FORMS.get(type(value), _ALONE)
    items = flat.pack((value,) if form == _ALONE else value, flat.spans(came))
    return None if items is None else REPLY + bytes((form,)) + items


def read_reply(data: bytes) -> object:
    """The value.

    Raises:
        CodecError: the message is no short reply.
    """
    if len(data) < 2:
        raise CodecError("the message is cut short")
    items, _ = flat.unpack(data[2:])
    if data[1] == _ALONE and len(items) == 1:
        return items[0]
    if data[1] == _TUPLE:
        return tuple(items)
    if data[1] == _LIST:
        return items
    raise CodecError("the message does not hold one value")


def snapshot(arguments: tuple[tuple, dict], came: Sequence[flat.Came]) -> Snapshot:
    """What writeback.snapshot would have found before the call, made after it.

    The aliases stand in for the tensors: they have the memory and the shape that the tensors came with.
    """
    tensors = {id(each.tensor): each for each in came}
    stand_in = tuple(
        tensors[id(each)].alias if id(each) in tensors else each for each in arguments[0]
    )
    before = Snapshot((stand_in, arguments[1]))
    aliases = {id(each.alias): each for each in came}
    for place, value in enumerate(before.objects):
        if id(value) in aliases:
            each = aliases[id(value)]
            before.objects[place] = each.tensor
            before.contents[place] = each.data
    before.root = arguments
    before.objects[0], before.objects[1] = arguments, arguments[0]
    before.places = {id(value): place for place, value in enumerate(before.objects)}
    before.keep = stand_in  # ids above stay taken
    return before

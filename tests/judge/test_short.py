"""The short form of calls: the same outcome as the long one, and nothing an enemy can do with it."""

from __future__ import annotations

import contextlib
import math
import struct

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.judge import short, writeback
from autograder.judge.codec import CodecError, Known, decode_result, encode_result, flat
from tests.judge.values import check_same

DTYPES = [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.uint8,
          torch.bool, torch.complex64]  # fmt: skip


@st.composite
def tensors(draw):
    shape = draw(st.lists(st.integers(1, 4), max_size=4))
    dtype = draw(st.sampled_from(DTYPES))
    data = draw(st.binary(min_size=(n := math.prod(shape) * dtype.itemsize), max_size=n))
    if dtype is torch.bool:
        data = bytes(byte & 1 for byte in data)
    return torch.frombuffer(bytearray(data), dtype=dtype).reshape(shape).clone()


scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.text(st.characters(codec="utf-8") | st.just("\ud800"), max_size=20)
)
rows = st.lists(scalars | tensors(), max_size=6)


@given(rows, st.lists(st.sampled_from(["torch.nn.RNN", "sorted"]), max_size=2), st.booleans())
@settings(deadline=None)
def test_a_request_comes_as_it_went(args, banned, grad):
    with torch.set_grad_enabled(grad):
        sent = short.request(7, tuple(args), banned)
    request, came = short.read_request(sent)
    check_same(tuple(args), request["args"])
    assert (request["target"], request["banned"]) == (7, banned)
    assert request["modes"] == {"grad": grad, "inference": False, "dtype": torch.float32}
    assert len(came) == sum(isinstance(arg, torch.Tensor) for arg in args)
    assert not flat.touched(came)


@given(scalars | tensors() | rows | rows.map(tuple))
@settings(deadline=None)
def test_a_value_comes_as_it_went(value):
    check_same(value, short.read_reply(short.reply(value, [])))


x = torch.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize(
    "args",
    [
        (x, x),
        (x, x[1:]),
        (x.t(),),
        (x.expand(4, 2, 3),),
        (x.clone().requires_grad_(),),
        (torch.nn.Parameter(x),),
        (x.to_sparse(),),
        (torch.empty(0),),
        (torch.empty(2, device="meta"),),
        (x.to(torch.complex64).conj(),),
        (2**63,),
        ([1],),
        ("가" * 2**15,),
        (torch.zeros(2**14),),
        (torch.zeros([1] * 9),),
        (None,) * 17,
        (print,),
        (torch.Generator(),),
    ],
    ids=lambda args: None,
)
def test_what_shares_memory_or_is_more_than_numbers_goes_the_long_way(args):
    assert short.request(1, args, ()) is None


def test_modes_that_are_not_usual_go_the_long_way():
    with torch.inference_mode():
        assert short.request(1, (1,), ()) is None
    torch.set_default_dtype(torch.float64)
    try:
        assert short.request(1, (1,), ()) is None
    finally:
        torch.set_default_dtype(torch.float32)


def test_a_value_in_an_arguments_memory_goes_the_long_way():
    _, came = short.read_request(short.request(1, (x, 3), ()))
    tensor = came[0].tensor
    for value in (tensor, tensor[1], (1, tensor.view(6)[2:]), [tensor.detach()]):
        assert short.reply(value, came) is None
    assert short.reply(tensor + 1, came) is not None


def regrown(a):
    a.resize_(3, 3).fill_(1)


def other_memory(a):
    a.data = torch.full((4,), 7.0)


CHANGES = {
    "numbers": lambda a: a.mul_(2),
    "one number": lambda a: a[1].fill_(9),
    "shape": lambda a: a.resize_(3, 2),
    "larger": regrown,
    "other memory": other_memory,
    "other memory after a change": lambda a: (a.add_(1), other_memory(a)),
    "requires a gradient": lambda a: a.requires_grad_(),
    "a gradient": lambda a: setattr(a, "grad", torch.ones(2, 3)),
    "transposed": lambda a: a.t_(),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_a_call_did_to_its_arguments_is_written_back_as_ever(change):
    """The snapshot that is made after the call finds what one made before it would have found."""
    mine, twin = x.clone(), x.clone()
    change(twin)
    request, came = short.read_request(short.request(1, (mine, 2), ()))
    went = short.Arguments((mine, 2))
    arguments = (request["args"], {})
    change(arguments[0][0])
    assert flat.touched(came)
    before = short.snapshot(arguments, came)
    reply = encode_result((arguments[0][0], writeback.changes(before, arguments)), before)
    value, changed = decode_result(reply, went.known)
    writeback.apply(changed, went.known)
    assert value is mine
    check_same(twin, mine)


def test_only_what_was_touched_counts_as_touched():
    _, came = short.read_request(short.request(1, (x, x + 1), ()))
    first, second = (each.tensor for each in came)
    (first + second).sum(), first.clone().add_(1), first.view(-1)[0].item()
    assert not flat.touched(came)
    second[0, 0] = -1
    assert flat.touched(came)


def test_places_are_those_of_the_arguments_when_they_went():
    """A callback that gives an argument a gradient does not move the places of the others."""
    mine = x.clone()
    went = short.Arguments((mine, x + 1))
    went.note()
    mine.grad = torch.ones(2, 3)
    assert len(went.known.objects) == len(Known(((x.clone(), x + 1), {})).objects)


def survives(read, data: bytes) -> None:
    with contextlib.suppress(CodecError):
        read(data)


@given(st.sampled_from([short.read_request, short.read_reply]), st.binary(max_size=200))
@settings(deadline=None, max_examples=400)
def test_any_bytes(read, data):
    survives(read, data)


@given(rows, st.data())
@settings(deadline=None, max_examples=200)
def test_broken_messages(args, data):
    whole = bytearray(short.request(3, tuple(args), ["torch.nn.RNN"]))
    for _ in range(data.draw(st.integers(1, 3))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    survives(short.read_request, bytes(whole[: data.draw(st.integers(0, len(whole)))]))


def head(dtype: int, *shape: int) -> bytes:
    return struct.pack(f"<cBB{len(shape)}I", b"T", dtype, len(shape), *shape)


@pytest.mark.parametrize(
    "items",
    [
        head(0, 2**32 - 1, 2**32 - 1, 2**32 - 1) + bytes(64),
        head(0, 0, 5),
        head(0, 3) + bytes(8),
        head(200, 1) + bytes(8),
        head(7, 2) + b"\1\2",
        b"T\0\x20" + bytes(200),
        b"s\xff\xffab",
        b"i123",
        b"n" * 17,
        b"?",
        b"s\x01\0\xff",
    ],
    ids=["huge", "empty", "short", "dtype", "bool", "dimensions", "word", "int", "many", "letter",
         "utf-8"],
)  # fmt: skip
def test_hostile_items(items):
    with pytest.raises(CodecError):
        flat.unpack(items)


@pytest.mark.parametrize("reply", [b"-", b"-\0", b"-\0nn", b"-\3n"])
def test_hostile_replies(reply):
    with pytest.raises(CodecError):
        short.read_reply(reply)

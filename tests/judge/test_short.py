"""The short form of calls: the same outcome as the long one, and nothing an enemy can do with it."""

from __future__ import annotations

import contextlib
import math
import struct

import pytest
import torch
from hypothesis import assume, given, settings
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
    made = torch.frombuffer(bytearray(data), dtype=dtype).reshape(shape).clone()
    how = draw(st.sampled_from(["", "", "transposed", "sliced", "both"]))
    if how in ("sliced", "both") and made.dim():
        wide = torch.zeros(*shape[:-1], 2 * shape[-1] + 1, dtype=dtype)
        wide[..., 1::2] = made
        made = wide[..., 1::2]
    return made.transpose(0, -1) if how in ("transposed", "both") and made.dim() > 1 else made


scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.text(st.characters(codec="utf-8") | st.just("\ud800"), max_size=20)
)
rows = st.lists(scalars | tensors(), max_size=6)
nested = st.lists(
    scalars | tensors() | st.lists(scalars | tensors(), max_size=3).map(tuple)
    | st.lists(tensors() | st.lists(scalars, max_size=2), max_size=3),
    max_size=5,
)  # fmt: skip
empty = flat.Row([], [], [], [])


def strides(value) -> list:
    """Of all tensors in a value; check_same does not look at them."""
    return [
        [s for s, n in zip(t.stride(), t.shape, strict=True) if n > 1] for t in flat.tensors(value)
    ]


def goes(value) -> bool:
    """Whether nothing comes twice in it: `()` is the same one everywhere, and so is an interned list."""
    boxes, todo = [], [value]
    while todo:
        each = todo.pop()
        if isinstance(each, list | tuple):
            boxes.append(id(each))
            todo += each
    return len(boxes) == len(set(boxes))


@given(nested, st.lists(st.sampled_from(["torch.nn.RNN", "sorted"]), max_size=2), st.booleans())
@settings(deadline=None)
def test_a_request_comes_as_it_went(args, banned, grad):
    assume(goes(args))
    with torch.set_grad_enabled(grad):
        sent = short.request(7, tuple(args), banned)
    request, came = short.read_request(sent)
    check_same(tuple(args), request["args"])
    assert strides(args) == strides(request["args"])
    assert (request["target"], request["banned"]) == (7, banned)
    assert request["modes"] == {"grad": grad, "inference": False, "dtype": torch.float32}
    assert len(came.came) == len(list(flat.tensors(args)))
    assert flat.numbers_changed(came) == []


@given(
    scalars | tensors() | nested | nested.map(tuple) | st.dictionaries(st.text(max_size=3), rows)
)
@settings(deadline=None)
def test_a_value_comes_as_it_went(value):
    assume(goes(list(value.values()) if isinstance(value, dict) else value))
    if (sent := short.reply(value, empty)) is not None:  # None: more than it takes
        got, changed = short.read_reply(sent)
        check_same(value, got)
        assert changed == []


x = torch.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize(
    "args",
    [
        (x, x),
        (x, x[1:]),
        (x, x.t()),
        (x.expand(4, 2, 3),),
        (x.view(6).unfold(0, 4, 1),),
        ([x, x[0]],),
        (one := [1], one),
        ([one, one],),
        ({"a": 1},),
        ([[[[1]]]],),
        (x, [x]),
        ([x.clone().requires_grad_()],),
        (range(3),),
        (torch.zeros(200, 200)[:, 0],),
        (x.clone().requires_grad_(),),
        (torch.nn.Parameter(x),),
        (x.to_sparse(),),
        (torch.empty(0),),
        (torch.empty(2, device="meta"),),
        (x.to(torch.complex64).conj(),),
        (2**63,),
        ("가" * 2**15,),
        (torch.zeros(2**14),),
        (torch.zeros([1] * 9),),
        (None,) * 49,
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
    request, row = short.read_request(short.request(1, (x, [x + 1, 3], (4, 5), x.clone().t()), ()))
    tensor, items, pair, turned = request["args"]
    for value in (tensor, tensor[1], (1, tensor.view(6)[2:]), [tensor.detach()], {"a": tensor},
                  items, [items], items[0], pair, (pair,), turned, turned[0], turned.t()):  # fmt: skip
        assert short.reply(value, row) is None
    assert short.reply((tensor + 1, list(items[1:]), turned + 0), row) is not None


def test_a_value_that_holds_itself_goes_the_long_way():
    ring: list = []
    ring.append(ring)
    assert short.reply(ring, empty) is None
    assert short.reply({"again": ring}, empty) is None
    assert short.request(1, (ring,), ()) is None


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


FORMS = {
    "alone": lambda: x.clone(),
    "turned": lambda: torch.arange(6.0).reshape(3, 2).t(),
    "sliced": lambda: torch.arange(12.0).reshape(2, 6)[:, ::2],
}


def both(form, listed: bool) -> tuple[tuple, torch.Tensor]:
    """Arguments, and the tensor in them, alone or in a list."""
    tensor = form()
    return (([tensor, 2], 1) if listed else (tensor, 2)), tensor


@pytest.mark.parametrize("listed", [False, True], ids=["argument", "in a list"])
@pytest.mark.parametrize(
    ("change", "form"),
    [
        pytest.param(CHANGES[change], FORMS[form], id=f"{change}, {form}")
        for change in CHANGES
        for form in FORMS
        if form == "alone" or change not in ("shape", "larger")  # torch resizes no view
    ],
)
def test_what_a_call_did_to_its_arguments_is_written_back_as_ever(change, form, listed):
    """The snapshot that is made after the call finds what one made before it would have found."""
    (args, mine), twin = both(form, listed), form()
    change(twin)
    request, row = short.read_request(short.request(1, args, ()))
    went = short.Arguments(args)
    arguments = (request["args"], {})
    change(row.came[0].tensor)
    only_numbers = change in (CHANGES["numbers"], CHANGES["one number"])
    assert flat.numbers_changed(row) == ([0] if only_numbers else None)
    if only_numbers:  # and so it fits the short reply
        version = mine._version
        value, changed = short.read_reply(short.reply(5, row, [0]))
        went.change(changed)
        assert value == 5 and mine._version > version  # autograd notices
        check_same(twin, mine)
        args, mine = both(form, listed)
        went = short.Arguments(args)
    before = short.snapshot(arguments, row)
    value = arguments[0][0][0] if listed else arguments[0][0]
    reply = encode_result((value, writeback.changes(before, arguments)), before)
    value, changed = decode_result(reply, went.known)
    writeback.apply(changed, went.known)
    assert value is mine
    check_same(twin, mine)


@pytest.mark.parametrize(
    "change",
    [
        lambda items: items.append(4),
        lambda items: items.pop(),
        lambda items: items.reverse(),
        lambda items: items.__setitem__(0, x + 5),
        lambda items: (items[0].add_(1), items.clear()),
    ],
)
def test_a_changed_list_is_written_back_as_ever(change):
    mine, twin = [x.clone(), 2, "three"], [x.clone(), 2, "three"]
    tensor = mine[0]
    change(twin)
    request, row = short.read_request(short.request(1, (mine, 7), ()))
    went = short.Arguments((mine, 7))
    arguments = (request["args"], {})
    change(arguments[0][0])
    assert flat.numbers_changed(row) is None
    before = short.snapshot(arguments, row)
    reply = encode_result((None, writeback.changes(before, arguments)), before)
    _, changed = decode_result(reply, went.known)
    writeback.apply(changed, went.known)
    check_same(twin, mine)
    if twin and isinstance(twin[-1], torch.Tensor):
        assert mine[-1] is tensor


def test_changed_numbers_reach_the_tensors_that_went_whatever_a_callback_did_to_their_list():
    first, second = x.clone(), x.clone()
    items = [first, second]
    went = short.Arguments((items,))
    went.note()  # before a callback is served
    items.reverse()
    went.change([(0, x + 1)])
    assert torch.equal(first, x + 1) and torch.equal(second, x)


def test_only_what_was_touched_counts_as_touched():
    _, row = short.read_request(short.request(1, (x, [x + 1]), ()))
    first, second = (each.tensor for each in row.came)
    (first + second).sum(), first.clone().add_(1), first.view(-1)[0].item()
    assert flat.numbers_changed(row) == []
    second[0, 0] = -1
    assert flat.numbers_changed(row) == [1]


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


@given(nested, st.data())
@settings(deadline=None, max_examples=200)
def test_broken_messages(args, data):
    assume(goes(args))
    whole = bytearray(short.request(3, tuple(args), ["torch.nn.RNN"]))
    for _ in range(data.draw(st.integers(1, 3))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    survives(short.read_request, bytes(whole[: data.draw(st.integers(0, len(whole)))]))


def head(dtype: int, *shape: int) -> bytes:
    return struct.pack(f"<cBB{len(shape)}I", b"T", dtype, len(shape), *shape)


def strided(shape, strides) -> bytes:
    return struct.pack(f"<cBB{2 * len(shape)}I", b"V", 0, len(shape), *shape, *strides)


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
        b"n" * 49,
        b"[\1",
        b"[\3nn",
        b"(\1" * 4 + b"n",
        b"{\1nn",
        b"{\1d" + bytes(8) + b"n",
        b"[\xff" + b"n" * 255,
        strided((2, 2), (1, 1)) + bytes(16),
        strided((2,), (0,)) + bytes(8),
        strided((2,), (2**31,)) + bytes(8),
        strided((2, 2), (3, 1)) + bytes(8),
        b"?",
        b"s\x01\0\xff",
    ],
    ids=["huge", "empty", "short", "dtype", "bool", "dimensions", "word", "int", "many", "list",
         "short list", "deep", "key", "float key", "wide", "overlap", "expanded", "far", "few",
         "letter", "utf-8"],
)  # fmt: skip
def test_hostile_items(items):
    with pytest.raises(CodecError):
        flat.unpack(items)


def parts(*each: bytes) -> bytes:
    return b"-" + b"".join(struct.pack("<I", len(part)) + part for part in each)


NEW = head(0, 2, 3) + bytes(24)


@pytest.mark.parametrize(
    "reply",
    [b"-", b"-\0", parts(b""), parts(b"nn"), parts(b"?"), parts(b"n")[:-1], parts(b"n") + b"\xff" * 4,
     parts(b"n", b""), parts(b"n", b"\0"), parts(b"n", b"\0n"), parts(b"n", b"\0" + NEW + b"n"),
     parts(b"n", b"\0" + NEW, b"\0" + NEW), parts(*[b"n"] * 40)],
)  # fmt: skip
def test_hostile_replies(reply):
    with pytest.raises(CodecError):
        short.read_reply(reply)


@pytest.mark.parametrize(
    "part",
    [
        b"\1" + NEW,
        b"\xff" + NEW,
        b"\0" + head(0, 3, 2) + bytes(24),
        b"\0" + head(1, 2, 3) + bytes(48),
    ],
    ids=["place", "far", "shape", "dtype"],
)
def test_hostile_changes(part):
    mine = x.clone()
    _, changed = short.read_reply(parts(b"n", part))
    with pytest.raises(CodecError):
        short.Arguments((mine, 3)).change(changed)
    assert torch.equal(mine, x)

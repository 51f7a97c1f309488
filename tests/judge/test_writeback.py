"""A call across the wall leaves the caller's objects as the same call at home would."""

from __future__ import annotations

import collections
import copy
import math
import struct

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.judge.codec import (
    CodecError,
    Known,
    Ref,
    decode,
    decode_result,
    encode,
    encode_result,
)
from autograder.judge.writeback import apply, changes, snapshot
from tests.judge.values import check_same


def call(function, *args, to_ref=lambda value: None, from_ref=None):
    """`function(*args)`, where the function sees what crossed and the caller what came back."""
    mine = Known(args)
    theirs = decode(encode(args))
    before = snapshot(theirs)
    result = function(*theirs)
    reply = encode_result((result, changes(before, theirs)), before, to_ref=to_ref)
    options = {} if from_ref is None else {"from_ref": from_ref}
    result, done = decode_result(reply, mine, **options)
    apply(done, mine)
    return result


def quiet(function):
    """The same function without a result."""

    def call(*args):
        function(*args)

    return call


# In place


def set_items(a):
    a["x"].append(a["y"])
    a["y"] = [a["x"]]
    del a["z"]


def in_a_deep_place(a):
    a[0][1]["k"][0].mul_(3)


def orders(a):
    a.move_to_end("x")
    a["y"] += 1


def counts(a):
    a["x"] += 2
    a["new"] = 1


def window(a):
    a.append(3)


CALLS = {
    "add_": (lambda a: a.add_(1), lambda: torch.ones(3)),
    "item": (lambda a: a.__setitem__((0, 1), 9), lambda: torch.zeros(2, 2)),
    "through a view": (lambda a: a.t()[0].fill_(5), lambda: torch.zeros(3, 2)),
    "a transposed tensor": (lambda a: a.mul_(2), lambda: torch.arange(6.0).reshape(2, 3).t()),
    "every other column": (lambda a: a.mul_(2), lambda: torch.arange(12).reshape(3, 4)[:, ::2]),
    "a whole expanded tensor": (lambda a: a[0].fill_(2), lambda: torch.zeros(1, 3).expand(2, 3)),
    "nan": (lambda a: a.fill_(math.nan), lambda: torch.ones(2, dtype=torch.bfloat16)),
    "conjugated": (lambda a: a.mul_(1j), lambda: torch.ones(2, dtype=torch.complex64).conj()),
    "boolean": (lambda a: a.logical_not_(), lambda: torch.ones(2) > 0),
    "0-d": (lambda a: a.sub_(1), lambda: torch.tensor(5)),
    "an array": (lambda a: a.__iadd__(1), lambda: np.arange(6).reshape(2, 3)),
    "a reversed array": (lambda a: a.__imul__(2), lambda: np.arange(6.0)[::-2]),
    "a bytearray": (lambda a: a.extend(b"x"), lambda: bytearray(b"abc")),
    "a set": (lambda a: a.update({3, "x"}), lambda: {1, 2}),
    "a dict of lists": (set_items, lambda: {"x": [1], "y": {"in": 2}, "z": 0}),
    "an ordered dict": (orders, lambda: collections.OrderedDict(x=1, y=2)),
    "a counter": (counts, lambda: collections.Counter("xxy")),
    "a bounded deque": (window, lambda: collections.deque([1, 2], 2)),
    "deep inside": (in_a_deep_place, lambda: [({}, {"k": [torch.ones(2)]})]),
    "sort": (lambda a: a.sort(), lambda: [3, 1, 2]),
    "clear": (lambda a: a.clear(), lambda: {"a": torch.ones(1)}),
    "resize_ smaller": (lambda a: a.resize_(1, 2), lambda: torch.arange(4.0)),
    "resize_ larger": (lambda a: a.resize_(6).zero_(), lambda: torch.arange(4.0)),
    "data": (lambda a: setattr(a, "data", torch.eye(3)), lambda: torch.ones(2)),
    "t_": (lambda a: a.t_().add_(1), lambda: torch.arange(6).reshape(2, 3)),
    "set_": (lambda a: a.set_(torch.arange(3.0)), lambda: torch.ones(2)),
    "requires_grad_": (lambda a: a.requires_grad_(), lambda: torch.ones(2)),
    "no gradient any more": (
        lambda a: a.requires_grad_(False),
        lambda: torch.ones(2, requires_grad=True),
    ),
    "backward": (lambda a: (a**2).sum().backward(), lambda: torch.ones(2, requires_grad=True)),
    "an optimiser's step": (
        lambda a: [a.sum().backward(), torch.optim.SGD([a], 0.5, 0.9).step()],
        lambda: torch.nn.Parameter(torch.ones(3)),
    ),
}


@pytest.mark.parametrize(("function", "make"), CALLS.values(), ids=CALLS.keys())
def test_as_if_at_home(function, make):
    here, there = make(), make()
    function(here)
    call(quiet(function), there)
    check_same(here, there)
    with pytest.raises(AssertionError):  # this test bites: something did change
        check_same(make(), there)


def test_a_second_gradient_is_added_to_the_first():
    weight = torch.nn.Parameter(torch.ones(2))
    weight.sum().backward()
    first = weight.grad
    call(lambda w: (3 * w).sum().backward(), weight)
    assert weight.grad is first
    assert first.tolist() == [4, 4]
    call(lambda w: setattr(w, "grad", None), weight)
    assert weight.grad is None


def test_an_autograd_result_in_an_argument():
    """What an in-place operation under autograd wrote goes through to_ref like any other result."""
    table = {}

    def to_ref(value):
        table[0] = value
        return Ref("tracked", 0, {"value": value.detach()})

    state = torch.zeros(2)
    weight = torch.ones(2, requires_grad=True)
    made = []

    def from_ref(ref):
        made.append(ref.meta["value"].requires_grad_())
        return made[0]

    add = quiet(lambda h, w: h.add_(w * 3))
    call(add, state, weight, to_ref=to_ref, from_ref=from_ref)
    assert state.tolist() == [3, 3]
    assert table[0].grad_fn is not None
    state.sum().backward()
    assert made[0].grad.tolist() == [1, 1]


def test_a_generator_is_where_the_call_left_it():
    ours, same = torch.Generator().manual_seed(5), torch.Generator().manual_seed(5)
    drawn = call(lambda g: torch.rand(3, generator=g), ours)
    assert torch.equal(drawn, torch.rand(3, generator=same))
    assert torch.equal(torch.rand(3, generator=ours), torch.rand(3, generator=same))


def test_nothing_changed_is_nothing_said():
    args = (torch.ones(3), [1, {"a": {2}}], np.ones(2), torch.Generator(), bytearray(b"a"))
    theirs = decode(encode(args))
    before = snapshot(theirs)
    theirs[0].clone().add_(1)
    list(theirs[1]).append(1)
    assert changes(before, theirs) == []
    leaf = torch.ones(2, requires_grad=True)
    tracked = [leaf, leaf * 2, (leaf * 2).view(1, 2)]  # as from_ref may give them
    before = snapshot(tracked)
    sum(each.sum() for each in tracked).sin()
    assert changes(before, tracked) == []


def test_a_change_costs_no_unrelated_memory():
    """A tensor that did not change is not written: autograd's version counter stays."""
    kept, changed = torch.ones(3), torch.ones(3)
    version = kept._version, changed._version
    call(quiet(lambda a, b: b.add_(1)), kept, changed)
    assert (kept._version, changed._version > version[1]) == (version[0], True)


# Aliases


def test_a_change_is_seen_through_every_alias():
    base = torch.arange(12.0).reshape(3, 4)
    row, column, numbers = base[1], base[:, 2], base.numpy()
    call(lambda row: row.fill_(-1), row)
    assert base[1].tolist() == [-1] * 4
    assert column.tolist() == [2, -1, 10]
    assert numbers[1, 0] == -1


def test_arguments_that_share_memory_share_it_there():
    base = torch.zeros(2, 3)

    def write(whole, row, array):
        row[0] = 5
        array[1, 1] = 7
        return whole.sum().item()

    assert call(write, base, base[0], base.numpy()) == 12
    assert base.tolist() == [[5, 0, 0], [0, 7, 0]]


def test_the_caller_gets_its_own_objects_back():
    tensor, items, table = torch.ones(2), [1], {"x": 2}
    array, generator = np.ones(2), torch.Generator()
    got = call(lambda *args: [args, args[2], args[0]], tensor, items, table, array, generator)
    for mine, back in zip((tensor, items, table, array, generator), got[0], strict=True):
        assert back is mine
    assert got[1] is table
    assert got[2] is tensor


def test_a_new_container_in_an_argument_is_the_result_too():
    items: list = []

    def work(items):
        items.append({"new": items})
        return items[0]

    got = call(work, items)
    assert items[0] is got
    assert got["new"] is items


@pytest.mark.parametrize(
    "view",
    [
        lambda a: a[1:, 1:],
        lambda a: a.t(),
        lambda a: a[:, ::2],
        lambda a: a.view(torch.int32)[0],
        lambda a: a.numpy()[::-1],
        lambda a: a.unfold(1, 2, 1),
        lambda a: a[None].expand(3, -1, -1),
        lambda a: a.detach(),
    ],
)
def test_a_view_of_an_argument_is_a_view_of_the_callers(view):
    big = torch.arange(60, dtype=torch.int64).reshape(6, 10)
    mine = big[1:5, 2:8]
    got = call(view, mine)
    check_same(view(mine), got)
    mine.fill_(-1)
    assert (np.asarray(got) == np.asarray(view(mine))).all()


@pytest.mark.parametrize("view", [lambda a: a[::2, ::-1], lambda a: torch.from_numpy(a)[1]])
def test_a_view_of_an_array_is_one_of_the_callers(view):
    mine = np.arange(20).reshape(5, 4)
    got = call(view, mine)
    mine += 100
    assert (np.asarray(got) == np.asarray(view(mine))).all()


def test_a_read_only_array_stays_read_only():
    mine = np.frombuffer(bytes(range(8)), np.uint8)
    got = call(lambda a: [a, a[2:], torch.from_numpy(a)[1:]], mine)
    assert got[0] is mine
    assert not got[1].flags.writeable
    assert np.shares_memory(mine, got[1])
    got[2].fill_(9)
    assert mine.tolist() == list(range(8))


def test_data_and_a_view_of_it_share_memory():
    mine = torch.ones(2)
    old = mine.view(2)

    def swap(a):
        a.data = torch.arange(4.0)
        return a, a[1:]

    same, tail = call(swap, mine)
    assert same is mine
    mine[1] = 9
    assert tail.tolist() == [9, 2, 3]
    assert old.tolist() == [1, 1]


def test_arguments_may_change_during_the_call():
    """A callback of the caller's works on the originals; the places are those of the departure."""
    args = ([1], [2])
    mine = Known(args)
    theirs = decode(encode(args))
    before = snapshot(theirs)
    theirs[1].append(3)
    args[0].insert(0, {"late": []})
    _, done = decode_result(encode_result((None, changes(before, theirs)), before), mine)
    apply(done, mine)
    assert args == ([{"late": []}, 1], [2, 3])


def test_a_callback_in_the_middle_of_a_call():
    """Changes go over with the callback, come back with its answer, and are told only once."""
    log: list = []
    args = (torch.zeros(2), log)
    mine = snapshot(args)
    theirs = decode(encode(args))
    before = snapshot(theirs)
    theirs[0].add_(1)
    theirs[0].data = theirs[0].repeat(2)
    asked = encode_result(((theirs[0],), changes(before, theirs)), before)
    before.refresh()

    (given,), done = decode_result(asked, mine)
    apply(done, mine)
    mine.refresh()
    assert given is args[0]
    assert given.tolist() == [1, 1, 1, 1]
    given.mul_(3)
    log.append(given[1:])
    answer = encode_result((None, changes(mine, args)), mine)
    mine.refresh()

    apply(decode_result(answer, before)[1], before)
    before.refresh()
    assert theirs[0].tolist() == [3, 3, 3, 3]
    theirs[1][0][0] = 8
    assert theirs[0].tolist() == [3, 8, 3, 3]
    back, done = decode_result(encode_result((theirs[1][0], changes(before, theirs)), before), mine)
    assert [change[0] for change in done] == ["fill"]
    apply(done, mine)
    assert args[0].tolist() == [3, 8, 3, 3]
    assert back.tolist() == log[0].tolist() == [8, 3, 3]


def test_an_argument_that_lies_differently_over_there():
    """A reference may come to life as another tensor: then a view of it means something else."""
    weight = torch.arange(6.0).requires_grad_()
    args = ((weight * 1).reshape(2, 3).t(),)
    message = encode(args, to_ref=lambda value: Ref("tracked", 0, {"value": value.detach()}))
    for over_there, fits in (lambda t: t, True), (lambda t: t.contiguous(), False):
        theirs = decode(message, from_ref=lambda ref, f=over_there: f(ref.meta["value"]))
        reply = encode_result(theirs[0][1], snapshot(theirs))
        if fits:
            assert decode_result(reply, args).tolist() == [1, 4]
        else:
            with pytest.raises(CodecError, match="does not lie in memory"):
                decode_result(reply, args)


nodes = st.recursive(
    st.one_of(st.integers(0, 9).map(lambda n: torch.arange(float(n))), st.integers(), st.text()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.text(max_size=2), inner, max_size=4),
        st.tuples(inner, inner),
    ),
    max_leaves=15,
)


def stir(root: object, luck) -> None:
    """Changes things all over a graph: numbers, items, places of items, new aliases."""
    seen, todo = [], [root]
    while todo:
        value = todo.pop()
        if any(value is each for each in seen):
            continue
        if isinstance(value, list | dict | tuple | torch.Tensor):
            seen.append(value)
        if isinstance(value, list | tuple):
            todo.extend(value)
        elif isinstance(value, dict):
            todo.extend(value.values())
    for value in seen:
        act = luck.randrange(5)
        other = seen[luck.randrange(len(seen))]
        if isinstance(value, torch.Tensor) and act < 2:
            value.add_(1)
        elif isinstance(value, list) and act == 0:
            value.append(other)
        elif isinstance(value, list) and act == 1 and value:
            value.pop(0)
        elif isinstance(value, dict) and act == 2:
            value["new"] = [other]


@given(nodes, st.integers(0, 2**16))
@settings(max_examples=200, deadline=None)
def test_any_graph_is_left_as_at_home(graph, seed):
    import random

    here, there = copy.deepcopy(graph), graph
    stir(here, random.Random(seed))
    try:
        call(lambda a: stir(a, random.Random(seed)), there)
    except CodecError as error:
        assert "contains itself" in error.args[0]  # a tuple, through a list that got it appended
        return
    check_same(here, there)


# What cannot be written back, or does not fit


def test_what_cannot_be_written_back_is_said():
    def reshape(a):
        a.shape = (4,)

    def track(a):
        w = torch.ones(2, 3, requires_grad=True)
        a.mul_(w).t_()

    for function, arg in [(reshape, np.ones((2, 2))), (track, torch.ones(2, 3))]:
        with pytest.raises(CodecError, match="in place"):
            call(function, arg)
    with pytest.raises(CodecError, match="not the arguments"):
        changes(snapshot([1]), [1])


def court() -> tuple:
    fixed = np.ones(2)
    fixed.flags.writeable = False
    leaf = torch.ones(2, requires_grad=True)
    return (torch.ones(2), [1], {"a": 1}, {1}, bytearray(b"a"), torch.Generator(), fixed,
            leaf, leaf * 2, len, np.ones(3), collections.deque([1], 1))  # fmt: skip


# Places: 0 the tuple itself, then the arguments in order.
T, L, D, S, B, G, READ_ONLY, LEAF, MADE, OPAQUE, A, Q = range(1, 13)


@pytest.mark.parametrize(
    "done",
    [
        None,
        (),
        [1],
        [("fill", T)],
        [["fill", T, torch.ones(2)]],
        [("fill", "1", torch.ones(2))],
        [("fill", True, torch.ones(2))],
        [("fill", -1, torch.ones(2))],
        [("fill", 99, torch.ones(2))],
        [("eval", T, "1")],
        [("__class__", T, int)],
        [("fill", T, torch.ones(2))] * 2,
        [("fill", T, torch.ones(3))],
        [("fill", T, torch.ones(1))],
        [("fill", T, torch.ones(2).double())],
        [("fill", T, np.ones(2, np.float32))],
        [("fill", T, 1.0)],
        [("fill", A, torch.ones(3).double())],
        [("fill", A, np.ones(3, np.float32))],
        [("fill", A, np.ones((3, 1)))],
        [("fill", READ_ONLY, np.zeros(2))],
        [("fill", L, [2])],
        [("fill", OPAQUE, torch.ones(2))],
        [("data", L, torch.ones(2))],
        [("data", T, torch.ones(2, requires_grad=True))],
        [("data", T, np.ones(2))],
        [("data", A, np.ones(3))],
        [("requires_grad", T, 1)],
        [("requires_grad", MADE, False)],
        [("requires_grad", L, True)],
        [("grad", T, torch.ones(3))],
        [("grad", T, torch.ones(2).double())],
        [("grad", T, [1.0, 1.0])],
        [("grad", MADE, torch.ones(2))],
        [("grad", OPAQUE, None)],
        [("items", L, (1,))],
        [("items", L, {"a": 1})],
        [("items", D, [("a", 1)])],
        [("items", S, [1])],
        [("items", B, [1])],
        [("items", B, bytearray(b"x"))],
        [("items", 0, [1])],
        [("items", T, [1.0, 1.0])],
        [("items", Q, [1, 2])],
        [("items", OPAQUE, [1])],
        [("state", G, b"abc")],
        [("state", G, bytes(5056))],
        [("state", G, torch.Generator().get_state())],
        [("state", T, b"abc")],
        [("items", L, [2]), ("fill", T, torch.ones(3))],
    ],
    ids=str,
)
def test_a_description_that_does_not_fit(done):
    args = court()
    state = args[G - 1].get_state()
    with pytest.raises(CodecError) as error:
        apply(done, args)
    assert len(error.value.args) == 1
    check_same(court()[: G - 1], args[: G - 1])  # nothing was written
    assert torch.equal(args[G - 1].get_state(), state)


def test_the_far_side_sees_only_the_elements_of_an_argument():
    """A view that looks between an argument's columns, where the expected values may lie."""
    table = torch.arange(12.0).reshape(3, 4)
    mine = (table[:, :3],)
    theirs = decode(encode(mine))
    assert 3.0 not in theirs[0].as_strided((11,), (1,))
    before = Known(theirs)
    whole = theirs[0].as_strided((11,), (1,))
    own = encode_result(whole, before)
    got = decode_result(own, Known(mine))
    assert got.untyped_storage().data_ptr() != table.untyped_storage().data_ptr()
    # The same, by hand: the honest view says «3 columns»; make it say 4.
    honest = bytearray(encode_result(theirs[0].as_strided((2, 3), (4, 1)), before))
    assert decode_result(honest, Known(mine)).data_ptr() == table.data_ptr()
    shape = struct.pack("<4q", 2, 3, 16, 4)
    at = honest.index(shape)
    honest[at + 8] = 4
    with pytest.raises(CodecError, match="outside of an argument"):
        decode_result(honest, Known(mine))


def test_a_view_of_an_argument_without_memory():
    mine = ([1], torch.ones(4))
    reply = bytearray(encode_result(mine[1][1:], Known(mine)))
    # A float32 tensor of one dimension that looks into place 2.
    at = reply.index(bytes([0, 0, 1, 2 * 2 + 1, 0, 0, 0]))
    for place in (0, 1, 3, 60):
        reply[at + 3] = 2 * place + 1
        with pytest.raises(CodecError, match="argument"):
            decode_result(reply, Known(mine))
    reply[at + 3] = 2 * 2 + 1
    assert decode_result(reply, Known(mine)).tolist() == [1, 1, 1]


def test_both_sides_must_hold_the_same_arguments():
    message = encode_result(1, Known([[1], torch.ones(2)]))
    for other in ([[1]], [torch.ones(2), [1]], [[1], [2]]):
        with pytest.raises(CodecError, match="do not hold the same arguments"):
            decode_result(message, Known(other))
    with pytest.raises(CodecError):
        decode(message)
    with pytest.raises(CodecError):
        decode_result(encode(1), Known([]))

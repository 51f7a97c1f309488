"""Any bytes at all: CodecError or a plain value, never another error, nothing outside touched.

3,000 broken messages in `make test`, 200,000 in `make soak`.
"""

from __future__ import annotations

import collections
import random

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
from autograder.judge.codec.wire import MAGIC, MAGIC_KNOWN
from autograder.judge.writeback import apply, changes, snapshot
from tests.judge.values import Point

FEW, MANY = 3_000, 200_000
REF = object()


def whole() -> list:
    """One value of every kind that the format knows."""
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    weight = torch.nn.Parameter(torch.ones(2, 2))
    weight.grad = torch.full((2, 2), 3.0)
    shared = [base, base.t(), base[1:, ::2], base.expand(2, 4, 6), base.numpy()[::-1]]
    value = [
        None, True, False, ..., 1, -(2**80), 1.5, float("nan"), 2j, "한글", "a\ud800", b"bytes",
        bytearray(b"abc"), (1, (2, 3)), Point(1, "y"), {1, 2, "x"}, frozenset({(1, 2)}),
        {"k": 1, (1, 2): [3]}, collections.OrderedDict(a=1), collections.Counter("aab"),
        collections.defaultdict(list, a=[1]), collections.deque([1, 2], 5), slice(1, None, 2),
        range(1, 9, 2), torch.Size([2, 3]), torch.bfloat16, torch.device("cuda", 1), torch.strided,
        torch.channels_last, np.dtype(">f4"), np.int16, np.float32(2.5), np.bool(True),
        base.max(1), shared, weight, weight.grad, torch.ones(3) > 0, torch.ones(2).bfloat16(),
        torch.ones(2, dtype=torch.complex64).conj(), torch.empty(0, 3), np.array(True),
        np.asfortranarray(np.ones((2, 3))), REF, list(range(20)), (0.5,) * 20,
    ]  # fmt: skip
    value.append(value)
    return value


def parts() -> list[bytes]:
    """Messages to break: the whole, and each of its values alone, where a byte counts for more."""
    value = whole()

    def to_ref(value: object) -> Ref | None:
        return Ref("object", 7, {"name": "f", "x": torch.ones(1)}) if value is REF else None

    return [encode(each, to_ref=to_ref) for each in [value, *value[:-1], torch.Generator()]]


def broken(message: bytes, others: list[bytes], luck: random.Random) -> bytes:
    """A message with one to four things wrong; its magic mostly kept."""
    data = bytearray(message)
    for _ in range(luck.choice((1, 1, 2, 4))):
        at = luck.randrange(5 if luck.random() < 0.98 and len(data) > 5 else 0, len(data) + 1)
        how = luck.randrange(8)
        if how == 0:
            del data[at:]
        elif how == 1:
            data[at : at + luck.randrange(1, 9)] = b""
        elif how == 2:
            data[at:at] = luck.randbytes(luck.randrange(1, 9))
        elif how == 3:
            other = luck.choice(others)
            start = luck.randrange(len(other))
            data[at:at] = other[start : start + luck.randrange(1, 40)]
        elif how == 4:
            data[at:at] = b"\xff" * luck.randrange(1, 10)
        elif at < len(data):
            if how == 5:
                data[at] ^= 1 << luck.randrange(8)
            elif how == 6:
                data[at] = luck.choice((0, 1, 2, 35, 36, 127, 128, 255))
            else:
                data[at] = (data[at] + luck.choice((-1, 1))) % 256
        if not data:
            break
    return bytes(data)


def survives(data: bytes) -> bool:
    """Whether the bytes are a message. Anything but a CodecError ends the test."""
    try:
        value = decode(data, from_ref=lambda ref: REF)
    except CodecError:
        return False
    try:  # what was read can be written: it is plain data through and through
        encode(value, to_ref=lambda value: Ref("object", 7) if value is REF else None)
    except CodecError as error:
        assert "cannot cross" not in error.args[0]
    return True


def attack(count: int, seed: int) -> None:
    luck, messages = random.Random(seed), parts()
    assert all(survives(message) for message in messages)
    alive = 0
    for _ in range(count):
        alive += survives(broken(luck.choice(messages), messages, luck))
    # Both ends of the decoder are reached: messages that fail, and ones that still mean something.
    assert count * 0.02 < alive < count * 0.8


class Court:
    """Arguments in the middle of larger memory, and a call that changes all of them."""

    def __init__(self) -> None:
        self.memory = torch.arange(200, dtype=torch.float32)
        self.numbers = np.arange(100)
        weight = torch.ones(3, requires_grad=True)
        self.args = (
            self.memory[50:80].reshape(5, 6)[:, :4],  # its gaps belong to nobody else
            self.memory[100:110],
            self.numbers[20:40:2],
            [1, {"k": weight}, bytearray(b"abc")],
            {1, 2},
            torch.Generator().manual_seed(1),
        )
        self.known = Known(self.args)

    def outside(self) -> tuple[list, list]:
        """All numbers that are no argument's."""
        mask = torch.ones(200, dtype=torch.bool)
        mask[50:80].reshape(5, 6)[:, :4] = False
        mask[100:110] = False
        there = np.ones(100, bool)
        there[20:40:2] = False
        return self.memory[mask].tolist(), self.numbers[there].tolist()

    @staticmethod
    def answer(message: bytes) -> bytes:
        """What an honest student process sends back."""
        args = decode(message)
        before = snapshot(args)
        a, b, c, d, e, f = args
        a[1] += 1
        b.data = torch.ones(4)
        c[::2] = 5
        (d[1]["k"] ** 2).sum().backward()
        d[1]["new"] = a[2]
        d[2] += b"d"
        e.add(a.shape)
        torch.rand(3, generator=f)
        return encode_result(((a.t(), b, c[1:], d, e), changes(before, args)), before)


def attack_answers(count: int, seed: int) -> None:
    luck, court = random.Random(seed), Court()
    outside = court.outside()
    message = court.answer(encode(court.args))
    alive = 0
    for turn in range(count + 1):
        data = broken(message, [message], luck) if turn else message
        try:
            got = decode_result(data, court.known)
        except CodecError:
            continue
        if type(got) is not tuple or len(got) != 2:
            continue
        value, done = got
        try:
            apply(done, court.known)
            alive += 1
        except CodecError:
            pass
        for each in Known(value).objects:
            if isinstance(each, torch.Tensor) and each.dtype is torch.float32 and each.is_leaf:
                each.detach().fill_(-7)  # the judge goes on with what it got
        assert court.outside() == outside
        court = Court()
    assert alive > 1


def test_broken_messages():
    attack(FEW, seed=1)


def test_broken_answers_touch_nothing_but_the_arguments():
    attack_answers(FEW // 6, seed=1)


@pytest.mark.soak
@pytest.mark.parametrize("seed", [10, 11, 12, 13])
def test_many_broken_messages(seed):
    attack(MANY // 4, seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", [10, 11])
def test_many_broken_answers(seed):
    attack_answers(MANY // 20, seed)


@given(st.sampled_from([b"", MAGIC, MAGIC_KNOWN]), st.binary(max_size=300))
@settings(deadline=None)
def test_any_bytes(magic, data):
    survives(magic + data)


@given(st.lists(st.integers(0, 40), max_size=60))
@settings(deadline=None, max_examples=300)
def test_any_tags(tags):
    """No view, no storage, and a graph of small numbers: most are tags, sizes and places at once."""
    survives(MAGIC + bytes([0, 0, *tags]))


def test_every_truncation():
    for message in parts():
        for end in range(len(message)):
            with pytest.raises(CodecError):
                decode(message[:end], from_ref=lambda ref: REF)

"""Values that cross the wall, as Hypothesis makes them, and what «the same» means for them."""

from __future__ import annotations

import collections
import math

import numpy as np
import torch
from hypothesis import strategies as st

from autograder.judge.codec import tables

TORCH_DTYPES = [dtype for dtype in tables.TORCH_DTYPES if dtype is not None]
NUMPY_DTYPES = [dtype.newbyteorder(order) for dtype in tables.NUMPY_DTYPES for order in "=>"]
Point = collections.namedtuple("Point", "x y")

text = st.text(st.characters(), max_size=20)  # surrogates too
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.integers(-(2**200), 2**200), st.floats(),
    st.complex_numbers(), text, st.binary(max_size=40), st.just(...),
    st.sampled_from(TORCH_DTYPES), st.sampled_from(NUMPY_DTYPES),
    st.sampled_from([torch.device("cpu"), torch.device("cuda", 3), torch.strided]),
    st.sampled_from([torch.channels_last, torch.contiguous_format, np.float32, np.bool]),
    st.builds(torch.Size, st.lists(st.integers(0, 9), max_size=4)),
    st.builds(range, st.integers(), st.integers(), st.integers(1)),
)  # fmt: skip
hashables = st.recursive(
    st.one_of(st.integers(), text, st.booleans(), st.none(), st.floats(allow_nan=False)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(tuple), st.frozensets(inner, max_size=3)
    ),
    max_leaves=6,
)


def _raw(dtype: torch.dtype | np.dtype, count: int, seed: int) -> bytes:
    """`count` elements of any bit patterns (of a boolean: the two that there are)."""
    top = 2 if dtype in (torch.bool, np.dtype("bool")) else 256
    random = np.random.default_rng(seed)
    return random.integers(0, top, count * dtype.itemsize, np.uint8).tobytes()


@st.composite
def tensors(draw) -> torch.Tensor:
    """Of every dtype, contiguous or not, expanded, empty, 0-d, conjugated, with a gradient or not."""
    dtype = draw(st.sampled_from(TORCH_DTYPES))
    shape = draw(st.lists(st.integers(0, 5), max_size=4))
    data = bytearray(_raw(dtype, max(math.prod(shape), 1), draw(st.integers(0, 99))))
    tensor = torch.frombuffer(data, dtype=dtype)[: math.prod(shape)].reshape(shape).clone()
    for _ in range(draw(st.integers(0, 2))):
        how = draw(st.sampled_from(["t", "step", "slice", "expand", "conj", "neg", "window"]))
        if how == "t" and tensor.dim() > 1:
            tensor = tensor.transpose(0, -1)
        elif how == "step" and tensor.dim():
            tensor = tensor[..., ::2]
        elif how == "slice" and tensor.dim():
            tensor = tensor[1:]
        elif how == "expand":
            tensor = tensor.expand(3, *tensor.shape)
        elif how == "conj" and dtype.is_complex:
            tensor = tensor.conj()
        elif how == "neg" and dtype in (torch.float32, torch.int64, torch.complex64):
            tensor = torch._neg_view(tensor)
        elif how == "window" and tensor.dim() == 1 and len(tensor) > 2:
            tensor = tensor.unfold(0, 2, 1)
    if (dtype.is_floating_point or dtype.is_complex) and dtype.itemsize > 1:
        tensor = tensor.detach().requires_grad_(draw(st.booleans()))
    return torch.nn.Parameter(tensor, False) if draw(st.integers(0, 5)) == 0 else tensor


@st.composite
def arrays(draw) -> np.ndarray:
    """Of every dtype and byte order, C and Fortran order, reversed, broadcast, read-only."""
    dtype = draw(st.sampled_from(NUMPY_DTYPES))
    shape = tuple(draw(st.lists(st.integers(0, 5), max_size=4)))
    raw = _raw(dtype, math.prod(shape), draw(st.integers(0, 99)))
    array = np.frombuffer(raw, dtype).reshape(shape, order=draw(st.sampled_from("CF"))).copy("K")
    how = draw(st.sampled_from(["", "T", "reverse", "step", "broadcast", "read-only"]))
    if how == "T":
        array = array.T
    elif how == "reverse" and array.ndim:
        array = array[::-1, ...]
    elif how == "step" and array.ndim:
        array = array[..., ::-2]
    elif how == "broadcast":
        array = np.broadcast_to(array, (2, *shape))
    elif how == "read-only":
        array.flags.writeable = False
    return array


numpy_scalars = st.builds(
    lambda dtype, seed: np.frombuffer(_raw(dtype, 1, seed), dtype)[0],
    st.sampled_from(tables.NUMPY_DTYPES),
    st.integers(0, 99),
)
leaves = st.one_of(scalars, tensors(), arrays(), numpy_scalars, st.binary().map(bytearray))
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.builds(Point, inner, inner),
        st.dictionaries(hashables, inner, max_size=4),
        st.dictionaries(hashables, inner, max_size=3).map(collections.OrderedDict),
        st.dictionaries(hashables, st.integers(), max_size=3).map(collections.Counter),
        st.builds(lambda d: collections.defaultdict(list, d), st.dictionaries(hashables, inner)),
        st.builds(lambda items: collections.deque(items, 9), st.lists(inner, max_size=4)),
        st.sets(hashables, max_size=4),
        st.frozensets(hashables, max_size=4),
        st.builds(slice, inner, st.integers(), st.none()),
        st.lists(inner, min_size=1, max_size=3).map(lambda items: [*items, items, items[0]]),
    ),
    max_leaves=12,
)


def _bits(array: np.ndarray) -> bytes:
    if array.dtype.kind in "fc" and array.dtype.itemsize in (16, 32) and array.dtype.char in "gG":
        return repr(array.tolist()).encode()  # a longdouble's padding means nothing
    return np.ascontiguousarray(array).tobytes()


def _tensor_bits(tensor: torch.Tensor) -> bytes:
    flat = tensor.detach().resolve_conj().resolve_neg().flatten()
    # Not `contiguous`: that leaves a single element its stride, whatever it is.
    plain = torch.empty(flat.shape, dtype=flat.dtype).copy_(flat)
    return plain.view(torch.uint8).numpy().tobytes() if plain.numel() else b""


def _strides(shape: tuple, strides: tuple) -> list[int]:
    return [stride for size, stride in zip(shape, strides, strict=True) if size > 1]


_WITH_IDENTITY = (list, dict, set, tuple, torch.Tensor, np.ndarray, bytearray, collections.deque)


def _is_empty_tuple(value: object) -> bool:
    return isinstance(value, tuple) and not value


def check_same(one: object, other: object) -> None:
    """Asserts that a value survived: type, content bit by bit, dtype, strides, gradient, aliasing.

    `one` is what was sent. Nodes are paired on the way, so that two that are one object on one side
    must be one on the other.
    """
    pairs: dict[int, int] = {}
    back: dict[int, int] = {}
    keep: list[object] = []

    def look(a: object, b: object) -> None:
        if isinstance(a, _WITH_IDENTITY) and type(a) is not torch.Size and not _is_empty_tuple(a):
            if id(a) in pairs:
                assert pairs[id(a)] == id(b)
                return
            assert id(b) not in back
            pairs[id(a)], back[id(b)] = id(b), id(a)
            keep.extend((a, b))
        if isinstance(a, torch.Tensor):
            assert type(a) is type(b)
            assert (a.dtype, a.shape, a.requires_grad) == (b.dtype, b.shape, b.requires_grad)
            assert (a.is_conj(), a.is_neg(), a.is_leaf) == (b.is_conj(), b.is_neg(), b.is_leaf)
            if a.numel():
                assert _strides(a.shape, a.stride()) == _strides(b.shape, b.stride())
            assert _tensor_bits(a) == _tensor_bits(b)
            assert (a.grad is None) == (b.grad is None)
            if a.grad is not None:
                look(a.grad, b.grad)
        elif isinstance(a, np.ndarray):
            assert (a.dtype, a.shape, a.flags.writeable) == (b.dtype, b.shape, b.flags.writeable)
            if a.size:
                assert _strides(a.shape, a.strides) == _strides(b.shape, b.strides)
            assert _bits(a) == _bits(b)
        elif isinstance(a, np.generic):
            assert type(a) is type(b)
            assert _bits(np.asarray(a)) == _bits(np.asarray(b))
        elif isinstance(a, tuple) and not isinstance(a, torch.Size):
            fields = getattr(type(a), "_fields", None)
            assert fields == getattr(type(b), "_fields", None)
            assert len(a) == len(b)
            for x, y in zip(a, b, strict=True):
                look(x, y)
        elif isinstance(a, list | collections.deque):
            assert type(a) is type(b)
            assert len(a) == len(b)
            assert getattr(a, "maxlen", None) == getattr(b, "maxlen", None)
            for x, y in zip(a, b, strict=True):
                look(x, y)
        elif isinstance(a, dict):
            assert type(a) is type(b)
            assert list(a) == list(b)
            assert [type(key) for key in a] == [type(key) for key in b]
            assert getattr(a, "default_factory", None) is getattr(b, "default_factory", None)
            for key in a:
                look(a[key], b[key])
        elif isinstance(a, slice):
            for part in ("start", "stop", "step"):
                look(getattr(a, part), getattr(b, part))
        elif isinstance(a, float):
            assert type(a) is type(b)
            assert repr(a) == repr(b)
        elif isinstance(a, complex):
            assert repr(a) == repr(b)
        else:
            assert type(a) is type(b)
            assert a == b

    look(one, other)

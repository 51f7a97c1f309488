"""Names that may cross, as closed tables: a place in a table is all that a message ever says.

The places are part of the format: append, never reorder. None marks what this torch or numpy lacks.
"""

from __future__ import annotations

import numpy as np
import torch

from autograder.judge.codec.common import CodecError


def _of_torch(names: str, kind: type) -> tuple[object | None, ...]:
    found = (getattr(torch, name, None) for name in names.split())  # names of ours, not received
    return tuple(value if isinstance(value, kind) else None for value in found)


TORCH_DTYPES = _of_torch(
    "float32 float64 float16 bfloat16 complex64 complex128 complex32 "
    "bool uint8 int8 int16 int32 int64 uint16 uint32 uint64 "
    "float8_e4m3fn float8_e5m2 float8_e4m3fnuz float8_e5m2fnuz float8_e8m0fnu",
    torch.dtype,
)
LAYOUTS = _of_torch("strided sparse_coo sparse_csr sparse_csc sparse_bsr sparse_bsc", torch.layout)
MEMORY_FORMATS = _of_torch(
    "contiguous_format channels_last channels_last_3d preserve_format", torch.memory_format
)
DEVICES = ("cpu", "cuda", "mps", "xpu", "meta")

_NUMPY_NAMES = (
    "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 "
    "float16 float32 float64 longdouble complex64 complex128 clongdouble"
).split()
NUMPY_DTYPES = tuple(np.dtype(name) for name in _NUMPY_NAMES)

# The words of which the peers' own messages are made (autograder.judge.peer).
WORDS = (
    "op args value gradients id target special kwargs inputs modes banned called error outputs flows "
    "outs params tape live call pull get set step copy parameters lookup carry cell name more names "
    "found module run home number base grad inference dtype fill data requires_grad items state bound _"
).split()

# What a defaultdict may make.
FACTORIES = (None, int, float, complex, bool, str, bytes, list, tuple, set, dict)

WORD_PLACE = {word: place for place, word in enumerate(WORDS)}
_TORCH_PLACE = {dtype: place for place, dtype in enumerate(TORCH_DTYPES) if dtype is not None}
_LAYOUT_PLACE = {layout: place for place, layout in enumerate(LAYOUTS)}
_FORMAT_PLACE = {form: place for place, form in enumerate(MEMORY_FORMATS)}
_NUMPY_PLACE = {dtype: place for place, dtype in enumerate(NUMPY_DTYPES)}
# `longlong` is a type of its own, though it has the width of int64 (or of int32 elsewhere).
_SCALAR_PLACE = {
    np.dtype(code).type: _NUMPY_PLACE[np.dtype(f"{np.dtype(code).kind}{np.dtype(code).itemsize}")]
    for code in "bhilqBHILQ"
} | {dtype.type: place for dtype, place in _NUMPY_PLACE.items()}


def pick(table: tuple, place: int) -> object:
    """What stands at a received place; a CodecError when nothing does."""
    if place >= len(table) or (table[place] is None and table is not FACTORIES):
        raise CodecError("the message names a type that does not exist")
    return table[place]


def torch_place(dtype: torch.dtype) -> int | None:
    """The place of a dtype, None when tensors of it cannot cross."""
    return _TORCH_PLACE.get(dtype)


def layout_place(layout: torch.layout) -> int | None:
    """The place of a layout."""
    return _LAYOUT_PLACE.get(layout)


def format_place(form: torch.memory_format) -> int | None:
    """The place of a memory format."""
    return _FORMAT_PLACE.get(form)


def numpy_place(dtype: np.dtype) -> int | None:
    """The place of a numeric dtype in native byte order, None for any other."""
    if dtype.kind not in "biufc":
        return None
    return _SCALAR_PLACE.get(dtype.type)


def scalar_place(kind: type) -> int | None:
    """The place of a numpy scalar type."""
    return _SCALAR_PLACE.get(kind)

"""The table of views at the head of a message, and the storages at its end: how they are written."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autograder.judge.codec import wire
from autograder.judge.codec.common import CodecError, Limits
from autograder.judge.codec.known import Known
from autograder.judge.codec.memory import View, merge
from autograder.judge.codec.wire import put_uint


class ViewWriter:
    """Collects the memory of a message's tensors and arrays, in the order of the graph."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._views: list[View] = []
        self._heads: list[tuple[int, int]] = []  # kind of view, place of its dtype
        self._numbers = 0
        self._elements = 0
        self._bytes = 0

    def add(self, kind: int, dtype: int, view: View) -> None:
        """Takes the next view. CodecError when the limits do not allow it."""
        if len(view.shape) > wire.MAX_DIMENSIONS:
            raise CodecError(f"more than {wire.MAX_DIMENSIONS} dimensions cannot cross")
        self._numbers += wire.HEAVY + 2 * len(view.shape)
        if self._numbers > self._limits.max_items:
            raise CodecError("too many tensors and arrays")
        count = 1
        for size in view.shape:
            count *= max(size, 1)
        self._elements += count
        self._bytes += count * view.itemsize
        if self._elements > self._limits.max_tensor_elements:
            raise CodecError("too many elements in tensors and arrays")
        if self._bytes > self._limits.max_bytes or view.high - view.low > self._limits.max_bytes:
            raise CodecError("the tensors and arrays are too large to cross")
        self._views.append(view)
        self._heads.append((kind, dtype))

    def write(self, head: bytearray, known: Known | None) -> list[bytes | np.ndarray]:
        """Appends the table to the head; the storages to put at the end of the message.

        Views into the memory of known objects need no storage: they are written as such.
        """
        # The arguments' memory as it is now: a callee may have moved it.
        regions = known.regions() if known is not None and self._views else None
        looks: dict[int, tuple[int, int, int]] = {}  # view → where it looks, offset, layout
        own = []
        for i, view in enumerate(self._views):
            place = regions.find(view) if regions else None
            if place is None:
                own.append(i)
            else:
                whole = regions.views[place]
                looks[i] = (2 * place + 1, view.address - whole.address, whole.layout)
        storages = self._write_own(head, own, looks)
        put_uint(head, len(self._views))
        for i, view in enumerate(self._views):
            dimensions = len(view.shape)
            head += wire.VIEW.pack(*self._heads[i], dimensions, *looks[i])
            head += wire.NUMBERS_OF_VIEW[dimensions].pack(*view.shape, *view.strides)
        return storages

    def _write_own(
        self, head: bytearray, own: Sequence[int], looks: dict[int, tuple[int, int, int]]
    ) -> list[bytes | np.ndarray]:
        """One storage for every group of views that share memory; fills in where they look."""
        views = [self._views[i] for i in own]
        groups = merge(views)
        storages: list[bytes | np.ndarray] = []
        put_uint(head, len(groups))
        for storage, group in enumerate(groups):
            pad = group.find_pad(views)
            put_uint(head, pad + group.high - group.low)
            storages += [bytes(pad), group.gather(views)]
            for member in group.members:
                view = views[member]
                offset = view.address - group.low + pad
                if view.base is not None and offset % view.itemsize:
                    raise CodecError("a tensor in unaligned memory cannot cross")
                looks[own[member]] = (2 * storage, offset, 0)
        return storages

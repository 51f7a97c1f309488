"""Calls that an exercise forbids, caught while the student's function runs.

It works in the student's process, so code written to cheat can undo it; the syntax tree (judge.bans)
is the second line and does not run anything.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
from collections.abc import Iterator, Sequence


@functools.cache
def _resolve(dotted: str) -> tuple[object, str] | None:
    """(owner, attribute) of a dotted name such as torch.nn.functional.cross_entropy."""
    parts = dotted.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        try:
            owner = importlib.import_module(".".join(parts[:cut]))
        except ImportError:
            continue
        for part in parts[cut:-1]:
            owner = getattr(owner, part, None)
        return (owner, parts[-1]) if hasattr(owner, parts[-1]) else None
    return None


class Guard:
    """While it is up, every name in `banned` raises and is noted in `called`."""

    def __init__(self, banned: Sequence[str]) -> None:
        self.called: list[str] = []
        self._targets = [(name, found) for name in banned if (found := _resolve(name))]
        self._kept: list[tuple[object, str, object]] = []

    def _raiser(self, dotted: str):
        def forbidden(*args, **kwargs):
            self.called.append(dotted)
            raise RuntimeError(f"{dotted} may not be used in this exercise")

        return forbidden

    def _up(self) -> None:
        self._kept = [(owner, name, getattr(owner, name)) for _, (owner, name) in self._targets]
        for dotted, (owner, name) in self._targets:
            setattr(owner, name, self._raiser(dotted))

    def _down(self) -> None:
        for owner, name, value in self._kept:
            setattr(owner, name, value)
        self._kept = []

    @contextlib.contextmanager
    def up(self) -> Iterator[None]:
        """Forbids the names while it lasts."""
        self._up()
        try:
            yield
        finally:
            self._down()

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Allows them again while it lasts: our own machinery may need them."""
        was_up = bool(self._kept)
        self._down()
        try:
            yield
        finally:
            if was_up:
                self._up()

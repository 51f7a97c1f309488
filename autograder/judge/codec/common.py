"""What every part of the codec shares: its one error, its limits, a reference across the wall."""

from __future__ import annotations

from dataclasses import dataclass, field


class CodecError(ValueError):
    """A value cannot cross, or bytes are no message. `args[0]` is one English sentence."""


@dataclass(frozen=True)
class Limits:
    """How much one message may hold. Both sides check: the writer to say why, the reader to be safe.

    max_bytes: of the message, and of all tensors and arrays together at their full size.
    max_depth: containers in containers, aliases followed.
    max_items: values, where an alias counts as much as what it stands for (no «billion laughs»).
    max_tensor_elements: of all tensors and arrays together, expanded ones at their full size.
    """

    max_bytes: int = 256 * 2**20
    max_depth: int = 64
    max_items: int = 1_000_000
    max_tensor_elements: int = 64 * 2**20


@dataclass(frozen=True)
class Ref:
    """Stands for something that stays on its side.

    kind: "callable", "module", "generator", "callback", "object", …; the codec gives it no meaning.
    meta: plain data about it, encoded like any other value.
    """

    kind: str
    id: int
    meta: dict = field(default_factory=dict)

"""Parameters that live on the other side of the wall, and what one may see of them here.

The owner numbers its parameters (`Owned`) and tells with every message which of them changed. The other
side has a mirror of each: a leaf tensor that takes part in autograd here. Gradients are kept equal on both
sides. Writing into a mirror itself would change nothing over there, so it is found out and raises.
"""

from __future__ import annotations

import torch

from autograder.judge.errors import CannotCross


def _same(one: torch.Tensor | None, other: torch.Tensor | None) -> bool:
    """Equal bits, shape, dtype and need of a gradient; NaN equals itself. None equals None."""
    if one is None or other is None:
        return one is other
    return (
        one.shape == other.shape
        and one.dtype == other.dtype
        and one.requires_grad == other.requires_grad
        and bool(torch.isclose(one.detach(), other.detach(), 0, 0, equal_nan=True).all())
    )


def _copy(tensor: torch.Tensor | None) -> torch.Tensor | None:
    if tensor is None:
        return None
    return tensor.detach().clone().requires_grad_(tensor.requires_grad)


class Owned:
    """The parameters of ours that the other side has a mirror of."""

    def __init__(self) -> None:
        self._tensors: list[torch.Tensor] = []
        self._numbers: dict[int, int] = {}
        self._known: dict[
            int, tuple
        ] = {}  # what the other side takes for the value and the gradient

    def number(self, tensor: torch.Tensor) -> int:
        """The tensor's number; the same tensor (tied weights) has the same one."""
        if id(tensor) not in self._numbers:
            self._numbers[id(tensor)] = len(self._tensors)
            self._tensors.append(tensor)
        return self._numbers[id(tensor)]

    def __getitem__(self, number: int) -> torch.Tensor:
        return self._tensors[number]

    def __bool__(self) -> bool:
        return bool(self._tensors)

    def changes(self) -> dict[int, list]:
        """number → [value, gradient] of every one that the other side does not know as it is now."""
        found = {}
        for number, tensor in enumerate(self._tensors):
            value, grad = self._known.get(number, (None, None))
            if not (_same(tensor, value) and _same(tensor.grad, grad)):
                self._known[number] = (_copy(tensor), _copy(tensor.grad))
                found[number] = list(self._known[number])
        return found

    def take_grads(self, grads: dict[int, torch.Tensor | None]) -> None:
        """Sets gradients that the other side's `backward` made."""
        for number, grad in grads.items():
            tensor = self._tensors[number]
            tensor.grad = _copy(grad)
            self._known[number] = (self._known[number][0], _copy(grad))


class Mirrors:
    """number → mirror of the other side's parameter."""

    def __init__(self) -> None:
        self._mirrors: dict[int, torch.nn.Parameter] = {}
        self._numbers: dict[int, int] = {}
        self._known: dict[int, tuple] = {}

    def __getitem__(self, number: int) -> torch.nn.Parameter:
        return self._mirrors[number]

    def __bool__(self) -> bool:
        return bool(self._mirrors)

    def number(self, tensor: torch.Tensor) -> int | None:
        """Of which of the other side's parameters this is the mirror, None for other tensors."""
        return self._numbers.get(id(tensor))

    def refresh(self, values: dict[int, list]) -> None:
        """Takes over what the owner says."""
        for number, (value, grad) in values.items():
            self._known[number] = (_copy(value), _copy(grad))
            mirror = self._mirrors.get(number)
            if mirror is None:
                mirror = torch.nn.Parameter(value.detach().clone(), value.requires_grad)
                self._mirrors[number] = mirror
                self._numbers[id(mirror)] = number
            self._restore(number)
            mirror.grad = _copy(grad)

    def _restore(self, number: int) -> None:
        mirror, (value, _) = self._mirrors[number], self._known[number]
        with torch.no_grad():
            if not _same(mirror, value):
                mirror.data = value.detach().clone()
        mirror.requires_grad_(value.requires_grad)

    def grads(self) -> dict[int, torch.Tensor | None]:
        """number → gradient of every mirror whose gradient the owner does not know yet."""
        found = {}
        for number, mirror in self._mirrors.items():
            value, grad = self._known[number]
            if not _same(mirror.grad, grad):
                found[number] = _copy(mirror.grad)
                self._known[number] = (value, found[number])
        return found

    def check(self) -> None:
        """Raises CannotCross when a mirror was written into (and undoes it, so that it is said once)."""
        for number, mirror in self._mirrors.items():
            if not _same(mirror, self._known[number][0]):
                self._restore(number)
                raise CannotCross(
                    "학생 모델의 매개변수에 직접 써 넣을 수 없습니다: load_state_dict를 쓰세요"
                )

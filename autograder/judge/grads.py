"""Gradients through calls into the other process.

The side that computed keeps a tape: leaves and outputs of its graph. The side that asked
holds outputs whose `backward` asks for the vector-Jacobian product along that tape; with `create_graph` the
product itself leaves a tape, so second derivatives work the same way.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch


@dataclass(frozen=True)
class Tape:
    """One computed graph: differentiate `outputs` with respect to `inputs`."""

    inputs: list[torch.Tensor]
    outputs: list[torch.Tensor]


class Tapes:
    """The tapes that the other side may still ask for."""

    def __init__(self) -> None:
        self._kept: dict[int, Tape] = {}
        self._next = 1

    def keep(self, inputs: Sequence[torch.Tensor], outputs: Sequence[torch.Tensor]) -> int:
        """Numbers a tape."""
        number, self._next = self._next, self._next + 1
        self._kept[number] = Tape(list(inputs), list(outputs))
        return number

    def forget(self, numbers: Sequence[int]) -> None:
        """Frees tapes that nobody can ask for any more."""
        for number in numbers:
            self._kept.pop(number, None)

    def pull(
        self, number: int, grads: Sequence[torch.Tensor | None], graph: bool
    ) -> tuple[list[torch.Tensor | None], int, list[int]]:
        """The vector-Jacobian product along a tape.

        Returns the gradients of its inputs (None where there is none), and with `graph` the number
        of the product's own tape and the positions of the gradients that are its outputs. The
        inputs of that tape are the old ones and then the incoming `grads` that are not None.
        """
        tape = self._kept[number]
        pairs = [(o, g) for o, g in zip(tape.outputs, grads, strict=True) if g is not None]
        if graph:
            pairs = [(o, g.detach().requires_grad_()) for o, g in pairs]
        with torch.enable_grad():
            found = torch.autograd.grad(
                [_product(o, g) for o, g in pairs],
                tape.inputs,
                allow_unused=True,
                retain_graph=True,
                create_graph=graph,
            )
        live = [i for i, g in enumerate(found) if g is not None and g.requires_grad]
        made = 0
        if live:
            made = self.keep([*tape.inputs, *(g for _, g in pairs)], [found[i] for i in live])
        return [None if g is None else g.detach() for g in found], made, live


def _product(output: torch.Tensor, grad: torch.Tensor) -> torch.Tensor:
    """A scalar whose gradient by `output` is `grad`.

    torch.autograd.grad takes `grad_outputs`, too, but imports sympy to check them: half a second.
    """
    return (output * grad.conj()).real.sum() if output.is_complex() else (output * grad).sum()


def leaves_of(outputs: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """Every leaf that the outputs' graph reaches, in a fixed order."""
    found: dict[int, torch.Tensor] = {}
    todo = [t.grad_fn for t in outputs if t.grad_fn is not None]
    for tensor in outputs:
        if tensor.grad_fn is None:
            found[id(tensor)] = tensor
    seen = set(todo)
    while todo:
        node = todo.pop()
        if (leaf := getattr(node, "variable", None)) is not None:
            found.setdefault(id(leaf), leaf)
        for following, _ in node.next_functions:
            if following is not None and following not in seen:
                seen.add(following)
                todo.append(following)
    return list(found.values())


class Puller(Protocol):
    """Whoever can ask the other side: `judge.peer.Peer`."""

    def pull(
        self, tape: int, grads: Sequence[torch.Tensor | None], graph: bool
    ) -> tuple[list[torch.Tensor | None], int, list[int]]:
        """See Tapes.pull."""
        ...

    def drop(self, tape: int) -> None:
        """Nobody here needs the tape any more."""
        ...


class Link:
    """A tape on the other side, freed there when the last output here is gone."""

    def __init__(self, puller: Puller, tape: int) -> None:
        self.puller, self.tape = puller, tape
        weakref.finalize(self, puller.drop, tape)


class _Through(torch.autograd.Function):
    """Outputs that were computed elsewhere, as a function of the tensors that went there."""

    @staticmethod
    def forward(ctx, link: Link, values: list[torch.Tensor], *inputs: torch.Tensor):
        ctx.link = link
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(*inputs)
        return tuple(values)

    @staticmethod
    def backward(ctx, *grads: torch.Tensor | None):
        graph = torch.is_grad_enabled()
        found, tape, live = ctx.link.puller.pull(ctx.link.tape, grads, graph)
        if graph and live:
            inputs = [*ctx.saved_tensors, *(g for g in grads if g is not None)]
            link = Link(ctx.link.puller, tape)
            for position, grad in zip(
                live, connected(link, [found[i] for i in live], inputs), strict=True
            ):
                found[position] = grad
        return (None, None, *found)


def connected(
    link: Link, values: list[torch.Tensor], inputs: Sequence[torch.Tensor]
) -> list[torch.Tensor]:
    """`values` as tensors whose gradient flows into `inputs` by way of the link's tape."""
    with torch.enable_grad():
        return list(_Through.apply(link, values, *inputs))

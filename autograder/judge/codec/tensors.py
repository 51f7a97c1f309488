"""Tensors without trust in their class: only torch.Tensor's own functions touch them."""

from __future__ import annotations

import torch

from autograder.judge.codec.common import CodecError
from autograder.judge.codec.memory import View, tensor_view

# Types whose methods are torch's own: they need no protection from a subclass.
_OWN = (torch.Tensor, torch.nn.Parameter)


def is_tensor(value: object) -> bool:
    """Whether a value really is a tensor; `__class__` is not asked."""
    return issubclass(type(value), torch.Tensor)


def is_leaf(tensor: torch.Tensor) -> bool:
    """Whether autograd did not make it."""
    if type(tensor) in _OWN:
        return tensor.is_leaf
    with torch._C.DisableTorchFunctionSubclass():
        return torch.Tensor.is_leaf.__get__(tensor)


def requires_grad(tensor: torch.Tensor) -> bool:
    """Its `requires_grad`."""
    if type(tensor) in _OWN:
        return tensor.requires_grad
    with torch._C.DisableTorchFunctionSubclass():
        return torch.Tensor.requires_grad.__get__(tensor)


def grad_of(tensor: torch.Tensor) -> torch.Tensor | None:
    """The `.grad` of a leaf; None for others, which torch would warn about."""
    if type(tensor) in _OWN:
        return tensor.grad if tensor.is_leaf else None
    with torch._C.DisableTorchFunctionSubclass():
        return torch.Tensor.grad.__get__(tensor) if is_leaf(tensor) else None


def grad_fn_of(tensor: torch.Tensor) -> object:
    """Its node in autograd's graph, None for a leaf."""
    if type(tensor) in _OWN:
        return tensor.grad_fn
    with torch._C.DisableTorchFunctionSubclass():
        return torch.Tensor.grad_fn.__get__(tensor)


def dense(value: torch.Tensor) -> tuple[torch.Tensor, View]:
    """A plain detached tensor over the same memory, and that memory.

    Raises:
        CodecError: why such a tensor cannot cross.
    """
    try:
        if (
            type(value) in _OWN
            and value.layout is torch.strided
            and value.is_cpu
            and not (value.is_quantized or value.is_nested)
        ):
            plain = value.detach()
            return plain, tensor_view(plain)
        with torch._C.DisableTorchFunctionSubclass(), torch.no_grad():
            if (
                torch.Tensor.layout.__get__(value) is not torch.strided
                or torch.Tensor.is_quantized.__get__(value)
                or torch.Tensor.is_nested.__get__(value)
            ):
                raise CodecError("only a dense tensor can cross, no sparse or quantised one")
            device = torch.Tensor.device.__get__(value).type
            if device != "cpu":
                raise CodecError(f"a tensor on «{device}» cannot cross, only one on the CPU")
            plain = torch.Tensor.as_subclass(torch.Tensor.detach(value), torch.Tensor)
        return plain, tensor_view(plain)
    except (RuntimeError, NotImplementedError):  # vmap's and other wrappers
        raise CodecError("a tensor without memory of its own cannot cross") from None

"""What a thing that stays in the other process looks like here: a function, a class, a module, an object.

A handle never answers a comparison: `==` is identity, and its truth is asked for in vain where the
other side could lie. Values that come out of it are plain data or handles again.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch

from autograder.judge.errors import CannotCross, StudentError

if TYPE_CHECKING:
    from autograder.judge.peer import Peer

# What Python's syntax asks of an object's type, and how the other side does it.
_SPECIAL = {
    "__len__": len,
    "__getitem__": operator.getitem,
    "__contains__": operator.contains,
    "__iter__": iter,
    "__next__": next,
}


def special(owner: object, name: str):
    """The operation `name` on `owner`, as a function of the remaining arguments.

    Raises:
        CannotCross: no operation that one may ask for.
    """
    if name not in _SPECIAL:
        raise CannotCross(name)
    return lambda *args: _SPECIAL[name](owner, *args)


class Remote:
    """A handle. `handle` is the other side's number for it, `meta` what it says about names."""

    def __init__(self, peer: Peer, handle: int, meta: dict) -> None:
        inner = {"peer": peer, "handle": handle, "meta": meta if isinstance(meta, dict) else {}}
        self.__dict__.update(inner)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.meta.get('name', '')}>"

    def __reduce__(self):
        raise CannotCross("다른 프로세스에 있는 것은 복사할 수 없습니다")


class RemoteFunction(Remote):
    """A function or method over there."""

    def __init__(self, peer: Peer, handle: int, meta: dict) -> None:
        super().__init__(peer, handle, meta)
        name = self.meta.get("name")
        self.__dict__["__name__"] = self.__dict__["__qualname__"] = str(name or "function")
        self.__dict__["__doc__"] = self.meta.get("doc")

    def __call__(self, *args: object, **kwargs: object) -> object:
        """Calls it over there."""
        return self.peer.call(self.handle, args, kwargs)


class RemoteObject(Remote):
    """Something with attributes. Public ones are fetched, and methods are handles again."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return self.peer.get(self.handle, name)
        except StudentError as error:
            if isinstance(error, AttributeError):
                raise AttributeError(str(error)) from None  # hasattr and getattr(…, default) work
            raise

    def __setattr__(self, name: str, value: object) -> None:
        self.peer.put(self.handle, name, value)

    def __call__(self, *args: object, **kwargs: object) -> object:
        """Calls it over there."""
        return self.peer.call(self.handle, args, kwargs)

    def _special(self, name: str, *args: object) -> object:
        return self.peer.call(self.handle, args, {}, special=name)

    def __len__(self) -> int:
        return self._special("__len__")

    def __getitem__(self, key: object) -> object:
        return self._special("__getitem__", key)

    def __contains__(self, key: object) -> bool:
        return bool(self._special("__contains__", key))

    def __iter__(self) -> Iterator:
        return self._special("__iter__")

    def __bool__(self) -> bool:
        raise CannotCross(
            f"학생이 만든 객체({self.meta.get('name', '')})의 참과 거짓은 물을 수 없습니다"
        )


class RemoteIterator(Remote):
    """A generator over there, one item a time."""

    def __iter__(self) -> RemoteIterator:
        return self

    def __next__(self) -> object:
        # StopIteration is no value: the other side says the end by a default of its own.
        more, value = self.peer.step(self.handle)
        if not more:
            raise StopIteration
        return value


class RemoteClass(RemoteObject):
    """A class over there: calling it makes an instance over there."""

    def __instancecheck__(self, instance: object) -> bool:
        return isinstance(instance, Remote) and self.handle in instance.meta.get("classes", ())

    def __bool__(self) -> bool:
        return True

    @property
    def __name__(self) -> str:
        return str(self.meta.get("name", ""))


class RemoteModule(RemoteObject):
    """An nn.Module over there. `parameters()` gives mirrors: they collect gradients and are read-only."""

    @property
    def __class__(self) -> type:
        return torch.nn.Module  # isinstance(model, nn.Module) holds here as it does there

    def named_parameters(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple]:
        """See nn.Module; the values are mirrors."""
        for name, mirror in self.peer.parameters(self.handle):
            if recurse or "." not in name:
                yield (f"{prefix}.{name}" if prefix else name), mirror

    def parameters(self, recurse: bool = True) -> Iterator[torch.nn.Parameter]:
        """See nn.Module; mirrors."""
        for _, mirror in self.named_parameters(recurse=recurse):
            yield mirror

    def zero_grad(self, set_to_none: bool = True) -> None:
        """See nn.Module."""
        for mirror in self.parameters():
            mirror.grad = None if set_to_none or mirror.grad is None else mirror.grad.zero_()

    def __deepcopy__(self, memo: dict) -> object:
        return self.peer.copy(self.handle)

    def __bool__(self) -> bool:
        return True


KINDS = {
    "function": RemoteFunction,
    "class": RemoteClass,
    "module": RemoteModule,
    "object": RemoteObject,
    "iterator": RemoteIterator,
}

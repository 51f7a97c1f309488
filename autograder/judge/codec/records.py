"""Namedtuples on the far side of the wall: the same fields, none of the sender's code."""

from __future__ import annotations

import keyword
from functools import lru_cache
from operator import itemgetter

from autograder.judge.codec.common import CodecError

MAX_FIELDS = 256
MAX_NAME = 128


class Record(tuple):
    """A tuple whose items have names too; equal to any tuple of the same items."""

    __slots__ = ()
    _fields: tuple[str, ...] = ()

    def _asdict(self) -> dict[str, object]:
        return dict(zip(self._fields, self, strict=True))

    def _replace(self, **changes: object) -> Record:
        items = [changes.pop(name, item) for name, item in zip(self._fields, self, strict=True)]
        if changes:
            raise ValueError(f"unexpected field names: {list(changes)!r}")
        return tuple.__new__(type(self), items)

    def __repr__(self) -> str:
        inner = ", ".join(f"{name}={item!r}" for name, item in self._asdict().items())
        return f"{type(self).__name__}({inner})"

    def __getnewargs__(self) -> tuple:
        return (tuple(self),)


@lru_cache(maxsize=256)
def record_type(name: str, fields: tuple[str, ...]) -> type[Record]:
    """The Record type of a name and its fields; collections.namedtuple would `eval` the names.

    Raises:
        CodecError: a name is no identifier, is private (`_…`), or stands there twice.
    """
    for each in (name, *fields):
        if not each.isidentifier() or keyword.iskeyword(each):
            raise CodecError("a namedtuple in the message has a name that is no identifier")
    # `_3` is what namedtuple(rename=True) makes of a bad name.
    private = [each for each in fields if each[0] == "_" and not each[1:].isdecimal()]
    if private or len(set(fields)) != len(fields):
        raise CodecError("a namedtuple in the message has a private or repeated field")
    body: dict[str, object] = {field: property(itemgetter(i)) for i, field in enumerate(fields)}
    return type(name, (Record,), body | {"__slots__": (), "_fields": fields})


def fields_of(kind: type) -> tuple[str, ...] | None:
    """The field names of a namedtuple or of a named result of torch, None for other types."""
    for each in kind.__mro__[: kind.__mro__.index(tuple)]:
        body = vars(each)
        names = body.get("_fields")
        if names is None and kind.__module__ == "torch.return_types":
            names = body.get("__match_args__")
        if type(names) is tuple and all(type(name) is str for name in names):
            return names
    return None

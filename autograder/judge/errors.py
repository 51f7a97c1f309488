"""What may go wrong between the two sides, and the other side's exceptions as ours."""

from __future__ import annotations

import builtins
from functools import cache


class CannotCross(TypeError):
    """A value or an operation has no meaning on the other side. Never swallowed, never guessed."""


class Expired(BaseException):
    """Time is up. No Exception: a test cell that catches everything does not catch this."""


class PeerGone(BaseException):
    """The other process ended, hangs for good, or does not keep to the protocol."""


class StudentError(Exception):
    """An exception of the student's code, raised again in the judge.

    The class that is raised is also a subclass of the builtin type that the student's exception has
    or inherits from, and bears its name, so `except NotImplementedError` in a test works.
    `described` holds name, value, trace (the student's cells only) and line.
    """

    described: dict = {}
    home: int | None = None  # the exception is ours and only passed through the other side

    def __str__(self) -> str:
        return str(self.described.get("value", ""))


def builtin_base(error: BaseException) -> str:
    """The name of the nearest builtin exception type."""
    for kind in type(error).__mro__:
        if getattr(builtins, kind.__name__, None) is kind:
            return kind.__name__
    return "Exception"


@cache
def _kind(base: str, name: str) -> type[StudentError]:
    parent = getattr(builtins, base, None)
    if not (isinstance(parent, type) and issubclass(parent, Exception)):
        parent = RuntimeError  # SystemExit and its like end nobody's process but the student's
    if parent in (StopIteration, StopAsyncIteration):
        parent = RuntimeError  # it would end a loop of ours silently
    try:
        made = type(name, (StudentError, parent), {"__module__": "student"})
        made("")
    except TypeError:  # a layout or arguments of its own (UnicodeDecodeError)
        made = type(name, (StudentError, ValueError), {"__module__": "student"})
    return made


def revived(described: dict) -> StudentError:
    """The exception to raise for what the other side told of its own."""
    name = str(described.get("name", "Exception"))[:80]
    error = _kind(str(described.get("base", "")), name if name.isidentifier() else "Exception")("")
    error.described = described
    error.home = described.get("home")
    return error

"""Routes that say themselves who may come in. Nothing is reachable without such a word.

A handler is an ordinary function `def lab(call: Call) -> Response`. It runs in a thread, inside one
database transaction that is committed before the answer leaves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.responses import Response

    from autograder.portal.call import Call

Handler = Callable[["Call"], "Response"]


class Who(StrEnum):
    """Who may call a route. What belongs to somebody is held against the caller by the handler."""

    ANYONE = "anyone"
    USER = "user"  # anybody signed in
    STUDENT = "student"
    TA = "ta"
    KEY = "key"  # no cookie: a submit key in the Authorization header


@dataclass(frozen=True)
class Rule:
    """One route. `name` is the handler's name; `form`: its body is read as a form.

    `rate` names a limit in limits.RATES that counts calls of one user or address.
    """

    method: str
    path: str
    who: Who
    handler: Handler
    name: str
    form: bool = True
    rate: str = ""


class Rules:
    """The routes of one module."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []

    def get(self, path: str, who: Who, rate: str = "") -> Callable[[Handler], Handler]:
        """Adds a page that is looked at. It changes nothing."""
        return self._add("GET", path, who, False, rate)

    def post(
        self, path: str, who: Who, form: bool = True, rate: str = ""
    ) -> Callable[[Handler], Handler]:
        """Adds something that is done. Cookie callers must bring the CSRF token."""
        return self._add("POST", path, who, form, rate)

    def _add(
        self, method: str, path: str, who: Who, form: bool, rate: str
    ) -> Callable[[Handler], Handler]:
        def take(handler: Handler) -> Handler:
            rule = Rule(method, path, who, handler, handler.__name__, form, rate)
            self.rules.append(rule)
            return handler

        return take

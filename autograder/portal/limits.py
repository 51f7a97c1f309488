"""How much and how often: the size of a request, and calls per time of one user or address."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict

from starlette.types import ASGIApp, Message, Receive, Scope, Send

SPARE = 256 * 1024  # what a form may weigh beside the file in it
MOST_CALLERS = 20_000  # remembered at once; the longest idle are forgotten

# name -> (calls, seconds); `handin` and `any` come from the settings.
# A whole class may sit behind one address, so what is counted by address is generous: a link's
# secret cannot be guessed at any rate.
RATES = {"sign-in": (600, 60), "key": (10, 3600), "check": (300, 3600), "appeal": (20, 3600)}


class TooLarge(Exception):
    """A request's body is longer than allowed."""


class BodyLimit:
    """Refuses a longer body, whatever its header says, while it arrives."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self.app, self.most = app, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Counts what arrives."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self.most:
                raise TooLarge
            return message

        await self.app(scope, counted, send)


class Rates:
    """Counts calls in a sliding window, in memory: the desk is one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: OrderedDict[tuple[str, str], list[float]] = OrderedDict()

    def wait(self, name: str, caller: str, most: int, seconds: float) -> int:
        """Counts one call; 0, or the seconds after which the caller may come again."""
        moment = time.monotonic()
        with self._lock:
            calls = self._calls.setdefault((name, caller), [])
            self._calls.move_to_end((name, caller))
            while calls and calls[0] <= moment - seconds:
                calls.pop(0)
            if len(calls) >= most:
                return int(calls[0] + seconds - moment) + 1
            calls.append(moment)
            while len(self._calls) > MOST_CALLERS:
                self._calls.popitem(last=False)
        return 0

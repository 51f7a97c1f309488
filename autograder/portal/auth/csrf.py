"""Forms of other sites do nothing here: a token bound to the caller's cookie, and the Origin header."""

from __future__ import annotations

import hashlib
import hmac

from starlette.requests import Request

FIELD, HEADER = "csrf", "x-csrf-token"


def token(key: bytes, secret: str) -> str:
    """The token of whoever holds the cookie `secret`."""
    return hmac.new(key, f"csrf:{secret}".encode(), hashlib.sha256).hexdigest()


def is_good(key: bytes, secret: str, said: object) -> bool:
    """Whether `said` is that token."""
    if not secret or not isinstance(said, str):
        return False
    return hmac.compare_digest(token(key, secret).encode(), said.encode("utf-8", "replace"))


def from_elsewhere(request: Request, address: str) -> bool:
    """Whether the browser says that another site's page sends this."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("origin")
    if origin is None:
        return False
    host = request.headers.get("host", "")
    return origin != address and origin.partition("://")[2] != host

"""Secrets that are handed out once and kept as hashes only."""

from __future__ import annotations

import hashlib
import secrets


def fresh() -> str:
    """A new secret: 256 bits, in letters that an address may hold."""
    return secrets.token_urlsafe(32)


def name() -> str:
    """A public name that cannot be guessed: 96 bits."""
    return secrets.token_urlsafe(12)


def hashed(secret: str) -> str:
    """What is kept of it. It holds 256 random bits: a slow hash would add nothing."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()

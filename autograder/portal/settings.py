"""What the desk is told from outside: [portal] in course.toml, the environment, a secrets file.

Secrets never stand in course.toml. They come from the environment (`COURSE_DESK_SECRET`,
`COURSE_OIDC_SECRET`) or from `.desk-secrets.json` in the course's folder, mode 600, made at first start.
"""

from __future__ import annotations

import json
import os
import secrets
import stat
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from autograder.course import Course, UsageError

FILE = ".desk-secrets.json"
Hidden = Literal["at once", "after the deadline", "never"]
HIDDEN = ("at once", "after the deadline", "never")


@dataclass(frozen=True)
class Oidc:
    """An OpenID Connect provider. `claim` names the claim that is looked up in the roster.

    claim `email`: only where the provider says that it has verified it. `staff`: addresses (or
    ids, by the claim) of TAs.
    """

    issuer: str
    client_id: str
    claim: str = "email"
    label: str = ""
    staff: tuple[str, ...] = ()
    client_secret: str = field(default="", repr=False)


@dataclass(frozen=True)
class Settings:
    """The desk's settings. Times in seconds unless the name says otherwise.

    `address` is the public address of the site (`https://…`, no path); empty: where it listens.
    `key` signs what goes out and comes back (CSRF, the way to an OpenID provider and back).
    """

    address: str = ""
    db_url: str = ""
    key: bytes = field(default=b"", repr=False)
    hidden: Hidden = "at once"
    session_hours: float = 24 * 14
    link_days: float = 200
    handins_per_hour: int = 40
    requests_per_minute: int = 600
    proxies: str = "127.0.0.1"
    workers: int = 0
    scheduler: str = ""
    oidc: Oidc | None = None

    @property
    def is_https(self) -> bool:
        """Whether cookies may be told to travel over TLS only."""
        return self.address.startswith("https://")

    @classmethod
    def load(cls, course: Course) -> Settings:
        """This course's settings.

        Raises:
            UsageError: [portal] is wrong, or the secrets file can be read by others.
        """
        said = dict(course.settings.get("portal", {}))
        hidden = _secrets(course)
        oidc = said.pop("oidc", None)
        known = {each.name for each in fields(cls)} - {"key", "oidc"}
        if unknown := set(said) - known:
            raise UsageError(f"course.toml의 [portal]에 모르는 것이 있습니다: {', '.join(unknown)}")
        try:
            found = cls(
                **said,
                key=bytes.fromhex(hidden["key"]),
                oidc=_oidc(oidc, hidden.get("oidc_client_secret", "")) if oidc else None,
            )
        except (TypeError, ValueError) as error:
            raise UsageError(f"course.toml의 [portal]이 잘못되었습니다: {error}") from None
        return _checked(found, course)


def _checked(found: Settings, course: Course) -> Settings:
    if found.hidden not in HIDDEN:
        raise UsageError(f"[portal] hidden은 다음 가운데 하나입니다: {', '.join(HIDDEN)}")
    parts = urlsplit(found.address)
    if found.address and (parts.scheme not in ("http", "https") or parts.path not in ("", "/")):
        raise UsageError("[portal] address는 https://desk.example.org처럼 경로 없이 적습니다")
    values = {each.name: getattr(found, each.name) for each in fields(found)}
    values["address"] = found.address.rstrip("/")
    values["db_url"] = database_url(course, found.db_url)
    return Settings(**values)


def database_url(course: Course, said: str = "") -> str:
    """Where the desk's tables are: COURSE_DESK_DB_URL, [portal] db_url, else beside the gradebook."""
    beside = course.db_url
    if beside.startswith("sqlite"):
        beside = f"sqlite:///{course.root / 'desk.db'}"
    said = said or course.settings.get("portal", {}).get("db_url", "")
    return os.environ.get("COURSE_DESK_DB_URL") or said or beside


def _oidc(said: dict, secret: str) -> Oidc:
    said = {**said, "staff": tuple(said.get("staff", ()))}
    return Oidc(**said, client_secret=secret)


def _secrets(course: Course) -> dict[str, str]:
    found = _file(course.root / FILE)
    if key := os.environ.get("COURSE_DESK_SECRET"):
        found["key"] = key.encode().hex()
    if secret := os.environ.get("COURSE_OIDC_SECRET"):
        found["oidc_client_secret"] = secret
    if len(found.get("key", "")) < 32:
        raise UsageError("COURSE_DESK_SECRET은 16글자보다 길어야 합니다")
    return found


def _file(path: Path) -> dict[str, str]:
    if not path.exists():
        if os.environ.get("COURSE_DESK_SECRET"):
            return {}
        text = json.dumps({"key": secrets.token_hex(32)}) + "\n"
        try:  # never there with another mode, not even for a moment
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return _file(path)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise UsageError(f"{path.name}을(를) 남이 읽을 수 있습니다: chmod 600 {path.name}")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): str(value) for name, value in found.items()}
    except (ValueError, AttributeError):
        raise UsageError(f"{path.name}이(가) 깨졌습니다: 지우면 새로 만듭니다") from None

"""Sessions: a random cookie, its hash in the database, nothing else in the browser."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from autograder.portal.auth.secrets import fresh, hashed
from autograder.portal.settings import Settings
from autograder.portal.tables import SignedIn, User, now

COOKIE, VISITOR = "desk_session", "desk_visitor"
PATH = "/desk"
_SEEN_SECONDS = 300  # how exact `seen` is: a write for every page would be too dear


def find(db: Session, request: Request) -> SignedIn | None:
    """The caller's session, if it is one of ours, not ended, of an active user."""
    secret = request.cookies.get(COOKIE)
    if not secret:
        return None
    found = db.scalar(select(SignedIn).where(SignedIn.hash == hashed(secret)))
    moment = now()
    if found is None or found.expires <= moment or not found.user.active:
        return None
    if (moment - found.seen).total_seconds() > _SEEN_SECONDS:
        found.seen = moment
    return found


def start(db: Session, user: User, how: str, settings: Settings, answer: Response) -> None:
    """Signs `user` in on this browser. The cookie is a new one every time."""
    secret, moment = fresh(), now()
    expires = moment + timedelta(hours=settings.session_hours)
    db.execute(delete(SignedIn).where(SignedIn.expires <= moment))
    db.add(
        SignedIn(
            user_id=user.id,
            hash=hashed(secret),
            how=how,
            created=moment,
            seen=moment,
            expires=expires,
        )
    )
    set_cookie(answer, COOKIE, secret, settings, int(settings.session_hours * 3600))


def end(db: Session, found: SignedIn, answer: Response) -> None:
    """Signs out."""
    db.delete(found)
    answer.delete_cookie(COOKIE, path=PATH)


def set_cookie(
    answer: Response, name: str, value: str, settings: Settings, seconds: int | None = None
) -> None:
    """A cookie that no script reads and no other site sends along with a form."""
    answer.set_cookie(
        name,
        value,
        max_age=seconds,
        path=PATH,
        secure=settings.is_https,
        httponly=True,
        samesite="lax",
    )

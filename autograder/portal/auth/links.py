"""Sign-in links and submit keys: made, believed, taken back."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from autograder.portal.auth.secrets import fresh, hashed
from autograder.portal.tables import SignedIn, Token, User, now

LINK, SUBMIT = "link", "submit"


def make(db: Session, user: User, kind: str, days: float) -> str:
    """A new secret for `user`; earlier ones of the same kind end."""
    revoke(db, user, kind)
    secret = fresh()
    moment = now()
    db.add(
        Token(
            user_id=user.id,
            kind=kind,
            hash=hashed(secret),
            created=moment,
            expires=moment + timedelta(days=days),
        )
    )
    return secret


def revoke(db: Session, user: User, kind: str | None = None) -> int:
    """Ends the user's secrets (of one kind, or all, sessions too); how many there were."""
    query = update(Token).where(Token.user_id == user.id, Token.revoked.is_(None))
    if kind is not None:
        query = query.where(Token.kind == kind)
    count = db.execute(query.values(revoked=now())).rowcount
    if kind is None:
        for each in db.scalars(select(SignedIn).where(SignedIn.user_id == user.id)):
            db.delete(each)
    return count


def owner(db: Session, secret: str, kind: str) -> User | None:
    """The active user whose secret this is; None where it is unknown, ended or of another kind."""
    found = db.scalar(select(Token).where(Token.hash == hashed(secret), Token.kind == kind))
    moment = now()
    if found is None or found.revoked is not None or found.expires <= moment:
        return None
    if not found.user.active:
        return None
    found.used = moment
    return found.user

"""The desk's tables. Scores that count live in nbgrader's gradebook, files in inbox/; what stands
here says who may see what, what was handed in when, and what became of it.

Every table is called `desk_…`: on PostgreSQL they share a database with the gradebook.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

SCHEMA = 1


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


class Moment(TypeDecorator):
    """A moment in UTC that knows its zone, also on SQLite, which forgets it."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect) -> datetime | None:
        """Into the database."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect) -> datetime | None:
        """Out of it."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """All tables."""

    type_annotation_map = {datetime: Moment, dict[str, Any]: JSON}


class Meta(Base):
    """Facts about the tables themselves: `schema`."""

    __tablename__ = "desk_meta"
    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(String(200))


class User(Base):
    """Somebody who can sign in. `login` is a student's id in the roster, or a TA's own name.

    role: `student` or `ta`.
    """

    __tablename__ = "desk_users"
    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(64), unique=True)
    role: Mapped[str] = mapped_column(String(16), default="student")
    name: Mapped[str] = mapped_column(String(200), default="")
    email: Mapped[str] = mapped_column(String(320), default="")
    active: Mapped[bool] = mapped_column(default=True)
    created: Mapped[datetime] = mapped_column(default=now)


class Token(Base):
    """A secret that stands for a user; only its hash is kept.

    kind `link`: opens a session. kind `submit`: hands in from a notebook and can do nothing else.
    """

    __tablename__ = "desk_tokens"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(
        ForeignKey("desk_users.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[str] = mapped_column(String(16))
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    created: Mapped[datetime] = mapped_column(default=now)
    expires: Mapped[datetime]
    used: Mapped[datetime | None]
    revoked: Mapped[datetime | None]
    user: Mapped[User] = relationship()


class SignedIn(Base):
    """A session: the cookie's hash and whose it is. `how`: link or oidc."""

    __tablename__ = "desk_sessions"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(
        ForeignKey("desk_users.id", ondelete="CASCADE"), index=True
    )
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    how: Mapped[str] = mapped_column(String(16))
    created: Mapped[datetime] = mapped_column(default=now)
    seen: Mapped[datetime] = mapped_column(default=now)
    expires: Mapped[datetime]
    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)


class Handin(Base):
    """One hand-in of one student for one lab. Its bytes lie in inbox/<sha256>/.

    `receipt` is its public name and cannot be guessed. `source`: `page`, `cell` (the notebook's
    last cell) or `collect` (`course collect`). `notices` are preflight's sentences.
    """

    __tablename__ = "desk_handins"
    __table_args__ = (
        UniqueConstraint("student", "lab", "sha256", "handed_in"),
        Index("desk_handins_whose", "student", "lab"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    receipt: Mapped[str] = mapped_column(String(32), unique=True)
    student: Mapped[str] = mapped_column(String(64))
    lab: Mapped[str] = mapped_column(String(64), index=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    attempt: Mapped[int]
    handed_in: Mapped[datetime]
    file: Mapped[str] = mapped_column(String(255))
    source: Mapped[str] = mapped_column(String(16))
    notices: Mapped[list] = mapped_column(JSON, default=list)
    job: Mapped[Job | None] = relationship(
        back_populates="handin", lazy="joined", cascade="all, delete-orphan"
    )
    result: Mapped[Outcome | None] = relationship(
        back_populates="handin", lazy="joined", cascade="all, delete-orphan"
    )


class Job(Base):
    """The grading of one hand-in. state: `waiting`, `running`, `done`, `failed` (ours)."""

    __tablename__ = "desk_jobs"
    id: Mapped[int] = mapped_column(primary_key=True)
    handin_id: Mapped[int] = mapped_column(
        ForeignKey("desk_handins.id", ondelete="CASCADE"), unique=True
    )
    state: Mapped[str] = mapped_column(String(16), default="waiting", index=True)
    queued: Mapped[datetime] = mapped_column(default=now)
    started: Mapped[datetime | None]
    finished: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(Integer, default=0)
    reason: Mapped[str] = mapped_column(Text, default="")
    handin: Mapped[Handin] = relationship(back_populates="job")


class Outcome(Base):
    """What grading a hand-in came to, as it was told then; all of it: grading.attempts.

    `exercises`: name → score, max_score. The score that counts is the gradebook's.
    """

    __tablename__ = "desk_results"
    handin_id: Mapped[int] = mapped_column(
        ForeignKey("desk_handins.id", ondelete="CASCADE"), primary_key=True
    )
    status: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text, default="")
    score: Mapped[float | None] = mapped_column(Float)
    max_score: Mapped[float] = mapped_column(Float, default=100)
    exercises: Mapped[dict[str, Any]] = mapped_column(default=dict)
    seconds: Mapped[float] = mapped_column(Float, default=0)
    memory_mb: Mapped[float | None] = mapped_column(Float)
    key: Mapped[str] = mapped_column(String(64), default="")
    graded: Mapped[datetime] = mapped_column(default=now)
    handin: Mapped[Handin] = relationship(back_populates="result")


class Appeal(Base):
    """A student asks about one exercise of one hand-in. state: `open` or `answered`."""

    __tablename__ = "desk_appeals"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(32), unique=True)
    handin_id: Mapped[int] = mapped_column(
        ForeignKey("desk_handins.id", ondelete="CASCADE"), index=True
    )
    exercise: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16), default="open", index=True)
    opened: Mapped[datetime] = mapped_column(default=now)
    handin: Mapped[Handin] = relationship(lazy="joined", innerjoin=True)
    messages: Mapped[list[Message]] = relationship(
        back_populates="appeal", order_by="Message.id", cascade="all, delete-orphan"
    )


class Message(Base):
    """One message of an appeal. `author` is a login; `role` is that user's at the time."""

    __tablename__ = "desk_messages"
    id: Mapped[int] = mapped_column(primary_key=True)
    appeal_id: Mapped[int] = mapped_column(
        ForeignKey("desk_appeals.id", ondelete="CASCADE"), index=True
    )
    author: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime] = mapped_column(default=now)
    text: Mapped[str] = mapped_column(Text)
    appeal: Mapped[Appeal] = relationship(back_populates="messages")


class Comment(Base):
    """A TA's words that can be used again. `question`: an exercise, or "" for any."""

    __tablename__ = "desk_comments"
    id: Mapped[int] = mapped_column(primary_key=True)
    lab: Mapped[str] = mapped_column(String(64), index=True)
    question: Mapped[str] = mapped_column(String(64), default="")
    author: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)
    created: Mapped[datetime] = mapped_column(default=now)


class Audit(Base):
    """Who did what to what. Only ever added to; a purge takes the names out."""

    __tablename__ = "desk_audit"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now, index=True)
    actor: Mapped[str] = mapped_column(String(64), default="")
    action: Mapped[str] = mapped_column(String(40), index=True)
    object: Mapped[str] = mapped_column(String(200), default="")
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    address: Mapped[str] = mapped_column(String(64), default="")

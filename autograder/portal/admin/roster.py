"""`course roster …`: sign-in links for a class and its TAs."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from autograder.course import Course, UsageError
from autograder.portal.admin.people import add_ta, make_links, sync
from autograder.portal.auth import links
from autograder.portal.db import Database
from autograder.portal.settings import Settings
from autograder.portal.tables import Audit, Token, User, now

FILE = "links.csv"


@contextmanager
def _desk(course: Course) -> Iterator[tuple[Session, Settings]]:
    settings = Settings.load(course)
    database = Database(settings.db_url)
    try:
        with database.session() as db:
            yield db, settings
    finally:
        database.close()


def links_for_new(course: Course) -> tuple[Path, int]:
    """Links for everybody on the roster who has none that works; the file and how many."""
    with _desk(course) as (db, settings):
        sync(db, course)
        live = select(Token.user_id).where(
            Token.kind == links.LINK, Token.revoked.is_(None), Token.expires > now()
        )
        query = select(User).where(User.role == "student", User.active, User.id.not_in(live))
        return _write(course, db, settings, list(db.scalars(query.order_by(User.login))))


def renew(course: Course, student: str | None = None) -> tuple[Path, int]:
    """New links for all students (or for one); the earlier ones end.

    Raises:
        UsageError: no such student.
    """
    with _desk(course) as (db, settings):
        sync(db, course)
        query = select(User).where(User.role == "student", User.active)
        if student is not None:
            query = query.where(User.login == student)
        found = list(db.scalars(query.order_by(User.login)))
        if not found:
            raise UsageError(
                f"명단에 '{student}' 학생이 없습니다" if student else "명단이 비었습니다"
            )
        return _write(course, db, settings, found)


def ta_link(course: Course, login: str, address: str = "") -> str:
    """A new sign-in link of a TA, who is made if there is none of this name."""
    with _desk(course) as (db, settings):
        user = add_ta(db, login)
        db.add(Audit(action="link made", object=login, actor="command line"))
        return make_links(db, [user], _address(settings, address), settings.link_days)[0][1]


def revoke(course: Course, login: str) -> int:
    """Ends a user's links, keys and sessions; how many there were.

    Raises:
        UsageError: no such user.
    """
    with _desk(course) as (db, _):
        user = db.scalar(select(User).where(User.login == login))
        if user is None:
            raise UsageError(f"'{login}'이라는 사용자는 없습니다")
        db.add(Audit(action="revoked", object=login, actor="command line"))
        return links.revoke(db, user)


def _address(settings: Settings, address: str) -> str:
    return address or settings.address or "http://127.0.0.1:8000"


def _write(
    course: Course, db: Session, settings: Settings, users: Sequence[User]
) -> tuple[Path, int]:
    """Writes links.csv, for nobody else to read; each link is shown there and nowhere again."""
    made = make_links(db, users, _address(settings, ""), settings.link_days)
    path = course.root / FILE
    if made:
        out = io.StringIO()
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow(["id", "name", "email", "link"])
        rows.writerows([user.login, user.name, user.email, link] for user, link in made)
        path.unlink(missing_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8-sig") as file:
            file.write(out.getvalue())
        db.add(Audit(action="links made", object=f"{len(made)}", actor="command line"))
    return path, len(made)

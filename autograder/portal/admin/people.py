"""Users of the desk: students come from roster.csv, TAs are named one by one."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from autograder.course import Course, UsageError
from autograder.intake.roster import Roster, safe_id
from autograder.portal.auth import links
from autograder.portal.tables import User


def sync(db: Session, course: Course) -> None:
    """Gives everybody on the roster a user, brings names up to date, locks out who left it."""
    roster = Roster.load(course)
    people = {person.id: person for person in roster.people}
    users = {user.login: user for user in db.scalars(select(User).where(User.role == "student"))}
    taken = set(db.scalars(select(User.login).where(User.role != "student")))
    for login, person in people.items():
        if login in taken:
            raise UsageError(f"'{login}'은(는) 조교의 이름입니다: 명단의 id를 바꾸세요")
        user = users.get(login)
        if user is None:
            user = User(login=login, role="student")
            db.add(user)
        user.name, user.email, user.active = person.name, person.email, True
    for login, user in users.items():
        if login not in people and user.active and roster:
            user.active = False
            links.revoke(db, user)
    db.flush()


def add_ta(db: Session, login: str, name: str = "", email: str = "") -> User:
    """The TA with this name, made if there is none yet.

    Raises:
        UsageError: a student is called so, or it is no name.
    """
    if safe_id(login) != login:
        raise UsageError(f"'{login}'은(는) 이름으로 쓸 수 없습니다(글자, 숫자, . _ - @ + 만)")
    user = db.scalar(select(User).where(User.login == login))
    if user is not None and user.role != "ta":
        raise UsageError(f"'{login}'은(는) 학생의 id입니다")
    if user is None:
        user = User(login=login, role="ta")
        db.add(user)
    user.active = True
    user.name, user.email = name or user.name, email or user.email
    db.flush()
    return user


def make_links(
    db: Session, users: Iterable[User], address: str, days: float
) -> list[tuple[User, str]]:
    """A new sign-in link for each; earlier ones end."""
    return [(user, f"{address}/desk/in/{links.make(db, user, links.LINK, days)}") for user in users]

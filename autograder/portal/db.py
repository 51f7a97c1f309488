"""The desk's database: one engine, short sessions. SQLite by default, PostgreSQL by address."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, create_engine, event, make_url, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from autograder.course import UsageError
from autograder.portal.tables import SCHEMA, Base, Meta

BUSY_SECONDS = 15  # how long a writer waits for another one (SQLite has one at a time)


class Database:
    """The tables of tables.py behind an address.

    Raises:
        UsageError: nobody answers there, or a newer version of the desk made the tables.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        try:
            self.engine = _engine(url)
            Base.metadata.create_all(self.engine)
        except (SQLAlchemyError, ImportError) as error:
            line = (str(error).splitlines() or [""])[0]
            shown = make_url(url).render_as_string(hide_password=True)
            raise UsageError(f"데스크의 데이터베이스를 열 수 없습니다 ({shown}): {line}") from None
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        self._check_version()

    def _check_version(self) -> None:
        with self.session() as db:
            found = db.get(Meta, "schema")
            if found is None:
                db.add(Meta(key="schema", value=str(SCHEMA)))
            elif int(found.value) > SCHEMA:
                raise UsageError("데스크의 데이터베이스가 이 프로그램보다 새 판입니다")

    @contextmanager
    def session(self) -> Iterator[Session]:
        """One transaction: committed at the end, rolled back when something is raised."""
        with self._sessions() as db:
            yield db
            db.commit()

    def answers(self) -> bool:
        """Whether the database can be asked right now."""
        try:
            with self.engine.connect() as connection:
                connection.execute(select(1))
        except SQLAlchemyError:
            return False
        return True

    def close(self) -> None:
        """Closes its connections."""
        self.engine.dispose()


def _engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(
            url, pool_pre_ping=True, pool_size=10, max_overflow=10, pool_timeout=10
        )
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _settle(connection, _record) -> None:
        connection.execute("PRAGMA journal_mode=WAL")  # readers do not wait for the writer
        connection.execute(
            "PRAGMA synchronous=FULL"
        )  # a receipt that was shown outlives a power cut
        connection.execute("PRAGMA foreign_keys=ON")

    return engine

"""A desk over the toy course, in this process: clients that are signed in, ways to hand in.

Its database and its graders are those that test_backends.py asks for, SQLite and this machine's if it
does not: COURSE_TEST_POSTGRES is the address of a server, COURSE_TEST_SCHEDULER a Dask scheduler's.
"""

from __future__ import annotations

import os
import re
import tempfile
import time
import uuid
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from starlette.applications import Starlette
from starlette.testclient import TestClient

from autograder import notebooks
from autograder.course import Course
from autograder.grading.gradebook import open_gradebook
from autograder.portal.admin.people import add_ta, make_links, sync
from autograder.portal.app import create_app, open_desk
from autograder.portal.limits import Rates
from autograder.portal.queue.engine import Engine
from autograder.portal.settings import Settings
from autograder.portal.state import Desk
from autograder.portal.tables import User
from tests.grading.toycourse import RIGHT, make_course
from tests.judge.lab import handed_in

ROSTER = "id,name,email\ns01,하나,s01@example.org\ns02,둘,s02@example.org\ns03,셋,s03@example.org\n"
KEY = b"a key for tests only, 32 bytes.."


@dataclass
class Toy:
    """One desk. `client(login)` is a browser that is signed in; `client(None)` one that is not."""

    course: Course
    desk: Desk
    app: Starlette

    def client(self, login: str | None) -> TestClient:
        self.desk.rates = Rates()  # what one test did costs the next one nothing
        client = TestClient(self.app, raise_server_exceptions=False, follow_redirects=False)
        if login is not None:
            with self.desk.database.session() as db:
                user = db.query(User).filter_by(login=login).one()
                link = make_links(db, [user], "", 1)[0][1]
            page = client.get(link)
            token = link.rpartition("/")[2]
            answer = client.post("/desk/in", data={"csrf": csrf(page.text), "token": token})
            assert answer.status_code == 303, answer.text
        return client

    def wait(self, client: TestClient, receipt: str, seconds: float = 60) -> str:
        """The page of a hand-in when its grading is over."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            page = client.get(f"/desk/handins/{receipt}").text
            if "data-events" not in page:
                return page
            time.sleep(0.1)  # a desk allows 600 requests a minute
        raise AssertionError("not graded in time")


def csrf(page: str) -> str:
    """The token in a page's form."""
    return re.search(r'name="csrf" value="(\w+)"', page)[1]


def notebook(answers: dict[str, str] | None = None, **without: str) -> bytes:
    """A toy hand-in as bytes."""
    return notebooks.dumps(handed_in(RIGHT if answers is None else answers)).encode()


def hand_in(client: TestClient, data: bytes, lab: str = "toy", name: str = "toy.ipynb", **more):
    """The answer to an upload through the lab's page."""
    page = client.get(f"/desk/labs/{lab}").text
    fields = {"csrf": csrf(page), **more}
    return client.post(f"/desk/labs/{lab}/handin", data=fields, files={"notebook": (name, data)})


def receipt_of(answer) -> str:
    """The receipt that a hand-in's redirect leads to."""
    assert answer.status_code == 303, (answer.status_code, answer.text)
    return answer.headers["location"].rpartition("/")[2]


@cache
def _new_gradebook() -> bytes:
    """A gradebook that nobody has used: nbgrader takes seconds to make one."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.delenv("COURSE_DB_URL", raising=False)
        course = make_course(Path(folder) / "course")
        with open_gradebook(course):
            pass
        return (course.root / "gradebook.db").read_bytes()


def _on_a_server(course: Course, server: str) -> str:
    """A new database there for gradebook and desk; its address, which course.toml has from now on."""
    name = f"desk_{uuid.uuid4().hex}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    url = server.replace("/postgres?", f"/{name}?")
    file = course.root / "course.toml"
    file.write_text(
        file.read_text("utf-8").replace("[course]\n", f'[course]\ndb_url = "{url}"\n'), "utf-8"
    )
    course.__dict__.pop("settings", None)
    assert course.db_url == url
    return url


def make_desk(
    folder: Path, url: str = "", deadline: str = "", executor=None, roster: str = ROSTER, **settings
) -> Toy:
    """A desk with three students and a TA `ta1`. Nothing grades until its lifespan is entered.

    `executor`: makes the workers' executors (the fixture `kept` has a warm one).
    """
    course = make_course(folder, deadline)
    course.roster.write_text(roster, encoding="utf-8")
    if server := os.environ.get("COURSE_TEST_POSTGRES"):
        url = url or _on_a_server(course, server)
    if scheduler := os.environ.get("COURSE_TEST_SCHEDULER"):
        settings.setdefault("scheduler", scheduler)
    if not url:
        (folder / "gradebook.db").write_bytes(_new_gradebook())
    found = {"requests_per_minute": 100_000, "handins_per_hour": 100_000, "workers": 1} | settings
    chosen = Settings(key=KEY, db_url=url or f"sqlite:///{folder / 'desk.db'}", **found)
    engine = partial(Engine, make_executor=executor) if executor else Engine
    desk = open_desk(course, chosen, engine)
    with desk.database.session() as db:
        sync(db, course)
        add_ta(db, "ta1", "조교")
    return Toy(course, desk, create_app(course, chosen, desk))

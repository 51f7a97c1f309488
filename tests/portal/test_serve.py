"""`course serve` and its demonstration class, as `make serve` starts them."""

from __future__ import annotations

import re
import urllib.error
import urllib.request

import pytest

from autograder.course import Course
from autograder.portal.admin.demo import STUDENTS, demo_course, fill, links
from autograder.portal.queue.found import bring_in
from autograder.portal.settings import Settings
from autograder.portal.tables import Handin
from tests import booksite
from tests.portal.serving import Served
from tests.portal.toydesk import make_desk


def test_book_and_desk_on_one_port_and_nothing_else(served):
    def get(path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"{served.address}{path}", timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    assert get("/") == (200, "<!doctype html><title>book</title>")
    assert "나만의 링크" in get("/desk/")[1] and get("/desk")[0] == 200
    for path in ("/course.toml", "/../course.toml", "/%2e%2e/%2e%2e/gradebook.db", "/roster.csv"):
        assert get(path)[0] == 404, path


def test_a_second_server_of_the_same_class_is_refused(served):
    other = Served(served.course)
    with pytest.raises(AssertionError, match="이미 켜져 있습니다"):
        other.start()


def test_control_c_ends_it_well(tmp_path):
    server = Served(make_desk(tmp_path / "course").course)
    server.start(graded=False)
    assert server.stop() == 0


def test_the_demonstration_is_a_class_of_its_own(tmp_path):
    course = demo_course(Course(booksite.ROOT), tmp_path / "demo")
    settings = Settings.load(course)
    said: list[str] = []
    links(course, settings, said.append)
    assert [re.match(r"(학생|조교)", line)[1] for line in said] == ["학생", "조교"]
    from autograder.portal.admin.roster import _desk

    with _desk(course) as (db, _):
        handed_in = db.query(Handin).count()
        assert STUDENTS - 3 <= handed_in <= 2 * STUDENTS
    fill(course, settings)  # once is enough
    with _desk(course) as (db, _):
        assert db.query(Handin).count() == handed_in
        assert bring_in(db, []) == []
    for name in ("gradebook.db", "desk.db", "inbox", "roster.csv", ".desk-secrets.json"):
        assert not (booksite.ROOT / name).exists(), name

"""A new gradebook knows its schema's version, as nbgrader's own would, however its making went."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from nbgrader.api import Base, get_alembic_version
from sqlalchemy import create_engine, text

from autograder.course import Course
from autograder.grading.gradebook import open_gradebook
from tests.grading.toycourse import make_course


def make_whole(engine) -> None:
    """Nothing to do: the gradebook is new."""


def make_tables_only(engine) -> None:
    """A making that was killed between the tables and the version."""
    Base.metadata.create_all(engine)


def make_empty_version_only(engine) -> None:
    """A making that was killed inside of the version."""
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))


@pytest.fixture(scope="module")
def newest() -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
        return get_alembic_version()


@pytest.mark.parametrize("begun", [make_whole, make_tables_only, make_empty_version_only])
def test_a_gradebook_knows_its_version(tmp_path, monkeypatch, newest, begun):
    monkeypatch.delenv("COURSE_DB_URL", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))  # no `alembic` to start
    course: Course = make_course(tmp_path / "course")
    engine = create_engine(course.db_url)
    begun(engine)
    for _ in range(2):
        with open_gradebook(course) as gradebook:
            assert gradebook.students == []
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
    engine.dispose()
    assert rows == [newest]

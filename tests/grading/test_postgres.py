"""The gradebook on a real PostgreSQL server, started here."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, text

from autograder.grading.grade import grade
from autograder.grading.gradebook import copy_gradebook
from autograder.grading.rehearse import rehearse
from tests.executors import run
from tests.grading.killing import copied, regraded_class, state, struck
from tests.grading.postgresql import started
from tests.grading.toycourse import HALF, RIGHT, command, hand_in, make_course, scores


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """The address of an empty database."""
    with started() as server:
        yield server.url


def test_the_same_scores_as_on_sqlite(postgres, tmp_path, monkeypatch):
    on_sqlite = make_course(tmp_path / "sqlite")
    on_postgres = make_course(tmp_path / "postgres")
    for course in (on_sqlite, on_postgres):
        hand_in(course, "s01", RIGHT, written="한글 답")
        hand_in(course, "학생-2", HALF)
    grade(on_sqlite, on_sqlite.labs, workers=1, say=lambda line: None, quiet=True)
    wanted = scores(on_sqlite)

    monkeypatch.setenv("COURSE_DB_URL", postgres)
    for _ in range(2):
        grade(on_postgres, on_postgres.labs, workers=1, say=lambda line: None, quiet=True)
        assert scores(on_postgres) == wanted
    done = command(on_postgres, "nbgrader", "export", "--to", "table.csv")
    assert done.returncode == 0, done.stderr
    table = (on_postgres.root / "table.csv").read_text(encoding="utf-8")
    assert "s01" in table and "100.0" in table
    assert not (on_postgres.root / "gradebook.db").exists()


def test_a_killed_writer_leaves_nothing_half_done(postgres, tmp_path, monkeypatch):
    before = regraded_class(tmp_path / "sqlite", 12)
    whole = copied(before, tmp_path / "whole")
    run(whole)

    with create_engine(postgres, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("CREATE DATABASE kills"))
    address = postgres.replace("/postgres?", "/kills?")
    copy_gradebook(before, address)
    monkeypatch.setenv("COURSE_DB_URL", address)
    course = copied(before, tmp_path / "killed")
    (course.root / "gradebook.db").unlink()
    assert struck(course, "writer", 3, random.Random(0))
    results, changes = rehearse(course, course.labs, workers=1, say=lambda line: None, quiet=True)
    assert changes and len(results) == 12
    run(course)
    killed = state(course)
    monkeypatch.delenv("COURSE_DB_URL")
    assert killed == state(whole)


def test_a_database_that_is_not_there_is_one_line(tmp_path, monkeypatch, capsys):
    from autograder.cli import main

    course = make_course(tmp_path / "course")
    monkeypatch.chdir(course.root)
    monkeypatch.setenv("COURSE_DB_URL", f"postgresql+psycopg://x@/x?host={tmp_path}")
    assert main(["grade"]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1

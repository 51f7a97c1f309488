"""A graded class without any threat, to hold every other one against."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from autograder.grading import assignment
from autograder.grading import grade as grading
from autograder.grading.gradebook import open_gradebook
from tests.grading.toycourse import make_course
from tests.threats.handins.court import WORTH, Court, neighbours, points
from tests.threats.handins.window import Window

BOOK = """
title: toy
repository: {url: https://github.com/some-org/some-book, branch: main, path_to_book: book}
launch_buttons: {colab_url: https://colab.research.google.com}
parse: {myst_enable_extensions: [dollarmath]}
html: {baseurl: ""}
"""


@pytest.fixture(scope="session")
def _template(tmp_path_factory) -> Path:
    """A released toy course whose gradebook knows the lab: making one takes seconds."""
    course = make_course(tmp_path_factory.mktemp("template") / "course")
    (course.root / "_config.yml").write_text(BOOK, encoding="utf-8")
    (course.root / "_toc.yml").write_text(
        "format: jb-book\nroot: index\nchapters:\n- file: easy/toy\n", encoding="utf-8"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("COURSE_DB_URL", raising=False)
        with open_gradebook(course) as gradebook:
            source = assignment.load_source(course, "toy")
            assignment.register(gradebook, course, course.lab("toy"), source)
    return course.root


@pytest.fixture(scope="session")
def _undisturbed(_template, kept, tmp_path_factory) -> dict[str, object]:
    """What the honest hand-ins get where nobody does any harm."""
    with pytest.MonkeyPatch.context() as patch:
        court = _open(patch, _template, tmp_path_factory.mktemp("undisturbed"), kept)
        outcome = court()
        assert outcome.points == WORTH and outcome.refusals == []
        return neighbours(court.course)


def _open(patch: pytest.MonkeyPatch, template: Path, room: Path, kept: type) -> Court:
    court = Court(template, room)
    patch.delenv("COURSE_DB_URL", raising=False)
    patch.chdir(room / "cwd")
    patch.setattr(tempfile, "tempdir", str(room / "tmp"))
    patch.setattr(grading, "run_all", partial(grading.run_all, make_executor=kept))
    return court


@pytest.fixture
def court(_template, _undisturbed, kept, tmp_path, monkeypatch) -> Iterator[Court]:
    """Tries a threat; afterwards the honest must have exactly what they get without it."""
    court = _open(monkeypatch, _template, tmp_path, kept)
    yield court
    assert neighbours(court.course) == _undisturbed
    assert {name: points(court.course)[name] for name in WORTH} == WORTH
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.fixture(scope="module")
def window() -> Iterator[Window]:
    """A real browser, one for all pages of a module: Playwright runs once at a time in a process, and
    the next module may open another."""
    with Window() as window:
        yield window

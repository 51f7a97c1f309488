"""The same way through the desk on PostgreSQL, and with a Dask cluster of two workers."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from starlette.testclient import TestClient

from autograder.portal.admin import roster as people
from autograder.portal.admin.backup import backup, restore
from tests.grading.test_cluster import dask  # noqa: F401
from tests.grading.test_postgres import postgres  # noqa: F401
from tests.grading.toycourse import scores
from tests.portal.serving import ROOT
from tests.portal.test_path import (  # noqa: F401
    test_an_appeal_goes_to_and_fro,
    test_from_the_file_to_the_result_and_again,
    test_missing_and_doubled_cells_are_named_before_anything_is_handed_in,
    test_the_same_file_twice_is_one_hand_in,
)
from tests.portal.toydesk import hand_in, make_desk, notebook, receipt_of


@pytest.fixture(scope="module", params=["postgres", pytest.param("dask", marks=pytest.mark.soak)])
def toy(request, tmp_path_factory, kept):
    folder = tmp_path_factory.mktemp(request.param) / "course"
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "postgres":
            url = request.getfixturevalue("postgres")
            patch.setenv("COURSE_DB_URL", url)
            made = make_desk(folder, url=url, executor=kept)
        else:
            cluster = request.getfixturevalue("dask")
            made = make_desk(folder, scheduler=cluster.scheduler_address)
        with TestClient(made.app):
            yield made
    if request.param == "postgres":
        assert not (folder / "desk.db").exists() and not (folder / "gradebook.db").exists()


def test_a_backup_leaves_postgresql_as_a_file(toy, tmp_path, monkeypatch):
    """What was on PostgreSQL comes back on SQLite, and goes on counting."""
    if toy.desk.settings.scheduler:
        pytest.skip("about the database")
    client = toy.client("s03")
    receipt = receipt_of(hand_in(client, notebook()))
    toy.wait(client, receipt)
    before = scores(toy.course)
    monkeypatch.setenv("COURSE_DESK_DB_URL", toy.desk.settings.db_url)
    backup(toy.course, tmp_path / "class.tar.gz", lambda line: None)
    monkeypatch.delenv("COURSE_DESK_DB_URL")
    monkeypatch.delenv("COURSE_DB_URL")
    course = restore(tmp_path / "class.tar.gz", tmp_path / "empty", lambda line: None)
    assert scores(course) == before
    path, count = people.renew(course)
    assert path.is_file() and count == 3


# What a student and a TA do, in this process and on a real port, with a browser and without.
SUITE = (
    "path browser submit_cell ta_desk ta_browser ta_regrade ta_similar ta_written "
    "authorisation security admin proxies"
).split()


@pytest.mark.soak
@pytest.mark.parametrize("backend", ["postgres", "dask"])
def test_the_whole_suite(request, backend):
    """Every desk of these tests has a PostgreSQL database of its own, or the cluster's workers."""
    found = request.getfixturevalue(backend)
    environment = (
        {"COURSE_TEST_POSTGRES": found}
        if backend == "postgres"
        else {"COURSE_TEST_SCHEDULER": found.scheduler_address}
    )
    files = [f"tests/portal/test_{name}.py" for name in SUITE]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-6000:]

"""intake.collect, inbox and submission: everything is kept, what counts is graded, nothing escapes."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import shutil
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.course import Course, UsageError
from autograder.intake import submission
from autograder.intake.collect import collect
from autograder.intake.inbox import Inbox
from autograder.intake.roster import import_roster
from autograder.intake.submission import open_submission, submissions, unusable
from autograder.notebooks import read, write
from tests.intake.sample import ANSWERS, answered, as_bytes, cell_of, make_course, release
from tests.intake.test_archive import entry, make_zip

RIGHT = as_bytes(answered())
WRONG = as_bytes(answered(double="# [rnn:double]\ndef double(x):\n    return x"))
MARCH = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return make_course(tmp_path / "course")


def lay(folder: Path, name: str, data: bytes, hours: int = 0) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    moment = (MARCH + timedelta(hours=hours)).timestamp()
    os.utime(path, (moment, moment))
    return path


def take(course: Course, source: Path, **options) -> tuple[list, list[str]]:
    said: list[str] = []
    return collect(course, source, say=said.append, **options), said


def with_roster(course: Course, text: str = "id,name\ns01,홍길동\ns02,김철수\n") -> None:
    path = course.root.parent / "list.csv"
    path.write_text(text, encoding="utf-8")
    import_roster(course, path)


def tree(folder: Path) -> dict[str, tuple]:
    return {
        path.relative_to(folder).as_posix(): (
            path.lstat().st_mode,
            path.is_file() and path.lstat().st_mtime_ns,
            path.read_bytes() if path.is_file() and not path.is_symlink() else b"",
        )
        for path in folder.rglob("*")
        if path.name != ".lock"
    }


def test_a_hand_in_becomes_a_submission(course, tmp_path):
    (receipt,), said = take(course, lay(tmp_path, "in/s01_rnn.ipynb", RIGHT))
    assert (receipt.student, receipt.lab, receipt.status, receipt.attempt) == (
        "s01",
        "rnn",
        "accepted",
        1,
    )
    assert said == ["1개를 살펴 1개를 받고 0개를 거절했습니다(새로 들어온 것 1개)."]
    folder = course.submitted("s01", "rnn")
    assert (folder / "timestamp.txt").read_text() == "2026-03-02 05:00:00 UTC\n"
    laid = read(folder / "rnn.ipynb")
    assert cell_of(laid, "double").source == ANSWERS["double"]
    assert cell_of(laid, "double-public").metadata.nbgrader.points == 20
    record = json.loads((receipt.path.parent / "record.json").read_text())
    assert record["sha256"] == hashlib.sha256(RIGHT).hexdigest() == receipt.path.parent.name
    assert record["receipts"][0]["file"] == "s01_rnn.ipynb"
    assert receipt.path.read_bytes() == RIGHT
    assert stat.S_IMODE(receipt.path.stat().st_mode) == 0o644
    (found,) = submissions(course, "rnn")
    assert found.handin == receipt
    assert found.rebuilt.answers["double"] == ANSWERS["double"]


def test_nbgrader_reads_our_timestamp(course, tmp_path):
    from nbgrader.utils import parse_utc

    take(course, lay(tmp_path, "s01_rnn.ipynb", RIGHT, hours=3))
    text = (course.submitted("s01", "rnn") / "timestamp.txt").read_text().strip()
    assert parse_utc(text).replace(tzinfo=UTC) == MARCH + timedelta(hours=3)


def test_twice_changes_nothing(course, tmp_path):
    lay(tmp_path, "in/s01/rnn.ipynb", RIGHT)
    lay(tmp_path, "in/s02/rnn.ipynb", b"nonsense")
    lay(tmp_path, "in/rnn.ipynb", WRONG)
    first, said = take(course, tmp_path / "in")
    before = tree(course.root)
    again, said_again = take(course, tmp_path / "in")
    assert tree(course.root) == before
    assert again == first
    assert said_again[:-1] == said[:-1]
    assert "새로 들어온 것 0개" in said_again[-1]


def test_the_last_in_time_counts_in_whatever_order_they_come(course, tmp_path):
    for name, data, hours in (("b", RIGHT, 5), ("a", WRONG, 9), ("c", b"{}", 7)):
        take(course, lay(tmp_path, f"{name}/s01_rnn.ipynb", data, hours))
    (current,) = Inbox(course).current("rnn")
    assert (current.handed_in, current.attempt) == (MARCH + timedelta(hours=9), 3)
    assert current.path.read_bytes() == WRONG
    assert [each.attempt for each in Inbox(course).records()] == [1, 2, 3]
    assert Inbox(course).refused() == []  # the broken one was followed by a good one
    text = (course.submitted("s01", "rnn") / "timestamp.txt").read_text()
    assert text == "2026-03-02 14:00:00 UTC\n"
    # An old one found later leaves what counts alone.
    (late,), _ = take(course, lay(tmp_path, "d/s01_rnn.ipynb", as_bytes(release()), -5))
    assert late.attempt == 1
    assert Inbox(course).current()[0].path == current.path
    assert Inbox(course).current()[0].attempt == 4


def test_a_refused_one_after_a_good_one_is_listed_and_does_not_count(course, tmp_path):
    take(course, lay(tmp_path, "a/s01_rnn.ipynb", RIGHT))
    take(course, lay(tmp_path, "b/s01_rnn.ipynb", b"{}", 1))
    assert [each.attempt for each in Inbox(course).current()] == [1]
    assert [each.attempt for each in Inbox(course).refused()] == [2]


def test_going_back_to_an_earlier_attempt(course, tmp_path):
    for name, data in (("a", RIGHT), ("b", WRONG), ("c", RIGHT), ("d", RIGHT)):
        take(course, lay(tmp_path, f"{name}/s01_rnn.ipynb", data, ord(name)))
    (current,) = Inbox(course).current()
    assert current.path.read_bytes() == RIGHT
    assert current.attempt == 3  # `d` only says the same once more
    before = tree(course.root)
    for name in "dcba":
        take(course, tmp_path / name)
    assert tree(course.root) == before


def test_the_same_bytes_from_two_students(course, tmp_path):
    lay(tmp_path, "in/s01/rnn.ipynb", RIGHT)
    lay(tmp_path, "in/s02/rnn.ipynb", RIGHT)
    receipts, _ = take(course, tmp_path / "in")
    assert [each.student for each in receipts] == ["s01", "s02"]
    assert len({each.path for each in receipts}) == 1
    assert [each.handin.student for each in submissions(course, "rnn")] == ["s01", "s02"]


def test_unmatched_ones_are_kept_until_somebody_says_whose_they_are(course, tmp_path):
    with_roster(course)
    lay(tmp_path, "in/s77/rnn.ipynb", RIGHT, 1)
    (receipt,), said = take(course, tmp_path / "in")
    assert (receipt.student, receipt.lab, receipt.status) == (None, "rnn", "refused")
    assert "누구의 제출인지" in said[0]
    assert Inbox(course).refused() == [receipt]
    place = course.root / said[0].split("collect ")[1].split(" --student")[0]
    (claimed,), _ = take(course, place, student="s02")
    assert (claimed.student, claimed.status, claimed.attempt) == ("s02", "accepted", 1)
    assert (claimed.file, claimed.handed_in) == ("rnn.ipynb", MARCH + timedelta(hours=1))
    assert Inbox(course).refused() == []
    before = tree(course.root)
    (again,), said = take(course, tmp_path / "in")  # the folder as it came: it is known now
    assert again == claimed and len(said) == 1
    assert tree(course.root) == before


def test_a_roster_that_comes_later(course, tmp_path):
    with_roster(course, "id,name\ns02,x\n")
    lay(tmp_path, "in/홍길동/rnn.ipynb", RIGHT)
    take(course, tmp_path / "in")
    with_roster(course)
    (receipt,), _ = take(course, tmp_path / "in")
    assert (receipt.student, receipt.status) == ("s01", "accepted")
    assert Inbox(course).refused() == []
    assert len(Inbox(course).records()) == 1


def test_which_lab(course, tmp_path):
    other = as_bytes(release("other"))
    lay(tmp_path, "in/s01/final.ipynb", RIGHT)
    lay(tmp_path, "in/s02/rnn.ipynb", other)  # the notebook knows better than its name
    receipts, _ = take(course, tmp_path / "in")
    assert [(each.lab, each.status) for each in receipts] == [
        ("rnn", "accepted"),
        ("other", "accepted"),
    ]
    (receipt,), said = take(course, lay(tmp_path, "x/s03_rnn.ipynb", other), lab="rnn")
    assert (receipt.lab, receipt.status) == ("rnn", "refused")
    assert "다른 실습(other)" in said[0]
    foreign = RIGHT.replace(b"[rnn:", b"[weird:").replace(b'"lab": "rnn"', b'"lab": "weird"')
    (receipt,), said = take(course, lay(tmp_path, "y/s03/a.ipynb", foreign))
    assert receipt.lab is None and "이 과정에 없는 실습(weird)" in said[0]
    empty = b'{"nbformat": 4, "cells": []}'
    (receipt,), said = take(course, lay(tmp_path, "z/s03/a.ipynb", empty))
    assert receipt.lab is None and "--lab" in said[0]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"lab": "nolab"}, "nolab"),
        ({"student": "../x"}, "학생 id"),
        ({"student": "s99"}, "명단"),
    ],
)
def test_wrong_options_take_nothing_in(course, tmp_path, options, said):
    with_roster(course)
    path = lay(tmp_path, "s01_rnn.ipynb", RIGHT)
    with pytest.raises(UsageError, match=said):
        collect(course, path, **options)
    with pytest.raises(UsageError):
        collect(course, tmp_path / "none")
    assert not course.inbox.exists()


def test_a_lab_that_was_never_released_costs_nobody_else(course, tmp_path):
    shutil.rmtree(course.root / "labs" / "other")
    lay(tmp_path, "in/s01/x.ipynb", as_bytes(release("other")))
    lay(tmp_path, "in/s02/x.ipynb", RIGHT)
    receipts, said = take(course, tmp_path / "in")
    assert [each.status for each in receipts] == ["refused", "accepted"]
    assert "아직 배포하지 않은 실습(other)" in said[0]
    with pytest.raises(UsageError, match="course release other"):
        collect(course, tmp_path / "in", lab="other")
    make_course(course.root)  # released now: the same folder once more
    receipts, _ = take(course, tmp_path / "in")
    assert [each.status for each in receipts] == ["accepted", "accepted"]
    assert len(Inbox(course).records()) == 2


def test_a_past_release(course, tmp_path):
    past = release(version="v1")
    for cell in past.cells:
        cell.id = f"old-{cell.id}"
        cell.source = cell.source.replace("여기에 답을", "이곳에 답을")
    write(course.past_release("rnn", "v1"), past)
    take(course, lay(tmp_path, "s01_rnn.ipynb", as_bytes(past)))
    (found,) = submissions(course, "rnn")
    assert found.rebuilt.notices == []
    assert found.rebuilt.notebook.metadata.course.release == "v2"


def test_laid_into_submitted_by_hand(course, tmp_path):
    write(course.submitted("s05", "rnn") / "rnn.ipynb", answered())
    (course.submitted("s05", "rnn") / "timestamp.txt").write_text("2026-03-02 05:00:00 UTC\n")
    lay(course.submitted("s06", "rnn"), "rnn.ipynb", b"nonsense")
    (tmp_path / "elsewhere.ipynb").write_bytes(RIGHT)
    course.submitted("s07", "rnn").mkdir(parents=True)
    (course.submitted("s07", "rnn") / "rnn.ipynb").symlink_to(tmp_path / "elsewhere.ipynb")
    lay(course.submitted("bad id", "rnn"), "rnn.ipynb", RIGHT)
    (found,) = submissions(course, "rnn")
    assert (found.handin.student, found.handin.attempt) == ("s05", 1)
    assert found.handin.handed_in == MARCH
    (bad,) = unusable(course, "rnn")
    assert (bad.student, bad.status) == ("s06", "refused") and "JSON" in bad.reason
    # Once the student has handed in, that counts.
    take(course, lay(tmp_path, "s05_rnn.ipynb", WRONG))
    assert submissions(course, "rnn")[0].handin.path.read_bytes() == WRONG


def test_another_file_beside_a_good_notebook_is_no_case(course, tmp_path):
    lay(tmp_path, "in/s01/notes.pdf", b"%PDF")
    lay(tmp_path, "in/s01/rnn.ipynb", RIGHT)
    receipts, _ = take(course, tmp_path / "in")
    assert [each.status for each in receipts] == ["refused", "accepted"]
    assert Inbox(course).refused() == []
    lay(tmp_path, "in2/s02/notes.pdf", b"%PDF-2")
    take(course, tmp_path / "in2")
    assert [each.student for each in Inbox(course).refused()] == ["s02"]


def test_too_big_is_kept_whole(course, tmp_path):
    big = RIGHT + b" " * (2 * 2**20)
    (receipt,), said = take(course, lay(tmp_path, "s01_rnn.ipynb", big))
    assert receipt.status == "refused" and "너무 큽니다" in said[0]
    assert receipt.path.read_bytes() == big
    assert not course.submitted("s01", "rnn").exists()


def test_an_interrupted_collect_is_completed_by_the_next(course, tmp_path, monkeypatch):
    lay(tmp_path, "in/s01/rnn.ipynb", RIGHT)
    lay(tmp_path, "in/s02/rnn.ipynb", WRONG)
    calls = []

    def stop(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return open_submission(*arguments)

    monkeypatch.setattr("autograder.intake.collect.open_submission", stop)
    with pytest.raises(KeyboardInterrupt):
        take(course, tmp_path / "in")
    assert not course.submitted("s02", "rnn").exists()
    monkeypatch.undo()
    # Bytes without a record, as a kill between the two leaves them.
    (course.inbox / hashlib.sha256(RIGHT).hexdigest() / "record.json").unlink()
    take(course, tmp_path / "in")
    assert [each.handin.student for each in submissions(course, "rnn")] == ["s01", "s02"]
    assert (course.submitted("s02", "rnn") / "rnn.ipynb").is_file()
    assert not list(course.inbox.glob(".arriving-*"))


def _collect_many(root: str, source: str) -> None:
    collect(Course(Path(root)), Path(source), say=lambda line: None)


def test_two_collects_at_once(course, tmp_path):
    for number in range(20):
        text = f"# [rnn:double]\ndef double(x):\n    return {number}"
        lay(tmp_path, f"in/s{number:02}/rnn.ipynb", as_bytes(answered(double=text)), number)
        lay(tmp_path, f"in/s{number:02}/a.ipynb", RIGHT, -number)
    context = multiprocessing.get_context("fork")
    both = [
        context.Process(target=_collect_many, args=(str(course.root), str(tmp_path / "in")))
        for _ in range(2)
    ]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    records = Inbox(course).records()
    assert len(records) == 40
    assert sorted(each.attempt for each in records) == [1] * 20 + [2] * 20
    assert len(submissions(course, "rnn")) == 20


def test_a_release_is_read_once(course, tmp_path, monkeypatch):
    reads = []
    monkeypatch.setattr(submission, "read", lambda path: reads.append(path) or read(path))
    submission._read.cache_clear()
    for number in range(3):
        take(course, lay(tmp_path, f"s{number}_rnn.ipynb", RIGHT))
    assert len(reads) == 1


NAMES = st.sampled_from(
    [
        "s01/rnn.ipynb",
        "s02_rnn.ipynb",
        "../../s03/rnn.ipynb",
        "/abs/rnn.ipynb",
        "..\\up.ipynb",
        "홍 길동_12_assignsubmission_file_/rnn.ipynb",
        "..%2f_rnn.ipynb",
        "._rnn.ipynb/../../x_rnn.ipynb",
        "a/../../../submitted/s01/rnn/rnn.ipynb",
        "notes.txt",
        "CON_rnn.ipynb",
        "rnn.ipynb",
    ]
)
DATA = st.sampled_from([RIGHT, WRONG, b"", b"{}", b"[", RIGHT[:-1]]) | st.binary(max_size=20)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(NAMES, DATA, st.sampled_from([0, stat.S_IFREG | 0o755, stat.S_IFLNK | 0o777])),
        max_size=6,
        unique_by=lambda each: each[0],
    ),
    st.booleans(),
)
def test_nothing_is_lost_and_nothing_gets_out(tmp_path_factory, entries, roster):
    above = tmp_path_factory.mktemp("above")
    course = make_course(above / "deep" / "er" / "course")
    if roster:
        (course.root / "roster.csv").write_text("id,name\ns01,\nx,홍길동\n", encoding="utf-8")
    source = above / "in.zip"
    source.write_bytes(make_zip(*[(entry(name, mode), data) for name, data, mode in entries]))
    outside = {name for name in tree(above) if "deep/er/course/" not in name}
    receipts, said = take(course, source)
    # Nothing anywhere but in the course, and there only where it belongs.
    assert {name for name in tree(above) if "deep/er/course/" not in name} == outside
    ours = {path.name for path in course.root.iterdir()}
    assert ours <= {"course.toml", "labs", "inbox", "submitted", "roster.csv"}
    for path in course.root.rglob("*"):
        assert not path.is_symlink()
        assert not (path.is_file() and path.stat().st_mode & 0o111)
    # Every byte string is found again by its hash.
    for _, data, _ in entries:
        folder = course.inbox / hashlib.sha256(data).hexdigest()
        assert data in [path.read_bytes() for path in folder.glob("handed-in.*")]
    # Each refusal is one line; whatever was accepted is in submitted/.
    refused = [each for each in receipts if each.status == "refused"]
    assert len(said) == len(refused) + 1
    assert all("\n" not in line for line in said)
    for each in Inbox(course).current():
        assert (course.submitted(each.student, each.lab) / f"{each.lab}.ipynb").is_file()
        submission.open_submission(course, each)

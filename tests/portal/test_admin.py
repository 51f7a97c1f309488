"""Backup, restore into an empty folder, purge; links from the command line."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
import tarfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from autograder.cli import main
from autograder.course import Course, UsageError
from autograder.grading import extensions, history
from autograder.grading.export import table
from autograder.portal.admin import roster as people
from autograder.portal.admin.backup import backup, restore
from autograder.portal.admin.purge import purge
from autograder.portal.tables import Appeal, Audit, Handin, Message, Outcome, SignedIn, Token, User
from tests.grading.toycourse import HALF, RIGHT, command, scores, set_manual
from tests.portal.toydesk import Toy, csrf, hand_in, make_desk, notebook, receipt_of


def quiet(_line: str) -> None:
    pass


@pytest.fixture(scope="module")
def toy(tmp_path_factory, kept) -> Toy:
    """A class with two students who handed in (the same bytes, too), marks, an appeal, an extension.

    One for all tests here; the one that purges comes last.
    """
    made = make_desk(tmp_path_factory.mktemp("admin") / "course", executor=kept)
    with TestClient(made.app):
        for login, answers in (("s01", HALF), ("s01", RIGHT), ("s02", RIGHT)):
            client = made.client(login)
            receipt = receipt_of(hand_in(client, notebook(answers)))
            page = made.wait(client, receipt)
        fields = {"csrf": csrf(page), "exercise": "relu", "text": "저는 둘입니다."}
        client.post(f"/desk/handins/{receipt}/appeal", data=fields)
    set_manual(made.course, "s01", "reflection", 7)
    extensions.grant(made.course, "s02", "toy", datetime.now(UTC) + timedelta(days=2))
    return made


def rows(course: Course) -> dict:
    """All that must be the same after a restore."""
    with people._desk(course) as (db, _):
        handins = {h.receipt: (h.student, h.lab, h.sha256, h.attempt, h.handed_in, h.file)
                   for h in db.query(Handin)}  # fmt: skip
        outcomes = {o.handin.receipt: (o.score, o.exercises, o.graded) for o in db.query(Outcome)}
        talk = [(m.author, m.text, m.appeal.name) for m in db.query(Message)]
    return {"handins": handins, "outcomes": outcomes, "talk": talk}


def state(course: Course) -> tuple:
    told = {path.parent.parent.name: history.read(path.parent)
            for path in course.records.glob("*/toy/history.jsonl")}  # fmt: skip
    return rows(course), scores(course), told, table(course, course.labs, "csv")


def test_restored_into_an_empty_folder_all_is_the_same_and_goes_on(toy, tmp_path, kept):
    link = people.renew(toy.course, "s01") and _links(toy.course)["s01"]
    before = state(toy.course)
    file = tmp_path / "class.tar.gz"
    backup(toy.course, file, quiet)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with tarfile.open(file) as tar:
        names = tar.getnames()
    assert not [name for name in names if "secret" in name or "lock" in name]
    assert command(toy.course, "autograder", "backup", str(file)).returncode == 2  # never over one

    if os.environ.get("COURSE_TEST_POSTGRES"):  # where the class still is; see test_backends.py
        with pytest.raises(UsageError, match="이미 반이 있습니다"):
            restore(file, tmp_path / "empty", quiet)
        assert not (tmp_path / "empty").exists()
        return
    course = restore(file, tmp_path / "empty", quiet)
    assert state(course) == before
    for receipt, (_, _, sha256, *_) in before[0]["handins"].items():
        assert (course.inbox / sha256 / "handed-in.ipynb").is_file(), receipt
    again = Toy(course, *_opened(course, kept))
    with TestClient(again.app) as client:  # the old link opens the new desk, and it grades
        page = client.get(f"/desk/in/{link}").text
        client.post("/desk/in", data={"csrf": csrf(page), "token": link})
        new = receipt_of(hand_in(again.client("s02"), notebook(HALF)))
        assert "40<small>" in again.wait(again.client("s02"), new)
    assert scores(course)["s01", "reflection"][1] == 7
    with pytest.raises(UsageError):
        restore(file, tmp_path / "empty", quiet)


def _opened(course: Course, kept):
    from functools import partial

    from autograder.portal.app import create_app, open_desk
    from autograder.portal.queue.engine import Engine
    from autograder.portal.settings import Settings

    settings = replace(Settings.load(course), workers=1)  # all executors of `kept` are one
    desk = open_desk(course, settings, partial(Engine, make_executor=kept))
    return desk, create_app(course, settings, desk)


def _links(course: Course) -> dict[str, str]:
    text = (course.root / people.FILE).read_text("utf-8-sig")
    found = csv.DictReader(io.StringIO(text))
    return {row["id"]: row["link"].rpartition("/")[2] for row in found}


def test_a_backup_without_a_course_needs_one(tmp_path):
    manifest = json.dumps({"schema": 1, "sha256": {}, "made": ""}).encode()
    with tarfile.open(tmp_path / "bare.tar.gz", "w:gz") as tar:
        member = tarfile.TarInfo("manifest.json")
        member.size = len(manifest)
        tar.addfile(member, io.BytesIO(manifest))
    with pytest.raises(UsageError, match="course.toml이 없습니다"):
        restore(tmp_path / "bare.tar.gz", tmp_path / "empty", quiet)
    assert not (tmp_path / "empty").exists()


@pytest.mark.parametrize("harm", ["cut", "changed", "escape", "nothing"])
def test_a_damaged_backup_writes_nothing(tmp_path, harm):
    course = make_desk(tmp_path / "course").course
    good, bad = tmp_path / "good.tar.gz", tmp_path / "bad.tar.gz"
    backup(course, good, quiet)
    if harm == "cut":
        bad.write_bytes(good.read_bytes()[:-200])
    elif harm == "nothing":
        bad.write_bytes(b"no tar at all")
    else:
        with tarfile.open(good) as old, tarfile.open(bad, "w:gz") as new:
            for member in old:
                content = old.extractfile(member).read()
                if harm == "changed" and member.name == "class/roster.csv":
                    content = content.replace(b"s03", b"s09")
                if harm == "escape" and member.name == "class/roster.csv":
                    member.name = "class/../../escaped"
                member.size = len(content)
                new.addfile(member, io.BytesIO(content))
    with pytest.raises(UsageError):
        restore(bad, tmp_path / "empty", quiet)
    left = list((tmp_path / "empty").rglob("*")) if (tmp_path / "empty").exists() else []
    assert not left and not list(tmp_path.rglob("escaped"))


def test_purge_asks_first(toy, monkeypatch, capsys):
    monkeypatch.chdir(toy.course.root)
    assert main(["purge", "s02"]) == 2
    assert "--yes" in capsys.readouterr().err
    with people._desk(toy.course) as (db, _):
        assert db.query(User).filter_by(login="s02").count() == 1


def test_links_from_the_command_line(tmp_path, monkeypatch, capsys):
    toy = make_desk(tmp_path / "course")
    monkeypatch.chdir(toy.course.root)
    (tmp_path / "class.csv").write_text("id,name\ns01,하나\ns05,다섯\n", "utf-8")
    assert main(["roster", "import", str(tmp_path / "class.csv")]) == 0
    first = _links(toy.course)
    assert set(first) == {"s01", "s05"}
    assert stat.S_IMODE((toy.course.root / people.FILE).stat().st_mode) == 0o600
    assert all(link not in _dump(toy.course) for link in first.values())  # hashes only

    def opens(token: str) -> bool:
        client = toy.client(None)
        page = client.get(f"/desk/in/{token}").text
        fields = {"csrf": csrf(page), "token": token}
        return client.post("/desk/in", data=fields).status_code == 303

    assert opens(first["s01"]) and opens(first["s05"])
    os.unlink(toy.course.root / people.FILE)
    main(["roster", "import", str(tmp_path / "class.csv")])
    assert not (toy.course.root / people.FILE).exists()  # everybody has one already
    main(["roster", "links", "s01"])
    renewed = _links(toy.course)
    assert set(renewed) == {"s01"} and opens(renewed["s01"]) and not opens(first["s01"])
    signed_in = toy.client("s05")
    assert signed_in.get("/desk/labs/toy").status_code == 200
    main(["roster", "revoke", "s05"])
    assert signed_in.get("/desk/labs/toy").status_code == 303 and not opens(first["s05"])
    capsys.readouterr()
    main(["roster", "ta", "ta9"])
    assert opens(capsys.readouterr().out.strip().rpartition("/")[2])
    for wrong in (["roster", "import"], ["roster", "ta", "s01"], ["roster", "revoke", "nobody"]):
        assert main(wrong) == 2


def _dump(course: Course) -> str:
    with people._desk(course) as (db, _):
        return " ".join(each.hash for each in db.query(Token))


def test_a_purged_student_is_nowhere_and_the_others_are_as_before(toy):
    other = state(toy.course)
    purge(toy.course, "s02", quiet)
    left = []
    for path in toy.course.root.rglob("*"):
        if "s02" in path.name:
            left.append(path)
        elif path.is_file() and path.suffix in (".json", ".jsonl", ".csv", ".ipynb", ".html"):
            if "s02" in path.read_text("utf-8", "replace"):
                left.append(path)
    assert not left
    with people._desk(toy.course) as (db, _):
        assert db.query(User).filter_by(login="s02").count() == 0
        assert db.query(Handin).filter_by(student="s02").count() == 0
        assert db.query(Appeal).count() == db.query(Message).count() == 0
        live = {user.id for user in db.query(User)}
        assert {each.user_id for each in db.query(Token)} | {
            each.user_id for each in db.query(SignedIn)
        } <= live
        audit = [(a.actor, a.object, json.dumps(a.detail), a.address) for a in db.query(Audit)]
    assert not [entry for entry in audit if "s02" in " ".join(entry)]
    after = state(toy.course)
    assert after[2]["s01"] == other[2]["s01"]
    mine = {key: value for key, value in other[1].items() if key[0] == "s01"}
    assert after[1] == mine  # the same bytes were s02's as well: they stay s01's
    assert toy.course.roster.read_text("utf-8").count("\n") == 3
    with pytest.raises(UsageError):
        purge(toy.course, "s02", quiet)

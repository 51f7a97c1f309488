"""A student's whole way: sign in, hand in, receipt, result, again, appeal; and what is kept of it."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from autograder.grading import extensions, history
from autograder.intake.inbox import Inbox
from autograder.portal.tables import Handin, Job
from tests.grading.toycourse import HALF, RIGHT, scores
from tests.judge.lab import handed_in
from tests.portal.toydesk import Toy, csrf, hand_in, make_desk, notebook, receipt_of


@pytest.fixture(scope="module")
def toy(tmp_path_factory, kept):
    made = make_desk(tmp_path_factory.mktemp("desk") / "course", executor=kept)
    with TestClient(made.app):
        yield made


def fresh(tmp_path, kept, **more) -> Toy:
    return make_desk(tmp_path / "course", executor=kept, **more)


def test_from_the_file_to_the_result_and_again(toy):
    client, data = toy.client("s01"), notebook(HALF)
    receipt = receipt_of(hand_in(client, data))
    with toy.desk.database.session() as db:
        row = db.query(Handin).filter_by(receipt=receipt).one()
        assert row.sha256 == hashlib.sha256(data).hexdigest() and row.attempt == 1
    assert (toy.course.inbox / row.sha256 / "handed-in.ipynb").read_bytes() == data
    page = toy.wait(client, receipt)
    assert re.search(r"40<small> / 100", page)
    assert receipt in page and row.sha256 in page and "KST" in page and "UTC" in page
    assert "HIDDEN_SECRET" not in page
    assert re.search(r"채점에 걸린 시간 [\d.]+초 · 메모리 \d+ MB", page)

    second = receipt_of(hand_in(client, notebook(RIGHT)))
    assert re.search(r"100<small> / 100", toy.wait(client, second))
    assert "2번째 제출" in client.get(f"/desk/handins/{second}").text
    assert "다른 제출로 채점합니다" in client.get(f"/desk/handins/{receipt}").text
    assert scores(toy.course)["s01", "relu-hidden"][0] == 40
    causes = [each["cause"] for each in history.read(toy.course.record("s01", "toy"))]
    assert causes == ["first", "new hand-in"]
    assert (toy.course.submitted("s01", "toy") / "toy.ipynb").is_file()
    home = client.get("/desk/").text
    assert "100 / 100" in home


def test_the_same_file_twice_is_one_hand_in(toy):
    client = toy.client("s02")
    first, second = (receipt_of(hand_in(client, notebook(HALF))) for _ in range(2))
    assert first == second
    toy.wait(client, first)
    assert receipt_of(hand_in(client, notebook(HALF))) == first


def test_missing_and_doubled_cells_are_named_before_anything_is_handed_in(toy):
    whole = handed_in(RIGHT)
    whole.cells = [cell for cell in whole.cells if cell.id != "relu"]
    twice = next(cell for cell in whole.cells if cell.id == "double").copy()
    twice["id"], twice["source"] = "again", "# [toy:double]\ndef double(x):\n    return 3 * x"
    whole.cells.append(twice)
    data = json.dumps(whole).encode()
    client = toy.client("s03")
    before = len(Inbox(toy.course).records())
    asked = hand_in(client, data)
    assert asked.status_code == 409 and "아직 내지 않았습니다" in asked.text
    assert "relu의 답 칸이 없습니다" in asked.text and "double의 답 칸이 여러 개" in asked.text
    assert len(Inbox(toy.course).records()) == before
    receipt = receipt_of(hand_in(client, data, sure="1"))
    assert "0<small> / 100" in toy.wait(client, receipt)


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"\xff\xfe", b"[1, 2", b'{"nbformat": 4, "cells": []}']
)
def test_what_is_no_notebook_is_refused_with_a_reason(toy, data):
    answer = hand_in(toy.client("s03"), data)
    assert answer.status_code == 422 and "아직 내지 않았습니다" in answer.text


def test_an_upload_that_is_too_large_is_not_read_to_its_end(toy):
    limit = int(toy.course.limits.file_mb * 2**20)
    answer = hand_in(toy.client("s03"), b" " * (limit + 2**20))
    assert answer.status_code == 413


def test_the_name_of_a_file_is_shown_and_never_a_path(toy):
    client = toy.client("s03")
    answer = hand_in(
        client,
        notebook(
            RIGHT,
        ),
        name="../../<script>alert(1)</script>.ipynb",
    )
    page = toy.wait(client, receipt_of(answer))
    assert "<script>alert" not in page and "script_.ipynb" in page
    assert not list(toy.course.root.parent.glob("*script*"))


def test_an_appeal_goes_to_and_fro(toy):
    client, ta = toy.client("s02"), toy.client("ta1")
    receipt = receipt_of(hand_in(client, notebook(RIGHT)))
    page = toy.wait(client, receipt)
    asked = client.post(
        f"/desk/handins/{receipt}/appeal",
        data={"csrf": csrf(page), "exercise": "relu", "text": "<b>왜</b> 그런가요?"},
    )
    where = asked.headers["location"]
    told = ta.get(where)
    assert "&lt;b&gt;왜" in told.text and "<b>왜" not in told.text
    assert ta.post(where, data={"csrf": csrf(told.text), "text": "맞습니다."}).status_code == 303
    assert "맞습니다." in client.get(where).text
    assert "답이 왔습니다" in client.get(f"/desk/handins/{receipt}").text


def test_hidden_tests_are_told_when_the_course_says_so(tmp_path, kept):
    due = datetime.now(UTC) + timedelta(hours=1)
    toy = fresh(tmp_path, kept, deadline=due.isoformat(), hidden="after the deadline")
    with TestClient(toy.app):
        client = toy.client("s01")
        page = toy.wait(client, receipt := receipt_of(hand_in(client, notebook(HALF))))
        assert "10<small> / 30" in page and "마감 뒤에 나옵니다" in page
        assert "/ 70" not in page and "/ 60" not in page  # no exercise tells it either
        assert "40 / 100" not in client.get("/desk/labs/toy").text
        extensions.grant(toy.course, "s01", "toy", datetime.now(UTC) - timedelta(minutes=1))
        assert "40<small> / 100" in client.get(f"/desk/handins/{receipt}").text


def test_the_best_attempt_counts_where_the_course_says_so(tmp_path, kept):
    toy = fresh(tmp_path, kept)
    text = (toy.course.root / "course.toml").read_text("utf-8")
    text = text.replace('id = "toy-course"', 'id = "toy-course"\nattempts = "best"')
    (toy.course.root / "course.toml").write_text(text, "utf-8")
    toy.course.__dict__.pop("settings")
    with TestClient(toy.app):
        client = toy.client("s01")
        good = receipt_of(hand_in(client, notebook(RIGHT)))
        toy.wait(client, good)
        worse = receipt_of(hand_in(client, notebook(HALF)))
        assert "다른 제출로 채점합니다" in toy.wait(client, worse)
        assert "다른 제출로" not in client.get(f"/desk/handins/{good}").text
        assert scores(toy.course)["s01", "relu-hidden"][0] == 40


def test_an_extension_takes_the_penalty_back(tmp_path, kept):
    toy = fresh(tmp_path, kept, deadline=(datetime.now(UTC) - timedelta(hours=30)).isoformat())
    with TestClient(toy.app):
        client = toy.client("s01")
        extensions.grant(toy.course, "s01", "toy", datetime.now(UTC) + timedelta(days=1))
        page = toy.wait(client, receipt_of(hand_in(client, notebook(RIGHT))))
        assert "지각 감점" not in page
        other = toy.client("s02")
        page = toy.wait(other, receipt_of(hand_in(other, notebook(RIGHT))))
        assert "지각 감점" in page and "−20" in page


def test_what_was_collected_or_left_by_a_kill_is_graded_too(tmp_path, kept):
    toy = fresh(tmp_path, kept)
    receipt = receipt_of(hand_in(toy.client("s01"), notebook(RIGHT)))
    other = tmp_path / "s02_toy.ipynb"
    other.write_bytes(notebook(HALF))
    from autograder.intake.collect import collect

    collect(toy.course, other, say=lambda line: None)
    with toy.desk.database.session() as db:
        db.query(Job).one().state = "running"  # as a kill leaves it
    with TestClient(toy.app):
        assert "100<small>" in toy.wait(toy.client("s01"), receipt)
        client = toy.client("s02")
        theirs = re.search(r"/desk/handins/([\w-]+)", client.get("/desk/labs/toy").text)[1]
        assert "40<small>" in toy.wait(client, theirs)


def test_memory_is_what_the_students_own_process_took(toy):
    client = toy.client("s02")
    hungry = (
        f"{RIGHT['double']}\nx = bytearray(200 * 2**20)\nx[::4096] = b'1' * len(x[::4096])\ndel x"
    )
    page = toy.wait(client, receipt_of(hand_in(client, notebook({**RIGHT, "double": hungry}))))
    assert 190 <= int(re.search(r"메모리 (\d+) MB", page)[1]) <= 400


def test_events_tell_the_end(toy):
    client = toy.client("s02")
    receipt = receipt_of(
        hand_in(client, notebook({"double": "def double(x):\n    return x + x + 0"}))
    )
    with client.stream("GET", f"/desk/handins/{receipt}/events") as stream:
        said = [json.loads(line[6:]) for line in stream.iter_lines() if line.startswith("data: ")]
    assert said[-1]["state"] == "done"

"""A test is mended: who changes by how much, then the regrade on the same queue, with its reason kept."""

from __future__ import annotations

import re
import time

import pytest
from starlette.testclient import TestClient

from autograder.grading import history
from tests.grading.toycourse import HALF, RIGHT, scores, set_lab
from tests.judge.lab import toy as toy_lab
from tests.portal.test_ta_desk import post
from tests.portal.toydesk import hand_in, make_desk, notebook, receipt_of

TRIPLE = {"double": "def double(x):\n    return 3 * x", "relu": RIGHT["relu"]}


@pytest.fixture(scope="module")
def toy(tmp_path_factory, kept):
    made = make_desk(tmp_path_factory.mktemp("desk") / "course", executor=kept)
    with TestClient(made.app):
        for login, answers in (("s01", RIGHT), ("s02", HALF), ("s03", TRIPLE)):
            client = made.client(login)
            made.wait(client, receipt_of(hand_in(client, notebook(answers))))
        yield made


def mend(toy, points: str) -> None:
    source = toy_lab()
    for cell in source.cells:
        if cell.id == "double-public":
            cell.source = points
    set_lab(toy.course, source)


def previewed(toy) -> str:
    ta = toy.client("ta1")
    end = time.monotonic() + 300
    while "data-again" in (page := ta.get("/desk/ta/labs/toy/regrade").text):
        assert time.monotonic() < end
        time.sleep(0.2)
    return page


def test_a_preview_changes_nothing_and_the_commit_does_what_it_said(toy):
    before = scores(toy.course)
    mend(toy, "assert double(2) > 4, '고친 테스트'")  # now only three times is right
    assert post(toy, "/ta/labs/toy/regrade").status_code == 303
    page = previewed(toy)
    assert scores(toy.course) == before
    assert "테스트 변경" in page and "-10" in page and "+10" in page
    stamp = re.search(r'name="stamp" value="(\w+)"', page)[1]
    answer = post(toy, "/ta/labs/toy/regrade/commit", stamp="0" * 32)
    assert answer.status_code == 409

    mend(toy, "assert double(2) >= 4, '또 고친 테스트'")  # nobody has seen what this one does
    assert "또 바뀌었습니다" in toy.client("ta1").get("/desk/ta/labs/toy/regrade").text
    assert post(toy, "/ta/labs/toy/regrade/commit", stamp=stamp).status_code == 409
    assert scores(toy.course) == before

    post(toy, "/ta/labs/toy/regrade")
    page = previewed(toy)
    stamp = re.search(r'name="stamp" value="(\w+)"', page)[1]
    moved = re.findall(r"<tr><th scope=\"row\"><a [^>]*>(s\d+)</a>", page)
    assert moved == ["s03"] and "+10" in page
    assert post(toy, "/ta/labs/toy/regrade/commit", stamp=stamp).status_code == 303
    end = time.monotonic() + 120
    while scores(toy.course)["s03", "double-public"][0] != 10:
        assert time.monotonic() < end
        time.sleep(0.1)
    entries = history.read(toy.course.record("s03", "toy"))
    assert [entry["cause"] for entry in entries] == ["first", "tests changed"]
    assert [entry["score"] for entry in entries] == [60, 70]
    # It is done: the preview is gone, and there is nothing to commit again.
    assert post(toy, "/ta/labs/toy/regrade/commit", stamp=stamp).status_code == 409

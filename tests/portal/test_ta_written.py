"""Written answers: without names, scored through the one writer, never a score on an unread answer."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from autograder import notebooks
from autograder.grading import history
from autograder.grading.export import table
from autograder.portal.desk.written import answer_of
from autograder.results import Manual, Result
from tests.grading.toycourse import RIGHT, scores
from tests.judge.lab import handed_in
from tests.portal.test_ta_desk import post
from tests.portal.toydesk import hand_in, make_desk, receipt_of

SAID = {"s01": "값이 커지면 <b>기울기</b>도 커집니다.", "s02": "모르겠습니다.", "s03": ""}
RECEIPTS: dict[str, str] = {}


def essay(text: str) -> bytes:
    book = handed_in(RIGHT)
    cell = next(each for each in book.cells if each.id == "reflection")
    cell.source = f"<!-- [toy:reflection] -->\n{text}"
    return notebooks.dumps(book).encode()


@pytest.fixture(scope="module")
def toy(tmp_path_factory, kept):
    made = make_desk(tmp_path_factory.mktemp("desk") / "course", executor=kept)
    with TestClient(made.app):
        for login, text in SAID.items():
            client = made.client(login)
            RECEIPTS[login] = receipt_of(hand_in(client, essay(text)))
            made.wait(client, RECEIPTS[login])
        yield made


def test_answers_stand_side_by_side_without_names(toy):
    ta = toy.client("ta1")
    page = ta.get("/desk/ta/labs/toy/written").text
    assert "기울기&lt;/b&gt;도" in page and "모르겠습니다." in page and "빈 답" in page
    for login, name in (("s01", "하나"), ("s02", "둘"), ("s03", "셋")):
        assert login not in page and name not in page.replace("하나도", "")
    order = re.findall(r'id="answer-([\w-]+)"', page)
    assert sorted(order) == sorted(RECEIPTS.values())
    named = ta.get("/desk/ta/labs/toy/written?names=1").text
    assert "s01" in named and "하나" in named
    assert re.findall(r'id="answer-([\w-]+)"', named) == order  # hiding changes no order


def test_a_score_and_a_comment_reach_gradebook_history_table_and_student(toy):
    receipt = RECEIPTS["s01"]
    where = f"/ta/handins/{receipt}/written"
    answer = post(toy, where, question="reflection", score="7.5", text="잘 보았습니다.", keep="1")
    assert answer.status_code == 303 and receipt in answer.headers["location"]
    assert scores(toy.course)["s01", "reflection"] == (None, 7.5, False)
    told = toy.client("s01").get(f"/desk/handins/{receipt}").text
    assert "7.5 / 10" in told and "잘 보았습니다." in told
    entry = history.read(toy.course.record("s01", "toy"))[-1]
    assert entry["ta"] == {"reflection": 7.5} and entry["by"] == "ta1"
    assert "107.5" in table(toy.course, toy.course.labs, "csv")
    ta = toy.client("ta1")
    page = ta.get("/desk/ta/labs/toy/written?left=1").text
    assert receipt not in page and "잘 보았습니다." in page  # read, and kept to be said again
    saying = re.search(r"/desk/ta/sayings/(\d+)/forget", page)[1]
    post(toy, f"/ta/sayings/{saying}/forget")
    assert "잘 보았습니다." not in ta.get("/desk/ta/labs/toy/written?left=1").text
    for wrong in ({"score": "11"}, {"score": "-1"}, {"question": "relu-public"}, {"score": "x"}):
        fields = {"question": "reflection", "score": "1"} | wrong
        assert post(toy, where, **fields).status_code == 422, wrong
    assert scores(toy.course)["s01", "reflection"][1] == 7.5


def test_the_score_goes_to_the_answer_that_was_read_and_to_no_newer_one(toy):
    client = toy.client("s02")
    old = RECEIPTS["s02"]
    new = receipt_of(hand_in(client, essay("이제 알겠습니다.")))
    toy.wait(client, new)
    answer = post(toy, f"/ta/handins/{old}/written", question="reflection", score="3")
    assert answer.status_code == 409
    assert scores(toy.course)["s02", "reflection"][1] is None
    post(toy, f"/ta/handins/{new}/written", question="reflection", score="9")
    assert scores(toy.course)["s02", "reflection"][1] == 9


def test_several_questions_of_one_lab_are_told_apart():
    text = "<!-- [toy:one] -->\n첫째\n\n<!-- [toy:two] -->\n둘째\n<!-- 말 -->"
    result = Result(None, None, "", "", None, "graded", manual=Manual(None, 10, text))
    assert answer_of(result, "one") == "첫째" and answer_of(result, "two") == "둘째\n<!-- 말 -->"
    assert answer_of(result, "three") == ""

"""The TA's desk: a class at a glance, one hand-in, equal failures, scores, appeals, people."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from autograder.grading import extensions, history, record
from autograder.grading.export import table
from autograder.intake.roster import Roster
from autograder.portal.i18n import catalogue
from autograder.portal.tables import Audit, Handin, User
from tests.grading.toycourse import HALF, RIGHT, scores
from tests.portal.toydesk import Toy, csrf, hand_in, make_desk, notebook, receipt_of

WRONG = {"double": "def double(x):\n    return 3 * x"}
RECEIPTS: dict[str, str] = {}


@pytest.fixture(scope="module")
def toy(tmp_path_factory, kept):
    """s01 has all, s02 the half, s03 is wrong where s02 is too."""
    made = make_desk(tmp_path_factory.mktemp("desk") / "course", executor=kept)
    with TestClient(made.app):
        for login, answers in (("s01", RIGHT), ("s02", HALF), ("s03", WRONG)):
            client = made.client(login)
            RECEIPTS[login] = receipt_of(hand_in(client, notebook(answers)))
            made.wait(client, RECEIPTS[login])
        yield made


def post(toy: Toy, path: str, login: str = "ta1", files=None, **fields: str):
    client = toy.client(login)
    token = csrf(client.get("/desk/").text)
    return client.post(f"/desk{path}", data={"csrf": token, **fields}, files=files)


def test_the_front_page_counts_and_a_lab_shows_scores_rates_and_everybody(toy):
    ta = toy.client("ta1")
    front = ta.get("/desk/").text
    assert "장난감" in front and "3 / 3" in front and "40 / 100" in front  # the middle score
    page = ta.get("/desk/ta/labs/toy").text
    assert "평균 46.67점, 가운데 40점" in page
    assert re.search(r'aria-label="0–10%: 1, .*40–50%: 1, .*90–100%: 1"', page)
    assert "2 / 3 (67%)" in page and "1 / 3 (33%)" in page
    for login, receipt in RECEIPTS.items():
        assert f"/desk/ta/handins/{receipt}" in page and login in page


def test_one_hand_in_shows_the_trace_to_the_ta_and_to_nobody_else(toy):
    receipt = RECEIPTS["s03"]
    page = toy.client("ta1").get(f"/desk/ta/handins/{receipt}").text
    assert "double-hidden" in page and "처음 채점" in page and "AssertionError" in page
    assert toy.client("s03").get(f"/desk/ta/handins/{receipt}").status_code == 403
    assert "HIDDEN_SECRET" not in toy.client("s03").get(f"/desk/handins/{receipt}").text


def test_equal_failures_get_one_comment(toy):
    ta = toy.client("ta1")
    page = ta.get("/desk/ta/labs/toy/failures").text
    # s02 and s03 both left relu open; s03 alone has double wrong.
    key = re.search(r'id="c-(\w{16})">[^<]*<code>relu-public', page)[1]
    assert "2명 모두에게 할 말" in page and "두 배가 아닙니다." in page
    answer = post(toy, f"/ta/labs/toy/failures/{key}", text="0과 견주어 보세요 <b>.", keep="1")
    assert answer.status_code == 303
    for login in ("s02", "s03"):
        told = toy.client(login).get(f"/desk/handins/{RECEIPTS[login]}").text
        assert "0과 견주어 보세요 &lt;b&gt;." in told
    assert "견주어" not in toy.client("s01").get(f"/desk/handins/{RECEIPTS['s01']}").text
    again = ta.get("/desk/ta/labs/toy/failures").text
    assert "2명에게 이미 말함" in again and '<option value="0과 견주어' in again
    post(toy, f"/ta/labs/toy/failures/{key}", text="0과 견주어 보세요 <b>.")
    told = toy.client("s02").get(f"/desk/handins/{RECEIPTS['s02']}").text
    assert told.count("0과 견주어") == 1  # nobody is told the same twice
    assert post(toy, "/ta/labs/toy/failures/0123456789abcdef", text="x").status_code == 404


def test_what_is_said_of_a_hidden_failure_waits_until_it_may_be_told(tmp_path, kept):
    due = datetime.now(UTC) + timedelta(hours=1)
    desk = {"deadline": due.isoformat(), "hidden": "after the deadline"}
    toy = make_desk(tmp_path / "course", executor=kept, **desk)
    with TestClient(toy.app):
        client = toy.client("s01")
        receipt = receipt_of(hand_in(client, notebook({"double": "def double(x):\n    return 4"})))
        toy.wait(client, receipt)
        page = toy.client("ta1").get("/desk/ta/labs/toy/failures").text
        assert page.count("마감 뒤에 결과와 함께 나옵니다") == 1  # relu fails in the open
        for exercise, text in (("double", "늘 4입니다."), ("relu", "아직 비었습니다.")):
            post(toy, f"/ta/handins/{receipt}/comment", exercise=exercise, text=text)
        told = client.get(f"/desk/handins/{receipt}").text
        assert "아직 비었습니다." in told and "늘 4입니다." not in told
        extensions.grant(toy.course, "s01", "toy", datetime.now(UTC) - timedelta(minutes=1))
        assert "늘 4입니다." in client.get(f"/desk/handins/{receipt}").text


def test_a_comment_goes_when_the_answer_does(toy):
    client = toy.client("s03")
    post(toy, f"/ta/handins/{RECEIPTS['s03']}/comment", exercise="double", text="한 번 더!")
    assert "한 번 더!" in client.get(f"/desk/handins/{RECEIPTS['s03']}").text
    new = receipt_of(hand_in(client, notebook({"double": "def double(x):\n    return 4 * x"})))
    page = toy.wait(client, new)
    assert "한 번 더!" not in page and "견주어" not in page
    with toy.desk.database.session() as db:
        said = [each.detail.get("text") for each in db.query(Audit).filter_by(action="comment")]
    assert "한 번 더!" in said  # what was said is kept all the same


def test_a_score_of_the_tas_counts_is_explained_and_can_be_taken_back(toy):
    receipt = RECEIPTS["s02"]
    where = f"/ta/handins/{receipt}/score"
    answer = post(toy, where, cell="relu-public", score="15", reason="풀이는 맞습니다")
    assert answer.status_code == 303
    assert scores(toy.course)["s02", "relu-public"][:2] == (0, 15)
    assert "55<small> / 100" in toy.client("s02").get(f"/desk/handins/{receipt}").text
    page = toy.client("ta1").get(f"/desk/ta/handins/{receipt}").text
    assert "(ta1): 풀이는 맞습니다" in page and "조교 15점" in page
    entry = history.read(toy.course.record("s02", "toy"))[-1]
    assert entry["by"] == "ta1" and entry["score"] == 55 and entry["ta"] == {"relu-public": 15}
    post(toy, where, cell="relu-public", score="", reason="잘못 보았습니다")
    assert scores(toy.course)["s02", "relu-public"][:2] == (0, None)
    assert history.read(toy.course.record("s02", "toy"))[-1]["reason"] == "잘못 보았습니다"
    for wrong in (
        {"score": "21"},
        {"score": "-1"},
        {"score": "nan"},
        {"score": "x"},
        {"cell": "y"},
    ):
        fields = {"cell": "relu-public", "score": "1", "reason": "r"} | wrong
        assert post(toy, where, **fields).status_code == 422, wrong
    assert post(toy, where, cell="relu-public", score="1").status_code == 422  # no reason given
    assert scores(toy.course)["s02", "relu-public"][:2] == (0, None)


def test_a_score_waits_for_a_grading_and_says_so(toy, monkeypatch):
    monkeypatch.setattr("autograder.grading.marking.PATIENCE", 0.1)
    with record.writing(toy.course):
        answer = post(
            toy, f"/ta/handins/{RECEIPTS['s02']}/score", cell="relu-public", score="1", reason="r"
        )
    assert answer.status_code == 409 and "다른 채점" in answer.text
    assert scores(toy.course)["s02", "relu-public"][:2] == (0, None)


def test_the_tables_are_the_same_as_on_the_command_line(toy):
    ta = toy.client("ta1")
    for form in ("csv", "canvas", "moodle"):
        answer = ta.get(f"/desk/ta/export/{form}")
        assert answer.content.decode("utf-8-sig") == table(toy.course, toy.course.labs, form)
        assert answer.content.startswith(b"\xef\xbb\xbf") == (form != "canvas")
    assert (
        'filename="grades-toy-moodle.csv"'
        in (ta.get("/desk/ta/export/moodle?lab=toy").headers["content-disposition"])
    )
    assert ta.get("/desk/ta/export/xls").status_code == 404
    assert ta.get("/desk/ta/export/csv?lab=none").status_code == 404


def test_an_appeal_is_on_the_list_until_it_is_answered(toy):
    client, ta = toy.client("s02"), toy.client("ta1")
    page = client.get(f"/desk/handins/{RECEIPTS['s02']}").text
    asked = client.post(
        f"/desk/handins/{RECEIPTS['s02']}/appeal",
        data={"csrf": csrf(page), "exercise": "relu", "text": "왜 0점인가요?"},
    )
    where = asked.headers["location"]
    told = ta.get("/desk/ta/appeals").text
    assert where in told and "답을 기다립니다 (1)" in told and "왜 0점인가요?" in told
    ta.post(where, data={"csrf": csrf(ta.get(where).text), "text": "비어 있습니다."})
    told = ta.get("/desk/ta/appeals").text
    assert "답을 기다립니다 (0)" in told and "답한 문의 (1)" in told


def test_an_extension_moves_the_penalty_at_once(tmp_path, kept):
    late = datetime.now(UTC) - timedelta(hours=30)
    toy = make_desk(tmp_path / "course", executor=kept, deadline=late.isoformat())
    with TestClient(toy.app):
        client = toy.client("s01")
        receipt = receipt_of(hand_in(client, notebook(RIGHT)))
        assert "−20" in toy.wait(client, receipt)
        until = datetime.now(toy.course.timezone) + timedelta(days=1)
        fields = {"student": "s01", "lab": "toy", "until": f"{until:%Y-%m-%dT%H:%M}"}
        assert post(toy, "/ta/extensions", **fields).status_code == 303
        assert extensions.deadline(toy.course, "s01", "toy") == until.replace(
            second=0, microsecond=0
        )
        assert "지각 감점" not in client.get(f"/desk/handins/{receipt}").text
        post(toy, "/ta/extensions", **(fields | {"until": ""}))
        assert "−20" in client.get(f"/desk/handins/{receipt}").text
        for wrong in (
            {"student": "s99"},
            {"lab": "none"},
            {"until": "tomorrow"},
            {"until": "0001-01-01"},
        ):
            assert post(toy, "/ta/extensions", **(fields | wrong)).status_code == 422


def test_a_new_roster_locks_out_and_lets_in(tmp_path):
    toy = make_desk(tmp_path / "course")
    gone = toy.client("s03")
    data = "id,name\ns01,하나\ns02,둘\ns04,넷\n".encode()
    answer = post(toy, "/ta/people/roster", files={"roster": ("roster.csv", data)})
    assert answer.status_code == 303
    assert gone.get("/desk/labs/toy").status_code == 303
    assert [each.id for each in Roster.load(toy.course).people] == ["s01", "s02", "s04"]
    page = toy.client("ta1").get("/desk/ta/people").text
    assert "명단에서 빠짐" in page and "넷" in page
    for wrong in (b"", b"name\nx\n", b"id\nta1\n", b"id\n../x\n"):
        answer = post(toy, "/ta/people/roster", files={"roster": ("roster.csv", wrong)})
        assert answer.status_code == 422, wrong
    assert [each.id for each in Roster.load(toy.course).people] == ["s01", "s02", "s04"]


def test_a_links_address_is_shown_once_and_can_be_ended(tmp_path):
    toy = make_desk(tmp_path / "course")
    page = post(toy, "/ta/people/s01/link").text
    token = re.search(r'value="http://testserver/desk/in/([\w-]+)"', page)[1]
    assert token not in toy.client("ta1").get("/desk/ta/people").text
    fresh = TestClient(toy.app, follow_redirects=False)
    fields = {"csrf": csrf(fresh.get(f"/desk/in/{token}").text), "token": token}
    assert fresh.post("/desk/in", data=fields).status_code == 303
    assert fresh.get("/desk/labs/toy").status_code == 200
    post(toy, "/ta/people/s01/lock")
    assert fresh.get("/desk/labs/toy").status_code == 303
    assert post(toy, "/ta/people/ta1/link").status_code == 404  # a TA makes no TA's link
    with toy.desk.database.session() as db:
        assert db.query(User).filter_by(login="s01").one().active
        actions = [each.action for each in db.query(Audit) if each.actor == "ta1"]
    assert "link made" in actions and "revoked" in actions


def test_every_cause_has_its_english():
    assert set(history.CAUSES.values()) <= set(catalogue())


def test_what_failed_or_was_refused_says_why(tmp_path):
    toy = make_desk(tmp_path / "course")
    receipt = receipt_of(hand_in(toy.client("s01"), notebook(RIGHT)))
    with toy.desk.database.session() as db:
        job = db.query(Handin).filter_by(receipt=receipt).one().job
        job.state, job.reason = "failed", "작업 프로세스가 끝났습니다"
    page = toy.client("ta1").get("/desk/ta/labs/toy").text
    assert "채점하지 못함: 작업 프로세스가 끝났습니다" in page
    assert toy.client("ta1").get(f"/desk/ta/handins/{receipt}").status_code == 200

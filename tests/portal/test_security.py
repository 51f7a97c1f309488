"""Cookies, headers, secrets, limits: what stands around the pages."""

from __future__ import annotations

import stat
from dataclasses import replace
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from autograder.course import UsageError
from autograder.portal.app import create_app
from autograder.portal.auth import links
from autograder.portal.auth.secrets import hashed
from autograder.portal.limits import Rates
from autograder.portal.settings import FILE, Settings
from autograder.portal.tables import Audit, SignedIn, Token, User, now
from tests.grading.toycourse import make_course
from tests.portal.toydesk import Toy, csrf, hand_in, make_desk, notebook, receipt_of


@pytest.fixture(scope="module")
def toy(tmp_path_factory) -> Toy:
    return make_desk(tmp_path_factory.mktemp("security") / "course")


@pytest.mark.parametrize(
    "path", ["/desk/", "/desk/labs/toy", "/desk/nowhere", "/desk/in/x", "/desk/static/desk.js"]
)
def test_every_answer_carries_the_policy(toy, path):
    found = toy.client("s01").get(path).headers
    policy = found["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy and "*" not in policy and "http" not in policy
    assert (
        found["x-content-type-options"] == "nosniff" and found["referrer-policy"] == "no-referrer"
    )


def test_pages_need_nothing_that_the_policy_forbids(toy):
    client = toy.client("s01")
    receipt = receipt_of(hand_in(client, notebook()))
    for path in ("/desk/", "/desk/labs/toy", f"/desk/handins/{receipt}", "/desk/nowhere"):
        text = client.get(path).text
        assert " style=" not in text and " onclick=" not in text and "<style" not in text
        assert text.count("<script") == text.count('<script src="/desk/static/')


def test_cookies_are_for_the_browser_only_and_for_tls_where_there_is_one(toy):
    toy.desk.rates = Rates()
    settings = replace(toy.desk.settings, address="https://desk.example.org")
    app = create_app(toy.course, settings, replace(toy.desk, settings=settings))
    client = TestClient(app, base_url="https://desk.example.org", follow_redirects=False)
    with toy.desk.database.session() as db:
        user = db.query(User).filter_by(login="s01").one()
        token = links.make(db, user, links.LINK, 1)
    page = client.get(f"/desk/in/{token}")
    answer = client.post("/desk/in", data={"csrf": csrf(page.text), "token": token})
    said = [value for name, value in answer.headers.multi_items() if name == "set-cookie"]
    assert len(said) == 1
    for part in ("desk_session=", "HttpOnly", "SameSite=lax", "Secure", "Path=/desk"):
        assert part in said[0]
    assert "strict-transport-security" in answer.headers
    assert page.headers["set-cookie"].count("Secure") == 1


def test_a_session_is_new_at_sign_in_and_gone_at_sign_out(toy):
    client = toy.client("s01")
    first = client.cookies["desk_session"]
    with toy.desk.database.session() as db:
        assert db.query(SignedIn).filter_by(hash=hashed(first)).count() == 1
        assert db.query(SignedIn).filter_by(hash=first).count() == 0
    token = csrf(client.get("/desk/").text)
    client.post("/desk/out", data={"csrf": token})
    client.cookies.set("desk_session", first, path="/desk")
    assert client.get("/desk/labs/toy").status_code == 303
    assert toy.client("s01").cookies["desk_session"] != first


def test_a_session_ends_by_itself(toy):
    client = toy.client("s01")
    with toy.desk.database.session() as db:
        for each in db.query(SignedIn):
            each.expires = now() - timedelta(seconds=1)
    assert client.get("/desk/labs/toy").status_code == 303


@pytest.mark.parametrize("how", ["expired", "revoked", "another kind", "inactive", "made up"])
def test_a_link_that_does_not_work(toy, how):
    with toy.desk.database.session() as db:
        user = db.query(User).filter_by(login="s02").one()
        user.active = how != "inactive"
        kind = links.SUBMIT if how == "another kind" else links.LINK
        token = links.make(db, user, kind, 1)
        db.flush()
        row = db.query(Token).filter_by(hash=hashed(token)).one()
        if how == "expired":
            row.expires = now()
        if how == "revoked":
            row.revoked = now()
    client = toy.client(None)
    said = "x" * 43 if how == "made up" else token
    page = client.get(f"/desk/in/{said}")
    answer = client.post("/desk/in", data={"csrf": csrf(page.text), "token": said})
    assert answer.status_code == 403 and "이 링크는 쓸 수 없습니다" in answer.text
    with toy.desk.database.session() as db:
        db.query(User).filter_by(login="s02").one().active = True
        assert db.query(Audit).filter_by(action="sign-in refused").count() >= 1


def test_opening_a_link_signs_nobody_in(toy):
    """Programs that look at every link of a mail only look."""
    client = toy.client(None)
    with toy.desk.database.session() as db:
        user = db.query(User).filter_by(login="s01").one()
        token = links.make(db, user, links.LINK, 1)
    client.get(f"/desk/in/{token}")
    assert "desk_session" not in client.cookies
    assert client.get("/desk/labs/toy").status_code == 303


def test_a_submit_key_hands_in_and_nothing_else(toy):
    with toy.desk.database.session() as db:
        user = db.query(User).filter_by(login="s01").one()
        ta = db.query(User).filter_by(login="ta1").one()
        keys = {"s01": links.make(db, user, links.SUBMIT, 1)}
        keys["ta1"] = links.make(db, ta, links.SUBMIT, 1)
    client = toy.client(None)
    bearer = {"authorization": f"Bearer {keys['s01']}"}
    said = client.post("/desk/api/handin?lab=toy", content=notebook(), headers=bearer)
    assert said.status_code == 201
    receipt = said.json()["receipt"]
    assert client.get(f"/desk/api/handins/{receipt}", headers=bearer).status_code == 200
    for path in (f"/desk/handins/{receipt}", "/desk/labs/toy"):
        assert client.get(path, headers=bearer).status_code == 303
    assert client.post("/desk/key", headers=bearer).status_code in (401, 403)
    as_ta = {"authorization": f"Bearer {keys['ta1']}"}
    refused = client.post("/desk/api/handin?lab=toy", content=notebook(), headers=as_ta)
    assert refused.status_code == 403
    other = toy.client("s02")
    assert other.get(f"/desk/api/handins/{receipt}").status_code == 401


def test_nobody_learns_whether_anothers_receipt_exists(toy):
    receipt = receipt_of(hand_in(toy.client("s01"), notebook()))
    other = toy.client("s02")
    answers = [other.get(f"/desk/handins/{name}") for name in (receipt, "x" * 16)]
    assert answers[0].status_code == answers[1].status_code == 404
    assert answers[0].text == answers[1].text


def test_who_hands_in_all_the_time_has_to_wait(tmp_path):
    toy = make_desk(tmp_path / "course", handins_per_hour=3)
    client = toy.client("s01")
    codes = [hand_in(client, notebook()).status_code for _ in range(4)]
    assert codes == [303, 303, 303, 429]
    assert "초 뒤에" in hand_in(client, notebook()).text
    with toy.desk.database.session() as db:
        assert db.query(Token).count() >= 1
    assert Rates().wait("x", "another", 3, 3600) == 0


def test_secrets_are_made_for_nobody_else_and_refused_where_others_can_read(tmp_path, monkeypatch):
    monkeypatch.delenv("COURSE_DESK_SECRET", raising=False)
    course = make_course(tmp_path / "course")
    first = Settings.load(course)
    file = course.root / FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and len(first.key) == 32
    assert Settings.load(course).key == first.key and first.key.hex() not in repr(first)
    file.chmod(0o640)
    with pytest.raises(UsageError, match="chmod 600"):
        Settings.load(course)
    file.unlink()
    monkeypatch.setenv("COURSE_DESK_SECRET", "from the environment, long enough")
    assert Settings.load(course).key == b"from the environment, long enough"
    assert not file.exists()
    monkeypatch.setenv("COURSE_DESK_SECRET", "short")
    with pytest.raises(UsageError):
        Settings.load(course)


@pytest.mark.parametrize(
    "text",
    [
        'adress = "x"',
        'hidden = "sometimes"',
        'address = "desk.example.org"',
        "workers = [1]\nhidden=1",
    ],
)
def test_settings_that_make_no_sense_are_one_line(tmp_path, text):
    course = make_course(tmp_path / "course")
    file = course.root / "course.toml"
    file.write_text(f"[portal]\n{text}\n" + file.read_text("utf-8"), "utf-8")
    with pytest.raises(UsageError, match=r"\[portal\]"):
        Settings.load(course)

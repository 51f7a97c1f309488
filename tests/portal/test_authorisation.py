"""Every route × who calls. A route without a line here fails: nobody adds one without thinking."""

from __future__ import annotations

import re

import pytest

from autograder.portal.app import rules
from autograder.portal.auth.secrets import name
from autograder.portal.tables import Appeal, Handin, Message, Outcome, User
from tests.portal.toydesk import Toy, csrf, hand_in, make_desk, notebook, receipt_of

CALLERS = ("nobody", "s01", "s02", "ta1")  # the objects are s01's
LOGIN = 303  # where a page sends somebody who is not signed in
# route: status for nobody, its student, another student, the TA
TABLE = {
    "GET /health": (503, 503, 503, 503),  # nothing grades in this test
    "GET /": (200, 200, 200, 200),
    "POST /language": (303, 303, 303, 303),
    "GET /in/{token}": (200, 200, 200, 200),
    "POST /in": (403, 403, 403, 403),  # with a token that is none
    "POST /out": (401, 303, 303, 303),
    "GET /labs/{lab}": (LOGIN, 200, 200, 403),
    "POST /labs/{lab}/check": (401, 200, 200, 403),
    "POST /labs/{lab}/handin": (401, 303, 303, 403),
    "POST /key": (401, 200, 200, 403),
    "POST /api/check": (401, 401, 401, 401),  # a cookie is no key
    "POST /api/handin": (401, 401, 401, 401),
    "GET /api/handins/{receipt}": (401, 401, 401, 401),
    "GET /handins/{receipt}": (LOGIN, 200, 404, 200),
    "GET /handins/{receipt}/events": (LOGIN, 200, 404, 200),
    "GET /handins/{receipt}/file": (LOGIN, 200, 404, 200),
    "GET /handins/{receipt}/output/{exercise}": (LOGIN, 404, 404, 404),  # not graded yet
    "POST /handins/{receipt}/appeal": (401, 303, 404, 403),
    "GET /appeals/{appeal}": (LOGIN, 200, 404, 200),
    "POST /appeals/{appeal}": (401, 303, 404, 303),
    # The TA's: nobody else comes in, not even to what is their own.
    "GET /ta/labs/{lab}": (LOGIN, 403, 403, 200),
    "GET /ta/handins/{receipt}": (LOGIN, 403, 403, 200),
    "POST /ta/handins/{receipt}/score": (401, 403, 403, 422),  # not graded in this test
    "POST /ta/handins/{receipt}/comment": (401, 403, 403, 422),
    "GET /ta/labs/{lab}/failures": (LOGIN, 403, 403, 200),
    "POST /ta/labs/{lab}/failures/{cluster}": (401, 403, 403, 404),
    "GET /ta/labs/{lab}/written": (LOGIN, 403, 403, 200),
    "POST /ta/handins/{receipt}/written": (401, 403, 403, 409),
    "POST /ta/sayings/{saying}/forget": (401, 403, 403, 404),
    "GET /ta/labs/{lab}/regrade": (LOGIN, 403, 403, 200),
    "POST /ta/labs/{lab}/regrade": (401, 403, 403, 303),
    "POST /ta/labs/{lab}/regrade/commit": (401, 403, 403, 409),  # nothing was looked at before
    "GET /ta/appeals": (LOGIN, 403, 403, 200),
    "GET /ta/people": (LOGIN, 403, 403, 200),
    "POST /ta/people/roster": (401, 403, 403, 422),
    "POST /ta/people/{login}/link": (401, 403, 403, 200),
    "POST /ta/people/{login}/lock": (401, 403, 403, 303),
    "POST /ta/extensions": (401, 403, 403, 303),
    "GET /ta/export/{form}": (LOGIN, 403, 403, 200),
    "GET /ta/labs/{lab}/similar": (LOGIN, 403, 403, 200),
    "GET /ta/similar/{receipt}/{other}": (LOGIN, 403, 403, 404),  # not graded: nothing to compare
}
FORMS = {
    "POST /language": {"language": "en"},
    "POST /in": {"token": "no such token"},
    "POST /handins/{receipt}/appeal": {"exercise": "relu", "text": "왜 그런가요?"},
    "POST /appeals/{appeal}": {"text": "한마디 더"},
    "POST /ta/handins/{receipt}/score": {"cell": "relu-public", "score": "1", "reason": "까닭"},
    "POST /ta/handins/{receipt}/comment": {"exercise": "relu", "text": "한마디"},
    "POST /ta/labs/{lab}/failures/{cluster}": {"text": "한마디"},
    "POST /ta/handins/{receipt}/written": {"question": "reflection", "score": "1"},
    "POST /ta/labs/{lab}/regrade/commit": {"stamp": "x"},
    "POST /ta/extensions": {"student": "s03", "lab": "toy", "until": "2027-03-01T00:00"},
}


@pytest.fixture(scope="module")
def toy(tmp_path_factory) -> Toy:
    return make_desk(tmp_path_factory.mktemp("desk") / "course")


@pytest.fixture(scope="module")
def things(toy) -> dict[str, str]:
    """What stands in the addresses: all of it is s01's."""
    receipt = receipt_of(hand_in(toy.client("s01"), notebook()))
    with toy.desk.database.session() as db:
        row = db.query(Handin).filter_by(receipt=receipt).one()
        row.job.state = "done"
        toy.desk.engine.board.ends(row.job.id, "done")
        score = {"score": 60, "max_score": 60}
        db.add(Outcome(handin_id=row.id, status="graded", score=100, exercises={"relu": score}))
        asked = Appeal(name=name(), handin=row, exercise="double")
        asked.messages.append(Message(author="s01", role="student", text="왜요?"))
        db.add(asked)
        db.flush()
        appeal = asked.name
    return {
        "receipt": receipt,
        "appeal": appeal,
        "lab": "toy",
        "exercise": "relu",
        "token": "x" * 43,
        "cluster": "0" * 16,
        "saying": "1",
        "login": "s03",  # what a TA does to them ends none of the sessions in this test
        "form": "csv",
        "other": receipt,
    }


def test_the_table_has_every_route():
    assert {f"{rule.method} {rule.path}" for rule in rules()} == set(TABLE)


def test_the_site_has_no_other_routes(toy):
    """What is not in the table: static files, and the way to a provider (test_oidc.py)."""
    others = {"oidc_start", "oidc_back", "bare", "static", "nowhere", "book"}
    assert {route.name for route in toy.app.routes} <= {rule.name for rule in rules()} | others


@pytest.mark.parametrize("route", TABLE)
def test_who_may(toy, things, route):
    found = []
    for caller in CALLERS:
        client = toy.client(None if caller == "nobody" else caller)
        found.append(call(client, route, things).status_code)
    assert tuple(found) == TABLE[route]


@pytest.mark.parametrize("route", [route for route in TABLE if route.startswith("POST")])
def test_nothing_is_done_without_the_token_of_ones_own_page(toy, things, route):
    if route.startswith("POST /api/"):
        return  # these take a key and look at no cookie: the table says so
    client = toy.client("s01")
    other = csrf(toy.client("s02").get("/desk/").text)
    for said in ("", "x", other):
        assert call(client, route, things, token=said).status_code == 403, said


def test_a_form_of_another_site_is_refused_even_with_the_token(toy, things):
    client = toy.client("s01")
    for header in ({"sec-fetch-site": "cross-site"}, {"origin": "https://elsewhere.example"}):
        answer = call(client, "POST /key", things, headers=header)
        assert answer.status_code == 403


def test_who_left_is_out_at_once(toy):
    client = toy.client("s03")
    assert client.get("/desk/labs/toy").status_code == 200
    with toy.desk.database.session() as db:
        db.query(User).filter_by(login="s03").one().active = False
    assert client.get("/desk/labs/toy").status_code == LOGIN


def call(client, route: str, things: dict[str, str], token: str | None = None, headers=None):
    """One call of a route with all that it needs, as a browser would make it."""
    method, path = route.split(" ")
    address = "/desk" + re.sub(r"{(\w+)}", lambda part: things[part[1]], path)
    if method == "GET":
        return client.get(address, headers=headers)
    fields = {"csrf": csrf(client.get("/desk/").text) if token is None else token}
    files = {"notebook": ("toy.ipynb", notebook())} if path.startswith("/labs/") else None
    return client.post(
        address, data=fields | FORMS.get(route, {}), files=files, headers=headers or {}
    )

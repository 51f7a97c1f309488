"""Nonsense against every route: nothing ends in a 500, nothing goes past the gate."""

from __future__ import annotations

import re

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from starlette.testclient import TestClient

from autograder.portal.app import rules
from autograder.portal.auth import links
from autograder.portal.limits import Rates
from autograder.portal.routing import Who
from autograder.portal.tables import Job, User
from tests.portal.toydesk import csrf, hand_in, make_desk, notebook, receipt_of

TEXT = {"type": "string", "maxLength": 400}
FIELDS = (
    "exercise",
    "text",
    "token",
    "language",
    "back",
    "sure",
    "lab",
    "comment",
    "score",
    "until",
    "cell",
    "reason",
    "question",
    "student",
    "stamp",
)


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    made = make_desk(tmp_path_factory.mktemp("fuzz") / "course")
    for login in ("s01", "s02"):
        receipt_of(hand_in(made.client(login), notebook()))
    with made.desk.database.session() as db:  # so that event streams end
        for job in db.query(Job):
            job.state = "done"
            made.desk.engine.board.ends(job.id, "done")
    return made


def openapi() -> dict:
    """The desk's routes as OpenAPI knows them, made from the routes themselves."""
    paths: dict[str, dict] = {}
    for rule in rules():
        about: dict = {
            "operationId": rule.name,
            "parameters": [
                {"name": name, "in": "path", "required": True, "schema": TEXT | {"minLength": 1}}
                for name in re.findall(r"{(\w+)}", rule.path)
            ],
            "responses": {"default": {"description": "any"}},
        }
        if rule.who is Who.KEY:
            about["parameters"].append({"name": "lab", "in": "query", "schema": TEXT})
        if rule.method == "POST" and rule.form:
            fields = dict.fromkeys(FIELDS, TEXT)
            schema = {
                "type": "object",
                "properties": fields | {"notebook": TEXT | {"format": "binary"}},
            }
            about["requestBody"] = {
                "content": {
                    "multipart/form-data": {"schema": schema},
                    "application/x-www-form-urlencoded": {
                        "schema": {"type": "object", "properties": fields}
                    },
                }
            }
        elif rule.method == "POST":
            about["requestBody"] = {"content": {"application/octet-stream": {"schema": TEXT}}}
        paths.setdefault(f"/desk{rule.path}", {})[rule.method.lower()] = about
    return {"openapi": "3.0.3", "info": {"title": "desk", "version": "1"}, "paths": paths}


schema = schemathesis.openapi.from_dict(openapi())
LIGHT = settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def callers(toy) -> dict[str, tuple[TestClient, dict[str, str]]]:
    """Who calls → their browser, and the headers that let them past the CSRF check."""
    found = {}
    for name in (None, "s01", "ta1"):
        client = toy.client(name)
        found[name or "nobody"] = client, {"x-csrf-token": csrf(client.get("/desk/").text)}
    return found


@pytest.fixture(scope="module")
def key(toy) -> str:
    with toy.desk.database.session() as db:
        return links.make(db, db.query(User).filter_by(login="s01").one(), links.SUBMIT, 1)


@schema.exclude(operation_id="sign_out").parametrize()
@LIGHT
def test_nothing_ends_in_a_500(toy, callers, key, case):
    tried(toy, callers, key, case)


@pytest.mark.soak
@schema.exclude(operation_id="sign_out").parametrize()
@settings(LIGHT, max_examples=300, derandomize=False)
def test_nothing_ends_in_a_500_whatever_one_tries(toy, callers, key, case):
    tried(toy, callers, key, case)


def tried(toy, callers, key, case) -> None:
    """One request of each caller."""
    toy.desk.rates = Rates()
    for name, (client, headers) in callers.items():
        headers = dict(headers)
        if "/api/" in case.path and name == "s01":
            headers["authorization"] = f"Bearer {key}"
        made = case.as_transport_kwargs(base_url="http://testserver", headers=headers)
        sent = requests.Request(
            made["method"], made["url"], made["headers"], made.get("files"), made.get("data"),
            made.get("params"), json=made.get("json"),
        ).prepare()  # fmt: skip
        body = sent.body.encode() if isinstance(sent.body, str) else sent.body
        answer = client.request(sent.method, sent.url, content=body, headers=dict(sent.headers))
        assert answer.status_code < 500 or case.path == "/desk/health", (name, answer.text)


@pytest.mark.parametrize(
    "path",
    [
        "/desk/labs/..%2f..%2fetc", "/desk/labs/%00", "/desk/handins/%00", "/desk/handins/%ff/file",
        "/desk/static/../app.py", "/desk/static/..%2fapp.py", "/desk/in/%f0%9f%98%80", "/desk//",
        "/desk/%2e%2e/",
        "/desk/handins/" + "x" * 5000,
    ],
)  # fmt: skip
def test_odd_addresses(toy, callers, path):
    for client, _ in callers.values():
        answer = client.get(path)
        assert answer.status_code in (200, 303, 307, 403, 404, 414)
        assert "import" not in answer.text

"""Signing in at a provider: a small one of our own, on a real port, with real keys."""

from __future__ import annotations

import base64
import hashlib
import threading
import time
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest
import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.responses import JSONResponse, RedirectResponse
from starlette.routing import Route

from autograder.portal.settings import Oidc
from autograder.portal.site import listen
from autograder.portal.tables import Audit
from tests.portal.toydesk import make_desk


class Provider:
    """Knows one user (`claims`), gives each code once, and can lie (`twist`)."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "1", "use": "sig"})
        self.claims: dict = {}
        self.twist: dict = {}
        self.codes: dict[str, dict] = {}
        self.socket = listen("127.0.0.1", 18500)
        self.issuer = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        app = Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.discovery),
                Route("/authorize", self.authorize),
                Route("/token", self.token, methods=["POST"]),
                Route("/keys", self.keys),
            ]
        )
        self.server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
        run = {"sockets": [self.socket]}
        self.thread = threading.Thread(target=self.server.run, kwargs=run, daemon=True)
        self.thread.start()
        while not self.server.started:
            time.sleep(0.02)

    def discovery(self, request):
        at = self.issuer
        return JSONResponse({
            "issuer": at, "authorization_endpoint": f"{at}/authorize", "token_endpoint": f"{at}/token",
            "jwks_uri": f"{at}/keys", "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["RS256"], "subject_types_supported": ["public"],
        })  # fmt: skip

    def authorize(self, request):
        said = dict(request.query_params)
        code = f"code-{len(self.codes)}"
        self.codes[code] = said
        back = {"code": code, "state": self.twist.get("state", said["state"])}
        return RedirectResponse(f"{said['redirect_uri']}?{urlencode(back)}")

    async def token(self, request):
        form = await request.form()
        said = self.codes.pop(form["code"], None)
        proof = hashlib.sha256(form["code_verifier"].encode()).digest()
        good = (
            said and base64.urlsafe_b64encode(proof).rstrip(b"=").decode() == said["code_challenge"]
        )
        basic = base64.b64encode(b"desk:secret").decode()
        if not good or request.headers.get("authorization") != f"Basic {basic}":
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": "desk", "sub": "1", "iat": now, "exp": now + 60,
            "nonce": said["nonce"], **self.claims, **self.twist.get("claims", {}),
        }  # fmt: skip
        key = self.twist.get("key", self.key)
        signed = jwt.encode({"alg": "RS256", "kid": "1"}, claims, key)
        return JSONResponse({"access_token": "x", "token_type": "Bearer", "id_token": signed})

    def keys(self, request):
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    def close(self) -> None:
        self.server.should_exit = True
        self.thread.join(10)
        self.socket.close()


@pytest.fixture(scope="module")
def provider():
    made = Provider()
    yield made
    made.close()


@pytest.fixture(scope="module")
def toy(provider, tmp_path_factory):
    oidc = Oidc(provider.issuer, "desk", client_secret="secret")
    folder = tmp_path_factory.mktemp("oidc") / "course"
    return make_desk(folder, oidc=oidc, address="http://testserver")


def there_and_back(toy, client=None):
    """The answer to the browser's coming back."""
    client = client or toy.client(None)
    away = client.get("/desk/oidc/start")
    assert away.status_code == 302, away.text
    returned = httpx2.get(away.headers["location"])
    return client, client.get(returned.headers["location"])


def test_who_is_on_the_roster_comes_in(toy, provider):
    provider.claims = {"email": "S01@Example.org", "email_verified": True}
    assert "/desk/oidc/start" in toy.client(None).get("/desk/").text
    client, answer = there_and_back(toy)
    assert answer.status_code == 303 and answer.headers["location"] == "/desk/"
    assert "하나" in client.get("/desk/").text
    with toy.desk.database.session() as db:
        assert db.query(Audit).filter_by(action="sign-in", actor="s01").count() == 1


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "stranger@example.org", "email_verified": True},
        {"email": "s01@example.org"},
        {"email": "s01@example.org", "email_verified": "true"},
        {"email": "", "email_verified": True},
        {"email": ["s01@example.org"], "email_verified": True},
        {"sub": "s01"},
    ],
)
def test_who_is_not_stays_out(toy, provider, claims):
    provider.claims = claims
    client, answer = there_and_back(toy)
    assert answer.status_code == 403 and client.get("/desk/labs/toy").status_code == 303


@pytest.mark.parametrize(
    "twist",
    [
        {"state": "another"},
        {"claims": {"nonce": "another"}},
        {"claims": {"iss": "https://elsewhere.example"}},
        {"claims": {"aud": "another"}},
        {"claims": {"exp": 1}},
        {"key": RSAKey.generate_key(2048, {"kid": "1"})},
    ],
    ids=["state", "nonce", "issuer", "audience", "expired", "key"],
)
def test_a_lie_is_not_believed(toy, provider, twist):
    provider.claims = {"email": "s01@example.org", "email_verified": True}
    provider.twist = twist
    try:
        client, answer = there_and_back(toy)
    finally:
        provider.twist = {}
    assert answer.status_code == 403 and client.get("/desk/labs/toy").status_code == 303


def test_a_code_of_another_browser_opens_nothing(toy, provider):
    provider.claims = {"email": "s01@example.org", "email_verified": True}
    away = toy.client(None).get("/desk/oidc/start")
    returned = httpx2.get(away.headers["location"]).headers["location"]
    assert set(parse_qs(urlsplit(returned).query)) == {"code", "state"}
    victim = toy.client(None)
    assert victim.get(returned).status_code == 403
    assert victim.get("/desk/labs/toy").status_code == 303


def test_a_ta_needs_to_be_named_as_staff(toy, provider):
    with toy.desk.database.session() as db:
        from autograder.portal.auth.oidc import find
        from autograder.portal.tables import User

        db.query(User).filter_by(login="ta1").one().email = "ta@example.org"
        db.flush()
        claims = {"email": "ta@example.org", "email_verified": True}
        assert find(db, toy.desk.settings.oidc, claims) is None
        named = Oidc(provider.issuer, "desk", staff=("TA@example.org",))
        assert find(db, named, claims).login == "ta1"
        by_id = Oidc(provider.issuer, "desk", claim="preferred_username")
        assert find(db, by_id, {"preferred_username": "s02"}).login == "s02"


def test_without_a_provider_there_is_no_such_door(tmp_path):
    client = make_desk(tmp_path / "course").client(None)
    assert client.get("/desk/oidc/start").status_code == 404
    assert client.get("/desk/oidc/back?code=1&state=2").status_code == 404


def test_a_provider_that_is_away_is_a_clear_page(tmp_path):
    gone = Oidc("http://127.0.0.1:9", "desk")
    client = make_desk(tmp_path / "course", oidc=gone, address="http://testserver").client(None)
    answer = client.get("/desk/oidc/start")
    assert answer.status_code == 502 and "다시 해 보세요" in answer.text

"""Signing in by an OpenID Connect provider (a university's account), besides links.

Authorisation code with PKCE; Authlib checks state, nonce, signature and times. Who comes back is looked
up in the roster by one claim; nobody gets in who is not on it.
"""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import TYPE_CHECKING

from authlib.integrations.starlette_client import OAuth
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from autograder.portal.auth import session
from autograder.portal.call import Stop
from autograder.portal.settings import Oidc, Settings
from autograder.portal.tables import Audit, User

if TYPE_CHECKING:
    from autograder.portal.state import Desk

log = logging.getLogger("course.desk.oidc")
FAILED = "학교 계정으로 들어가지 못했습니다. 다시 해 보세요."
UNKNOWN = "이 계정은 명단에 없습니다. 조교에게 알려 주세요."


@lru_cache(maxsize=8)
def _client(settings: Oidc):
    oauth = OAuth()
    return oauth.register(
        "provider",
        server_metadata_url=f"{settings.issuer.rstrip('/')}/.well-known/openid-configuration",
        client_id=settings.client_id,
        client_secret=settings.client_secret or None,
        client_kwargs={
            "scope": "openid email profile",
            "code_challenge_method": "S256",
            "timeout": 10,
        },
    )


async def start(desk: Desk, request: Request) -> Response:
    """Sends the browser to the provider."""
    settings = _configured(desk.settings)
    back = desk.settings.address + request.app.url_path_for("oidc_back")
    try:
        return await _client(settings).authorize_redirect(request, back)
    except Exception as error:  # noqa: BLE001  the provider is not there, or is wrongly named
        log.error("%s: %s", settings.issuer, error)
        raise Stop(502, FAILED) from None


async def back(desk: Desk, request: Request) -> Response:
    """Takes the browser that the provider sent back, and signs its user in."""
    settings = _configured(desk.settings)
    try:
        token = await _client(settings).authorize_access_token(request)
        claims = dict(token.get("userinfo") or {})
    except Exception as error:  # noqa: BLE001  whatever came back, it is not believed
        log.warning("%s: %s: %s", settings.issuer, type(error).__name__, error)
        raise Stop(403, FAILED) from None
    request.session.clear()
    return await run_in_threadpool(_sign_in, desk, request, settings, claims)


def _sign_in(desk: Desk, request: Request, settings: Oidc, claims: dict) -> Response:
    answer = RedirectResponse(request.app.url_path_for("home"), 303)
    address = request.client.host if request.client else ""
    with desk.database.session() as db:
        user = find(db, settings, claims)
        what = user.login if user else ""
        action = "sign-in" if user else "sign-in refused"
        db.add(Audit(actor=what, action=action, detail={"how": "oidc"}, address=address))
        if user is not None:
            if earlier := session.find(db, request):
                db.delete(earlier)
            session.start(db, user, "oidc", desk.settings, answer)
    if user is None:
        raise Stop(403, UNKNOWN)
    return answer


def find(db: Session, settings: Oidc, claims: dict) -> User | None:
    """The active user whom the claim means; an address only where the provider verified it."""
    said = claims.get(settings.claim)
    if not isinstance(said, str) or not said.strip():
        return None
    if settings.claim == "email" and claims.get("email_verified") is not True:
        return None
    column = User.email if settings.claim == "email" else User.login
    query = select(User).where(func.lower(column) == said.strip().lower(), User.active)
    found = list(db.scalars(query))
    # Two people with one address: nobody, rather than the wrong one. A TA must be named as staff.
    if len(found) != 1:
        return None
    staff = {each.lower() for each in settings.staff}
    if found[0].role == "ta" and said.strip().lower() not in staff:
        return None
    return found[0]


def _configured(settings: Settings) -> Oidc:
    if settings.oidc is None:
        raise HTTPException(404)
    return settings.oidc

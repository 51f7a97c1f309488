"""Signing in and out."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from autograder.portal.auth import links, session
from autograder.portal.call import Call
from autograder.portal.routing import Rules, Who

rules = Rules()


@rules.get("/in/{token}", Who.ANYONE, rate="sign-in")
def sign_in_page(call: Call) -> Response:
    """Asks for one click: programs that open every link in a mail must not sign anybody in."""
    return call.page("sign_in.html", token=call.path["token"][:100])


@rules.post("/in", Who.ANYONE, rate="sign-in")
def sign_in(call: Call) -> Response:
    """Opens a session for the link's owner."""
    user = links.owner(call.db, call.text("token", 100), links.LINK)
    if user is None:
        call.audit("sign-in refused")
        return call.page("sign_in.html", 403, token="", refused=True)
    if call.signed_in:
        call.db.delete(call.signed_in)
    call.user = user
    call.audit("sign-in", how="link")
    answer = RedirectResponse(call.url("home"), 303)
    session.start(call.db, user, "link", call.desk.settings, answer)
    return answer


@rules.post("/out", Who.USER)
def sign_out(call: Call) -> Response:
    """Ends the session."""
    answer = RedirectResponse(call.url("home"), 303)
    call.audit("sign-out")
    session.end(call.db, call.signed_in, answer)
    return answer

"""The desk's front door, and the switch of languages."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from autograder.portal.auth.session import set_cookie
from autograder.portal.call import Call
from autograder.portal.desk import labs as ta_labs
from autograder.portal.i18n import LANGUAGES
from autograder.portal.pages import LANGUAGE_COOKIE
from autograder.portal.routing import Rules, Who
from autograder.portal.student import labs

rules = Rules()


@rules.get("/", Who.ANYONE)
def home(call: Call) -> Response:
    """A student's labs, the TA's desk, or how to sign in."""
    if call.user is None:
        return call.page("sign_in.html", token="")
    if call.user.role == "ta":
        return ta_labs.overview(call)
    return labs.overview(call)


@rules.post("/language", Who.ANYONE)
def switch_language(call: Call) -> Response:
    """Remembers the language and goes back to where one was."""
    wanted = call.text("language", 5)
    back = call.text("back", 300, required=False)
    # Only to a page of ours: `//elsewhere` would be another site.
    is_ours = back.startswith("/desk/") and "\\" not in back and "\n" not in back
    answer = RedirectResponse(back if is_ours else "/desk/", 303)
    if wanted in LANGUAGES:
        set_cookie(answer, LANGUAGE_COOKIE, wanted, call.desk.settings, 365 * 24 * 3600)
    return answer

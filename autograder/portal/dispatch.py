"""From a request to a handler and back: who calls, may they, is the form theirs, what went wrong."""

from __future__ import annotations

import errno
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from autograder.portal import limits
from autograder.portal.auth import csrf, links, session
from autograder.portal.call import Call, Stop
from autograder.portal.i18n import say
from autograder.portal.pages import environment, language
from autograder.portal.routing import Rule, Who

if TYPE_CHECKING:
    from autograder.portal.state import Desk

log = logging.getLogger("course.desk")
API = "/desk/api/"

TEXTS = {
    400: "요청을 읽을 수 없습니다.",
    401: "먼저 로그인하세요.",
    403: "여기에는 들어올 수 없습니다.",
    404: "없는 페이지입니다.",
    405: "없는 페이지입니다.",
    413: "파일이 너무 큽니다. 출력을 모두 지우고 다시 저장해 내 주세요.",
    429: "너무 자주 요청했습니다. 잠시 뒤에 다시 하세요.",
    500: "데스크에 문제가 생겼습니다. 접수증이 있는 제출은 안전합니다. ({mark})",
    503: "지금은 데이터베이스에 닿지 않습니다. 잠시 뒤에 다시 하세요. 접수증이 있는 제출은 안전합니다.",
    507: "서버에 저장할 자리가 없습니다. 이 제출은 받지 못했습니다. 파일을 가지고 있다가 다시 내 주세요. "
    "접수증이 있는 제출은 안전합니다.",
}


def endpoint(rule: Rule, desk: Desk) -> Callable[[Request], Awaitable[Response]]:
    """The route's function for Starlette."""

    async def answer(request: Request) -> Response:
        try:
            form, body = FormData(), b""
            if rule.method == "POST" and rule.form:
                form = await request.form(max_files=4, max_fields=200, max_part_size=2**20)
            elif rule.method == "POST":
                body = await request.body()
            try:
                return await run_in_threadpool(handle, rule, desk, request, form, body)
            finally:
                await form.close()
        except ClientDisconnect:
            return Response(status_code=400)
        except Exception as error:  # noqa: BLE001  every kind has its page
            return failure(request, error)

    return answer


def handle(rule: Rule, desk: Desk, request: Request, form: FormData, body: bytes) -> Response:
    """Runs one call in its transaction; what it left for after the commit runs then."""
    with desk.database.session() as db:
        call = Call(desk, request, db, form=form, body=body)
        fresh = _identify(call, rule)
        _permit(call, rule)
        response = rule.handler(call)
    for each in call.after:
        each()
    if fresh:
        session.set_cookie(response, session.VISITOR, call.secret, desk.settings)
    return response


def _identify(call: Call, rule: Rule) -> bool:
    """Finds out who calls; whether the answer has to bring a visitor's cookie along."""
    if rule.who is Who.KEY:
        call.user = _by_key(call.db, call.request)
        return False
    call.signed_in = session.find(call.db, call.request)
    if call.signed_in:
        call.user = call.signed_in.user
        call.secret = call.request.cookies[session.COOKIE]
        return False
    call.secret = call.request.cookies.get(session.VISITOR, "")
    if len(call.secret) < 20:
        call.secret = secrets.token_urlsafe(24)
        return rule.method == "GET"
    return False


def _by_key(db: Session, request: Request) -> object:
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    return links.owner(db, secret.strip(), links.SUBMIT) if kind.lower() == "bearer" else None


def _permit(call: Call, rule: Rule) -> None:
    """Lets the call through or raises Stop."""
    settings, user = call.desk.settings, call.user
    caller = f"user {user.id}" if user else f"address {call.address}"
    most = settings.requests_per_minute * (1 if user else 5)  # a class may share an address
    _slow_down(call, "any", caller, most, 60)
    if rule.rate:
        who = caller if rule.rate != "sign-in" else f"address {call.address}"
        most, seconds = limits.RATES.get(rule.rate) or (settings.handins_per_hour, 3600)
        _slow_down(call, rule.rate, who, most, seconds)
    if rule.who is not Who.ANYONE and user is None:
        raise Stop(401)
    if rule.who in (Who.STUDENT, Who.TA) and user.role != rule.who:
        raise Stop(403)
    if rule.method == "POST" and rule.who is not Who.KEY:
        said = call.form.get(csrf.FIELD) or call.request.headers.get(csrf.HEADER)
        elsewhere = csrf.from_elsewhere(call.request, settings.address)
        if elsewhere or not csrf.is_good(settings.key, call.secret, said):
            raise Stop(
                403, "이 양식은 오래되었거나 다른 곳에서 왔습니다. 새로 고친 뒤 다시 하세요."
            )


def _slow_down(call: Call, name: str, caller: str, most: int, seconds: float) -> None:
    if wait := call.desk.rates.wait(name, caller, most, seconds):
        raise Stop(429, "너무 자주 요청했습니다. {n}초 뒤에 다시 하세요.", n=wait)


def failure(request: Request, error: Exception) -> Response:
    """The page (or JSON for a program) that says what went wrong."""
    status, text = _meaning(error)
    values = dict(getattr(error, "values", None) or {})
    if status not in TEXTS and not text:
        text = TEXTS[400]
    if status == 500:
        values["mark"] = secrets.token_hex(4)
        log.error("%s %s [%s]", request.method, request.url.path, values["mark"], exc_info=error)
    elif status in (502, 503, 507):
        log.error("%s %s: %s", request.method, request.url.path, _line(error))
    said = say(language(request), text or TEXTS[status], **values)
    wants_json = request.headers.get("accept", "").startswith("application/json")
    if request.url.path.startswith(API) or wants_json:
        return JSONResponse({"error": said}, status)
    if status == 401 and request.method == "GET":
        home = request.app.url_path_for("home")
        return Response(status_code=303, headers={"location": home})
    page = environment().get_template("error.html")
    shown = {"status": status, "text": said, "language": language(request)}
    shown["_"] = lambda korean, **more: say(language(request), korean, **more)
    return HTMLResponse(page.render(**shown), status)


def _meaning(error: Exception) -> tuple[int, str]:
    if isinstance(error, Stop):
        return error.status, error.text
    if isinstance(error, HTTPException):
        return error.status_code, ""
    if isinstance(error, limits.TooLarge):
        return 413, ""
    if isinstance(error, SQLAlchemyError):
        return (507 if "disk is full" in str(error) else 503), ""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return 507, ""
    return 500, ""


def _line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]

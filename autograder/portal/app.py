"""create_app: the book at `/`, the desk at `/desk/`."""

from __future__ import annotations

import contextlib
import mimetypes
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from autograder import feedback
from autograder.course import Course
from autograder.intake.inbox import Inbox
from autograder.portal import dispatch, health, home
from autograder.portal.auth import oidc
from autograder.portal.auth import routes as auth
from autograder.portal.db import Database
from autograder.portal.desk import appeals as ta_appeals
from autograder.portal.desk import clusters, export, people, regrade, similar, submission, written
from autograder.portal.desk import labs as ta_labs
from autograder.portal.handin import routes as handin
from autograder.portal.headers import SecurityHeaders
from autograder.portal.limits import SPARE, BodyLimit
from autograder.portal.queue import routes as queue
from autograder.portal.queue.engine import Engine
from autograder.portal.routing import Rule
from autograder.portal.settings import Settings
from autograder.portal.state import Desk
from autograder.portal.student import appeals, labs, results

# Every module with routes stands here; a route is added in its module.
MODULES = (
    health, home, auth, labs, handin, results, appeals, queue,
    ta_labs, submission, clusters, written, regrade, ta_appeals, people, export, similar,
)  # fmt: skip

for kind, ending in (
    ("application/x-ipynb+json", ".ipynb"),
    ("text/markdown", ".md"),
    ("application/octet-stream", ".pagefind"),
):
    mimetypes.add_type(kind, ending)


class Book(StaticFiles):
    """The built book. Pages are looked at while they are being written: no stale copies."""

    def file_response(self, *arguments, **options):
        """A file, to be asked for anew each time."""
        response = super().file_response(*arguments, **options)
        response.headers["Cache-Control"] = "no-cache"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def rules() -> list[Rule]:
    """Every route of the desk."""
    return [rule for module in MODULES for rule in module.rules.rules]


def open_desk(
    course: Course, settings: Settings, make_engine: Callable[..., Engine] = Engine
) -> Desk:
    """The desk's state: database, inbox, queue. Nothing runs yet.

    Raises:
        UsageError: the database cannot be opened.
    """
    database = Database(settings.db_url)
    engine = make_engine(course, database, settings)
    return Desk(course, settings, database, Inbox(course, durable=True), engine)


def create_app(
    course: Course, settings: Settings | None = None, desk: Desk | None = None
) -> Starlette:
    """The site as an ASGI application; its lifespan starts and stops the grading.

    Raises:
        UsageError: the settings are wrong or the database cannot be opened.
    """
    settings = settings or Settings.load(course)
    desk = desk or open_desk(course, settings)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        desk.engine.start()
        try:
            yield
        finally:
            desk.engine.stop()
            desk.database.close()

    routes: list = [
        Route(
            f"/desk{rule.path}",
            dispatch.endpoint(rule, desk),
            methods=[rule.method],
            name=rule.name,
        )
        for rule in rules()
    ]
    for name, go in (("start", oidc.start), ("back", oidc.back)):
        # Async, for Authlib; both are for anyone and check what comes by themselves.
        routes.append(Route(f"/desk/oidc/{name}", _async(desk, go), name=f"oidc_{name}"))
    routes.append(Route("/desk", lambda request: RedirectResponse("/desk/"), name="bare"))
    static: list = [
        Route("/page.css", _page_style),
        Mount("/", StaticFiles(directory=Path(__file__).with_name("static"))),
    ]
    routes.append(Mount("/desk/static", routes=static, name="static"))
    routes.append(Route("/desk/{rest:path}", _nowhere, name="nowhere"))
    if course.html.is_dir():
        routes.append(Mount("/", Book(directory=course.html, html=True), name="book"))
    most = int(course.limits.file_mb * 2**20) + SPARE
    app = Starlette(
        routes=routes,
        lifespan=lifespan,
        exception_handlers={Exception: _failed, 404: _failed, 405: _failed},
        middleware=[
            Middleware(OnDesk, https=settings.is_https),
            Middleware(BodyLimit, most=most),
            # Only the way to an OpenID provider and back is remembered in it.
            Middleware(
                SessionMiddleware,
                secret_key=settings.key.hex(),
                session_cookie="desk_flow",
                max_age=600,
                path="/desk",
                https_only=settings.is_https,
            ),
        ],
    )
    app.state.desk = desk
    return app


def _async(desk: Desk, go):
    async def answer(request):
        try:
            return await go(desk, request)
        except Exception as error:  # noqa: BLE001
            return dispatch.failure(request, error)

    return answer


class OnDesk:
    """Security headers for the desk; the book has scripts of its own in its pages."""

    def __init__(self, app, https: bool) -> None:
        self.bare, self.desk = app, SecurityHeaders(app, https)

    async def __call__(self, scope, receive, send) -> None:
        """Passes the call on."""
        is_desk = scope["type"] == "http" and scope["path"].startswith("/desk")
        await (self.desk if is_desk else self.bare)(scope, receive, send)


def _page_style(request: Request) -> FileResponse:
    """The desk looks like the page that a student gets."""
    return FileResponse(Path(feedback.__file__).with_name("templates") / "style.css")


async def _nowhere(request):
    from starlette.exceptions import HTTPException

    raise HTTPException(404)


async def _failed(request, error):
    return dispatch.failure(request, error)

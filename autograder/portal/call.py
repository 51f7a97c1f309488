"""One call of one route, as handlers see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from autograder.course import Lab, UsageError
from autograder.portal import pages
from autograder.portal.auth import csrf
from autograder.portal.tables import Audit, SignedIn, User

if TYPE_CHECKING:
    from autograder.portal.state import Desk


class Stop(Exception):
    """Ends a call with a page that says why. `status` is HTTP's, `text` Korean for the reader.

    `values` are for the braces in `text`, which stands in locale/en/ like the words of pages.
    """

    def __init__(self, status: int, text: str = "", **values: object) -> None:
        super().__init__(text)
        self.status, self.text, self.values = status, text, values


@dataclass
class Call:
    """What a handler needs: the desk, who calls, and one transaction.

    `user` is None only where a route is for anyone. `after` runs when all is committed.
    """

    desk: Desk
    request: Request
    db: Session
    user: User | None = None
    signed_in: SignedIn | None = None
    form: FormData = field(default_factory=FormData)
    body: bytes = b""
    after: list[Callable[[], None]] = field(default_factory=list)
    secret: str = ""  # what the CSRF token is bound to: the session's cookie, or the visitor's

    @property
    def path(self) -> dict[str, Any]:
        """The parts of the address that have a name in the route."""
        return self.request.path_params

    @property
    def language(self) -> str:
        """`ko` or `en`."""
        return pages.language(self.request)

    @property
    def address(self) -> str:
        """The caller's network address, as the proxy gave it."""
        return self.request.client.host if self.request.client else ""

    @property
    def csrf(self) -> str:
        """The token that this caller's forms carry."""
        return csrf.token(self.desk.settings.key, self.secret)

    def lab(self) -> Lab:
        """The lab in the address. Raises Stop (404)."""
        try:
            return self.desk.course.lab(self.path["lab"])
        except UsageError:
            raise Stop(404) from None

    def text(self, name: str, most: int, required: bool = True) -> str:
        """A field of the form as text. Raises Stop (422) where it is missing or too long."""
        value = self.form.get(name, "")
        value = (
            value.replace("\r\n", "\n").replace("\x00", "").strip()
            if isinstance(value, str)
            else ""
        )
        if required and not value:
            raise Stop(422, "빈칸이 있습니다.")
        if len(value) > most:
            raise Stop(422, "너무 깁니다(최대 {n}자).", n=most)
        return value.encode("utf-8", "replace").decode()

    def page(self, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        """A rendered page."""
        return HTMLResponse(pages.render(self, template, **values), status)

    def json(self, value: Any, status: int = 200) -> JSONResponse:
        """Plain data."""
        return JSONResponse(value, status)

    def url(self, name: str, **parts: str) -> str:
        """The path of a route, by its handler's name."""
        return self.request.app.url_path_for(name, **parts)

    def to(self, name: str, **parts: str) -> Response:
        """A redirect to a route, after something was done."""
        return RedirectResponse(self.url(name, **parts), 303)

    def audit(self, action: str, what: str = "", **detail: Any) -> None:
        """Notes in the audit log what this caller did."""
        actor = self.user.login if self.user else ""
        self.db.add(
            Audit(
                actor=actor, action=action, object=what[:200], detail=detail, address=self.address
            )
        )

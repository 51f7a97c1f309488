"""For whoever watches the server."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse, Response

from autograder.portal.call import Call
from autograder.portal.routing import Rules, Who

rules = Rules()


@rules.get("/health", Who.ANYONE)
def health(call: Call) -> Response:
    """200 while the database answers and the grading runs."""
    try:
        with call.desk.database.engine.connect() as connection:
            connection.execute(text("SELECT 1"))
        good = call.desk.engine.alive
    except SQLAlchemyError:
        good = False
    return JSONResponse({"ok": good}, 200 if good else 503)

"""Templates: every text is escaped; nothing of a student's is ever marked safe here."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request

from autograder.portal.i18n import LANGUAGES, say

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from autograder.portal.call import Call

_HERE = Path(__file__).parent
LANGUAGE_COOKIE = "desk_language"


@cache
def environment() -> Environment:
    """The one environment of all desk templates."""
    found = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["number"] = number
    return found


def language(request: Request) -> str:
    """The language that this browser asked for by the switch."""
    said = request.cookies.get(LANGUAGE_COOKIE, "")
    return said if said in LANGUAGES else LANGUAGES[0]


def render(call: Call, template: str, **values: Any) -> str:
    """The page's HTML."""
    course = call.desk.course
    common = {
        "_": partial(say, call.language),
        "language": call.language,
        "user": call.user,
        "csrf": call.csrf,
        "url": call.url,
        "when": partial(when, zone=course.timezone),
        "course_title": course.book_config.get("title", ""),
        "here": call.request.url.path,
        "oidc": call.desk.settings.oidc,
    }
    return environment().get_template(template).render(**common | values)


def number(value: float | None) -> str:
    """A score as people write it: 7, 7.5; nothing where there is none."""
    return "" if value is None else f"{round(value, 2):g}"


def when(moment: datetime, zone: ZoneInfo, utc: bool = False) -> str:
    """A moment in the course's zone (`2027-03-01 14:05:09 KST`), with `utc` in UTC."""
    local = moment.astimezone(UTC if utc else zone)
    return f"{local:%Y-%m-%d %H:%M:%S} {local.tzname()}"

"""The page in the sandboxed frame: text, tables and pictures of a student's code, and nothing that acts."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from autograder.feedback.outputs import Shown
from autograder.portal.i18n import say
from autograder.portal.pages import environment

_STYLE = (Path(__file__).parents[1] / "static" / "frame.css").read_text(encoding="utf-8")


@cache
def _style_hash() -> str:
    return base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()


# `sandbox` without a word allows nothing: no script, no form, no way out of the frame.
FRAME_POLICY = (
    f"sandbox; default-src 'none'; img-src data:; style-src 'sha256-{_style_hash()}'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)


def page(outputs: Sequence[Shown], language: str) -> str:
    """The HTML. `html` outputs were sanitised by feedback.clean; all else is escaped here."""
    template = environment().get_template("student/frame.html")
    return template.render(
        outputs=outputs, style=_STYLE, language=language, _=lambda korean: say(language, korean)
    )

"""No thebe in the pages: Jupyter Book loads its extension whether a book uses it or not.

Its script asks a CDN for code, and declared twice (as the theme has it) it stops with an
error in the console of every page.
"""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx


def _drop(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    for kind in ("script_files", "css_files"):
        context[kind] = [file for file in context.get(kind, []) if "thebe" not in _text(file)]


def _text(file: Any) -> str:
    """Name and inline body of a script or style file, in lower case."""
    body = getattr(file, "attributes", {}).get("body") or ""
    return f"{getattr(file, 'filename', file)} {body}".lower()


def setup(app: Sphinx) -> dict[str, bool]:
    """Filter the scripts of each page, after all others have added theirs."""
    app.connect("html-page-context", _drop, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""Ctrl+P of a page gives its text: style sheet and script for printing, on every page.

The PDF of the whole book (scripts/pdf) uses the same style sheet.
"""

from __future__ import annotations

from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, bool]:
    """Register _static/print.css, for paper only, and _static/print.js."""
    app.add_css_file("print.css", media="print", priority=900)
    app.add_js_file("print.js", loading_method="defer")
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""Mend what libraries write into pages and what screen readers stumble over.

Each entry names who writes it; tests/test_pages_browser.py asks axe-core about every page.
"""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx

MENDED = {
    # MyST-NB: the English label hides the words of the button (「코드 보기」).
    '<summary aria-label="Toggle hidden content">': "<summary>",
    # Sphinx: a role that ARIA has withdrawn, and one that cannot stand in a list.
    'role="doc-biblioentry"': 'role="listitem"',
}


def mend(html: str) -> str:
    """`html` with every entry of MENDED replaced."""
    for wrong, right in MENDED.items():
        html = html.replace(wrong, right)
    return html


def _page(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    if "body" in context:
        context["body"] = mend(context["body"])


def setup(app: Sphinx) -> dict[str, bool]:
    """Mend each page that is written."""
    app.connect("html-page-context", _page, priority=850)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

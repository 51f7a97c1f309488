"""What a term means, where it stands: the glossary's sentence as a tooltip on every term.

The sentences of the terms on a page are written at its end, hidden; `_static/terms.js` shows
them by mouse, keyboard and touch. Without scripts a term is a link to the glossary.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from docutils import nodes
from sphinx.application import Sphinx

import bookconfig
import vocabulary

STYLE = "std-term"


def anchors(doctree: nodes.document) -> list[str]:
    """The glossary anchors that a page's terms lead to, in order of first use, each once."""
    found: dict[str, None] = {}
    for link in doctree.findall(nodes.reference):
        if any(STYLE in child.get("classes", ()) for child in link.findall(nodes.inline)):
            anchor = link.get("refid") or unquote(link.get("refuri", "").partition("#")[2])
            found.setdefault(anchor)
    return list(found)


def tip(anchor: str, term: vocabulary.Term, *, math: bool) -> str:
    """One hidden tooltip; the symbol is left out of pages that load no math script."""
    symbol = ""
    if term.symbol and math:
        formula = escape(term.symbol.strip("$"), quote=False)
        symbol = f' <span class="math notranslate nohighlight">\\({formula}\\)</span>'
    return (
        f'<div class="term-tip" role="tooltip" id="tip-{escape(anchor)}" hidden>'
        f"<p><strong>{escape(term.ko)}</strong> "
        f'<span class="term-tip-en" lang="en">{escape(term.english)}</span>{symbol}</p>'
        f"<p>{escape(term.text)}</p></div>"
    )


def _page(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    if not isinstance(doctree, nodes.document) or "body" not in context:
        return
    config = bookconfig.load(Path(app.srcdir).parent)
    terms = {term.ko: term for term in vocabulary.load(config.book / "glossary.yml")}
    # The glossary directive has told Sphinx under which anchor each term stands.
    known = {
        anchor: terms[name]
        for name, _, kind, _, anchor, _ in app.env.get_domain("std").get_objects()
        if kind == "term" and name in terms
    }
    math = app.env.get_domain("math").has_equations(page)
    tips = [tip(a, known[a], math=math) for a in anchors(doctree) if a in known]
    if tips:
        context["body"] += '<div class="term-tips">' + "".join(tips) + "</div>"


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the tooltips to each page that is written."""
    app.connect("html-page-context", _page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

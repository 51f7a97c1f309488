"""A graded notebook as formgrader may show it.

formgrader puts HTML, SVG, scripts and Markdown of a notebook into its page as they are, and whoever
looks at that page may change every score. So nothing of a student's that could act stays in it.
"""

from __future__ import annotations

import re

from nbformat import NotebookNode

from autograder.feedback import clean

# After this sign `<` opens no tag, `]` no address and `\` no command; one does not see it.
_BREAK = "\u2060"
_ACTIVE = re.compile(r"<(?=[A-Za-z/?])|\](?=\s*[(\[:])|\\(?=href)")


def still(output: dict) -> dict:
    """The output with text, plain HTML and pictures only."""
    data = output.get("data")
    if not isinstance(data, dict):
        return output
    kept: dict[str, str] = {}
    if "text/plain" in data:
        kept["text/plain"] = data["text/plain"]
    if safe := clean.markup(data.get("text/html", "")):
        kept["text/html"] = safe
    for kind in ("image/png", "image/jpeg"):
        if address := clean.image(kind, data.get(kind, "")):
            kept[kind] = address.partition(",")[2]
    if address := clean.image("image/svg+xml", data.get("image/svg+xml", "")):
        kept["text/html"] = f'<img src="{address}">'  # as a picture it can neither run nor load
    return {**output, "data": kept, "metadata": {}}


def still_text(cell: NotebookNode) -> None:
    """Takes from a written answer, in place, what Markdown would make into tags and links that run."""
    cell.source = _ACTIVE.sub(lambda found: f"{found[0]}{_BREAK}", cell.source)

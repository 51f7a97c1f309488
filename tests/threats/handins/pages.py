"""Injections, by what carries them, and the ways by which a student's text comes to a page."""

from __future__ import annotations

from tests.threats.handins.court import RIGHT, Court, Outcome, as_bytes, cell, notebook
from tests.threats.handins.window import BEACON, JS, Window


def shown(court: Court, *payloads: str) -> Outcome:
    """m50's cell shows each payload in every way that a cell has; the answers are right."""
    source = (
        "import sys\nfrom IPython.display import HTML, Markdown, SVG, Javascript, display\n"
        f"for payload in {payloads!r}:\n"
        "    print(payload)\n"
        "    print(payload, file=sys.stderr)\n"
        "    display(HTML(payload), Markdown(payload), Javascript(payload))\n"
        "    display({'image/svg+xml': payload, 'text/plain': payload}, raw=True)\n"
        "    display({'text/html': payload, 'text/latex': payload}, raw=True)\n"
        "    display({'image/png': payload, payload: payload}, raw=True)\n"
    )
    return court(notebook(RIGHT, own=source))


def written(court: Court, *payloads: str) -> Outcome:
    """m50's written answer is the payloads."""
    made = notebook()
    cell(made, "reflection").source += "\n" + "\n\n".join(payloads)
    return court(as_bytes(made))


def raised(court: Court, *payloads: str) -> Outcome:
    """Every test fails with the payloads in the message."""
    text = " ".join(payloads)
    answer = f"def double(x):\n    raise ValueError({text!r})"
    return court(notebook({**RIGHT, "double": answer}, own=f"raise KeyError({text!r})"))


def assert_harmless(outcome: Outcome, window: Window, points: float = 100) -> None:
    """m50's page is there, and in a browser it does nothing at all."""
    outcome.assert_graded("m50", points)
    seen = window.look(outcome.page_file("m50"))
    assert not seen, seen


__all__ = ["BEACON", "JS", "assert_harmless", "raised", "shown", "written"]

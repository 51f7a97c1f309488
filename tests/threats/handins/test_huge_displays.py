"""Displays of megabytes, hundreds of them, of data nested deeper than any reader goes."""

from __future__ import annotations

import pytest

from tests.threats.handins.court import RIGHT, notebook

SOURCES = {
    "base64": "display({'image/png': 'iVBO' * 5_000_000}, raw=True)",
    "html": "display({'text/html': '<b>' * 3_000_000}, raw=True)",
    "many": "for n in range(3000): display({'text/html': f'<i>{n}</i>'}, raw=True)",
    "deep": (
        "deep = 1\nfor _ in range(900): deep = [deep]\n"
        "display({'application/json': deep, 'text/plain': deep}, raw=True)"
    ),
    "no text": "display({'text/html': {'a': 1}, 'image/png': 5, 'text/plain': None}, raw=True)",
    "odd kinds": "display({'': 'x', 'a/b/c': 'x', '\\n': 'x'}, raw=True)",
}


@pytest.mark.parametrize("name", SOURCES)
def test_the_page_stays_small(court, name):
    source = f"from IPython.display import display\n{SOURCES[name]}"
    outcome = court(notebook(RIGHT, own=source))
    outcome.assert_graded("m50", 100)
    assert len(outcome.page("m50")) < 300_000
    assert (court.course.autograded("m50", "toy") / "toy.ipynb").stat().st_size < 3_000_000

"""Files attached to text cells: pictures with scripts, huge ones, ones of no known shape."""

from __future__ import annotations

from tests.threats.handins.court import notebook
from tests.threats.handins.window import JS

SVG = f"<svg xmlns='http://www.w3.org/2000/svg' onload=\"{JS}\"/>"


def test_attachments_go_no_further(court, window):
    made = notebook()
    for each in made.cells:
        each["attachments"] = {
            "a.svg": {"image/svg+xml": SVG},
            "../../b": {"text/html": f"<script>{JS}</script>"},
            "c": ["x" * 1_000_000],
        }
    made.cells[-1].source += "\n![그림](attachment:a.svg) <img src='attachment:a.svg'>"
    outcome = court(made)
    outcome.assert_graded("m50", 100)
    for folder in (court.course.submitted, court.course.autograded):
        text = (folder("m50", "toy") / "toy.ipynb").read_text(encoding="utf-8")
        assert "attachments" not in text and "onload" not in text and len(text) < 20_000
    assert not window.look(outcome.page_file("m50"))

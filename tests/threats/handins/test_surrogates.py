"""Halves of a character pair: legal in JSON, and no UTF-8 can hold them."""

from __future__ import annotations

from tests.threats.handins.court import RIGHT, as_bytes, cell, notebook

HALF = "\ud83d"


def escaped(made) -> bytes:
    return as_bytes(made).replace(HALF.encode("utf-8", "surrogatepass"), b"\\ud83d")


def test_they_become_a_sign_for_the_unreadable(court):
    made = notebook(RIGHT, own=f"print('{HALF}', '\\ud83d')\nprint('뒤')")
    cell(made, "double").source += f"  # {HALF}"
    cell(made, "reflection").source += f"\n답 {HALF} 뒤"
    made.metadata["course"] = {"lab": HALF, "release": HALF}
    for each in made.cells:
        each.metadata["id"] = each.metadata[HALF] = HALF
    data = escaped(made)
    assert b"\\ud83d" in data
    outcome = court(data)
    outcome.assert_graded("m50", 100)
    outcome.page("m50").encode("utf-8")


def test_raw_halves_are_no_text(court):
    court(as_bytes(notebook(RIGHT, own=f"# {HALF}"))).assert_refused("UTF-8")


def test_printed_raised_and_shown(court):
    """What a cell shows goes into files and the gradebook: nobody else's grading may stop at it."""
    shown = (
        "from IPython.display import display\n"
        "print('\\ud83d', '\\0')\n"
        "display({'text/plain': 'x\\ud83d', '\\ud83d': '\\ud83d'}, raw=True)\n"
        "raise ValueError('\\ud83d\\0')"
    )
    made = notebook(
        {**RIGHT, "double": "def double(x):\n    raise ValueError('\\ud83d\\0')"}, own=shown
    )
    outcome = court(made)
    outcome.assert_graded("m50", 60)
    assert "ValueError" in outcome.page("m50")

"""The page on which a TA gives points: whatever ran there could give points too."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbconvert.exporters import HTMLExporter
from nbgrader.server_extensions.formgrader import handlers
from traitlets.config import Config

from tests.threats.handins.pages import BEACON, JS, raised, shown, written
from tests.threats.handins.window import Seen, Window

PAYLOADS = [
    f"<script>{JS}</script>",
    f'<img src=x onerror="{JS}">',
    f'<svg xmlns="http://www.w3.org/2000/svg" onload="{JS}"></svg>',
    f"<iframe src={BEACON}/frame></iframe>",
    f"[x](javascript:{JS}) ![x]({BEACON}/pixel)",
    f"[x]: javascript:{JS}\n\n[x] [y][x] <javascript:{JS}>",
    f"$\\href{{javascript:{JS}}}{{x}}$",
    f"<!--><img src=x onerror={BEACON}>-->",
]


def formgrader(notebook: nbformat.NotebookNode, folder: Path, window: Window) -> Seen:
    """The page that formgrader's server makes of a graded notebook, in the browser."""
    config = Config()
    config.HTMLExporter.template_name = "formgrade"
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    about = dict.fromkeys(("first_name", "last_name", "base_url", "notebook_path"), "")
    about |= {"assignment_id": "toy", "notebook_id": "toy", "submission_id": "1", "student": "m50"}
    html, _ = HTMLExporter(config=config).from_notebook_node(
        notebook, resources={**about, "index": 0, "total": 1}
    )
    page = folder / "formgrader.html"
    page.write_text(html, encoding="utf-8")
    return window.look(page)


def acted(seen: Seen) -> bool:
    """Whether anything but formgrader's own scripts ran or loaded."""
    fetched = "Failed to fetch" in seen.complaints
    return seen.owned or fetched or any(BEACON in each for each in seen.asked)


@pytest.mark.parametrize("way", [shown, written, raised])
def test_nothing_of_a_students_acts_there(court, window, way):
    outcome = way(court, *PAYLOADS)
    path = court.course.autograded("m50", "toy") / "toy.ipynb"
    graded = nbformat.read(path, 4)
    assert not acted(formgrader(graded, court.room, window))
    assert outcome.points["m50"] == (60 if way is raised else 100)


@pytest.mark.parametrize("payload", PAYLOADS[:5])
def test_they_would_act(window, tmp_path, payload):
    cell = nbformat.v4.new_code_cell(
        "1", outputs=[nbformat.v4.new_output("display_data", {"text/html": payload})]
    )
    for each in (cell, nbformat.v4.new_markdown_cell(payload)):
        if payload.startswith("[") and each is cell:
            continue  # HTML knows no such links
        assert acted(formgrader(nbformat.v4.new_notebook(cells=[each]), tmp_path, window))


def test_what_is_plain_stays_as_it_was(court):
    text = "`a < b`, 3 < 4, $x<y$ 이고 **굵게**"
    written(court, text)
    graded = nbformat.read(court.course.autograded("m50", "toy") / "toy.ipynb", 4)
    kept = next(each.source for each in graded.cells if each.cell_type == "markdown")
    assert "a < b" in kept and "3 < 4" in kept and "**굵게**" in kept

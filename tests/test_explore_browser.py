"""`kit.explore` with every kind of control, in a page without a kernel."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from ipywidgets.embed import embed_data

from tests import booksite
from tests.browsing import served

sys.path.insert(0, str(booksite.ROOT / "book"))
sys.path.insert(0, str(booksite.ROOT / "book" / "_ext"))

import kit  # noqa: E402
import vendor  # noqa: E402

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><html><body><article class="bd-article">
<script type="application/vnd.jupyter.widget-state+json">{state}</script>
<script type="application/vnd.jupyter.widget-view+json">{view}</script>
<script src="embed.js"></script></article></body></html>
"""


def draw(kind: str, times: int) -> None:
    plt.figure(figsize=(2, 1))
    plt.plot([0, times if kind == "오름" else -times])


@pytest.fixture
def page(tmp_path: Path, browser):
    plt.switch_backend("Agg")
    widget = kit.explore(draw, "{kind} {times}", kind=["오름", "내림"], times=[1, 2, 3])
    data = embed_data(views=[widget])
    html = PAGE.format(
        state=json.dumps(data["manager_state"]), view=json.dumps(data["view_specs"][0])
    )
    (tmp_path / "index.html").write_text(html, "utf-8")
    script = booksite.ROOT / "node_modules" / vendor.PACKAGES["widgets"][0] / "dist" / "embed.js"
    shutil.copy(script, tmp_path / "embed.js")
    with served(tmp_path) as address:
        page = browser.new_page()
        page.goto(address)
        page.wait_for_selector(".explore img")
        yield page
        page.close()


def shown(page) -> str:
    [image] = page.locator(".explore img:visible").all()
    return image.get_attribute("alt")


def test_dropdown_and_slider_choose_one_frame_together(page) -> None:
    assert shown(page) == "오름 1"
    page.locator(".explore select").select_option(label="내림")
    page.wait_for_timeout(200)
    assert shown(page) == "내림 1"
    page.locator(".explore .noUi-handle").focus()
    page.keyboard.press("End")
    page.wait_for_timeout(200)
    assert shown(page) == "내림 3"
    page.locator(".explore select").select_option(label="오름")
    page.wait_for_timeout(200)
    assert shown(page) == "오름 3"


def test_a_dropdown_has_no_play_button(page) -> None:
    assert page.locator(".explore .widget-play").count() == 1

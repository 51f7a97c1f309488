"""The page in a real browser: nothing that a student's code shows may run, load or cover anything."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from autograder.results import Manual
from tests.feedback import sample
from tests.feedback.test_page import ATTACKS, made

pytestmark = pytest.mark.browser

CHROMIUM = os.environ.get("COURSE_CHROMIUM", "/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]


def attacked() -> str:
    result = sample.result(notices=ATTACKS, manual=Manual(None, 10, "\n".join(ATTACKS)))
    for attack in ATTACKS:
        result.exercises["bptt"].outputs += [
            sample.display(text_html=attack),
            sample.display(
                image_svg__xml=f"<svg xmlns='http://www.w3.org/2000/svg'>{attack}</svg>"
            ),
        ]
    return made(result).replace("<details>", "<details open>")


def test_attacks_do_nothing_in_a_browser(tmp_path):
    if not Path(CHROMIUM).exists():
        pytest.fail(f"{CHROMIUM}이 없습니다. `sudo apt-get install chromium`으로 설치하세요.")
    (tmp_path / "page.html").write_text(attacked(), encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 360, "height": 800})
        asked, dialogs, refused = [], [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        page.on("console", lambda message: refused.append(message.text))
        page.goto(f"file://{tmp_path}/page.html")
        page.wait_for_timeout(500)
        assert [url for url in asked if not url.startswith(("file:", "data:image/"))] == []
        assert (dialogs, refused) == ([], [])
        # Even without our cleaning nothing could run: the policy forbids it.
        assert page.evaluate("document.querySelectorAll('script, iframe, svg, form').length") == 0
        # On a phone nothing sticks out to the side.
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        browser.close()

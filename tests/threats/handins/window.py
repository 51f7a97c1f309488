"""A browser that reaches nothing, and what a page tried to do in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Error, sync_playwright

from tests.browsing import CHROMIUM, FLAGS

BEACON = "https://beacon.invalid"
JS = f"document.title='owned';fetch('{BEACON}/js')"
# Whatever waits for a click gets one; a click that would leave the page is counted, not followed.
_POKE = """() => {
  document.querySelectorAll('details').forEach(each => each.open = true);
  const odd = [...document.querySelectorAll('a, [href], button, input')].filter(
    each => !/^https:/.test(each.getAttribute('href') || ''));
  for (const each of odd) each.dispatchEvent(new MouseEvent('click', {bubbles: true}));
}"""

_FIXED = """() => [...document.body.querySelectorAll('*')].filter(
  each => getComputedStyle(each).position === 'fixed').length"""


@dataclass
class Seen:
    """Addresses that were asked for, what the page's policy had to refuse, dialogs, what ran."""

    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    owned: bool = False
    fixed: int = 0

    def __bool__(self) -> bool:
        return bool(self.asked or self.complaints or self.dialogs or self.owned or self.fixed)


class Window:
    """One Chromium for as many pages as there are."""

    def __enter__(self) -> Window:
        if not Path(CHROMIUM).exists():
            pytest.fail(f"{CHROMIUM}이 없습니다. `sudo apt-get install chromium`으로 설치하세요.")
        self._playwright = sync_playwright().start()
        self._browser = self._playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        return self

    def __exit__(self, *_: object) -> None:
        self._browser.close()
        self._playwright.stop()

    def look(self, page: Path) -> Seen:
        """Opens a page, unfolds and clicks what there is."""
        seen = Seen()
        context = self._browser.new_context()

        def route(route) -> None:
            url = route.request.url
            if url.startswith("data:image/") or url == page.as_uri():
                route.continue_()
            else:
                seen.asked.append(url)
                route.abort()

        context.route("**/*", route)
        tab = context.new_page()
        tab.on("console", lambda message: seen.complaints.append(message.text))
        tab.on("pageerror", lambda error: seen.complaints.append(str(error)))
        tab.on("dialog", lambda dialog: (seen.dialogs.append(dialog.message), dialog.dismiss()))
        tab.on("popup", lambda popup: seen.asked.append(popup.url))
        tab.goto(page.as_uri())
        try:
            tab.evaluate(_POKE)
            tab.wait_for_timeout(150)
            seen.owned = "owned" in tab.title()
            seen.fixed = tab.evaluate(_FIXED)
        except Error:  # the page went somewhere else
            seen.asked.append("navigation")
        context.close()
        return seen

    def raw(self, folder: Path, payload: str) -> Seen:
        """What the same text does in a page that takes it as it is: shows that it bites."""
        page = folder / "raw.html"
        page.write_text(f"<!doctype html><meta charset=utf-8>{payload}", encoding="utf-8")
        return self.look(page)

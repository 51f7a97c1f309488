"""Print the joined document by Chromium: once to see where the headings stand, once with numbers."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import Page, Route, sync_playwright

from scripts.pdf import outcome
from scripts.pdf.compose import Document
from scripts.pdf.files import DOCUMENT, Library

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
OLDEST = 131  # the first Chromium that prints what @page says about the margins
COLUMN = 642  # CSS pixels between the margins of the sheet (book.css: 210 mm - 2 × 20 mm)
_STEP = 60_000  # milliseconds that one step may take
_FIT = Path(__file__).with_name("fit.js")


class PrintError(Exception):
    """The book cannot be printed; the message says why, in Korean."""


def render(document: Document, site: Path, browser_path: str) -> bytes:
    """The PDF, with page numbers in its list of contents.

    Raises PrintError: something that the document needs is missing, or does not fit on the sheet.
    """
    library = Library(site, document.html)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=browser_path, args=FLAGS, timeout=_STEP
        )
        try:
            if int(browser.version.split(".")[0]) < OLDEST:
                raise PrintError(f"chromium {browser.version}: {OLDEST}판 이상이 필요합니다.")
            page = browser.new_page(viewport={"width": COLUMN, "height": 970})
            page.set_default_timeout(_STEP)
            _open(page, library)
            return _print_twice(page, document)
        finally:
            browser.close()


def _open(page: Page, library: Library) -> None:
    def reply(route: Route) -> None:
        answer = library.answer(route.request.url)
        if answer is None:
            route.abort()
        else:
            route.fulfill(body=answer[0], content_type=answer[1])

    page.route("**/*", reply)
    page.emulate_media(media="print", color_scheme="light")
    page.goto(DOCUMENT, wait_until="load")
    problems = page.evaluate(_FIT.read_text("utf-8"))
    if library.refused:
        raise PrintError(f"인쇄할 책에 없는 파일입니다: {library.refused[0]}")
    if problems:
        raise PrintError("\n".join(problems))


def _print_twice(page: Page, document: Document) -> bytes:
    """Print, fill in the numbers, print again. Numbers of four digits fit: nothing moves."""
    anchors = [heading.anchor for heading in document.listed()]
    first = outcome.pages_of(_print(page), anchors)
    page.evaluate(
        """pages => { for (const number of document.querySelectorAll(".contents-page")) {
          const anchor = decodeURIComponent(number.parentElement.hash.slice(1));
          number.textContent = pages[anchor];
        } }""",
        first,
    )
    printed = _print(page)
    moved = {
        anchor for anchor, at in outcome.pages_of(printed, anchors).items() if first[anchor] != at
    }
    if moved:
        raise PrintError(f"차례의 쪽 번호가 맞지 않습니다: {json.dumps(sorted(moved)[:3])}")
    return printed


def _print(page: Page) -> bytes:
    return page.pdf(prefer_css_page_size=True, print_background=True, outline=True, tagged=True)

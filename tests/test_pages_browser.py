"""The built pages in a browser that reaches nothing but the site itself."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests import booksite

pytestmark = pytest.mark.browser

CHROMIUM = os.environ.get("COURSE_CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Math and widgets come from here until the book serves them itself; nothing else is asked.
KNOWN_CDNS = {"cdn.jsdelivr.net", "cdnjs.cloudflare.com"}
PAGES = ["index", "students", "easy/rnn", "glossary", "references"]
COLAB = "/blob/main/book/easy/rnn.ipynb"


class Quiet(SimpleHTTPRequestHandler):
    """Serves files without writing a line for each."""

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    handler = partial(Quiet, directory=str(booksite.site()))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.fail(f"{CHROMIUM}이 없습니다. `sudo apt-get install chromium`으로 설치하세요.")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


class Visit:
    """One page in a fresh context; notes what went wrong and who was asked."""

    def __init__(self, browser: Browser, address: str, **context: object) -> None:
        self.context = browser.new_context(locale="ko-KR", **context)
        self.address, self.blocked, self.problems = address, [], []
        self.context.route("**/*", self._only_the_site)
        self.page: Page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("console", self._console)
        self.page.on("response", self._response)

    def open(self, name: str) -> Page:
        self.page.goto(f"{self.address}{name}.html", wait_until="load")
        return self.page

    def _only_the_site(self, route) -> None:
        if route.request.url.startswith((self.address, "data:", "blob:")):
            route.continue_()
        else:
            self.blocked.append(route.request.url)
            route.abort()

    def _response(self, response) -> None:
        if response.status >= 400:
            self.problems.append(f"{response.status} {response.url}")

    def _console(self, message) -> None:
        # What the blocked requests themselves say is expected; all else is not.
        if message.type == "error" and "ERR_FAILED" not in message.text:
            self.problems.append(message.text)


@pytest.fixture
def visit(browser, address) -> Iterator:
    made: list[Visit] = []

    def start(**context: object) -> Visit:
        made.append(Visit(browser, address, **context))
        return made[-1]

    yield start
    for one in made:
        one.context.close()


@pytest.mark.parametrize("name", PAGES)
def test_page_loads_without_errors(visit, name):
    here = visit()
    page = here.open(name)
    page.wait_for_timeout(500)
    assert page.locator("article h1").is_visible()
    # Scripts of math and widgets still come from CDNs; without them they must only be missing.
    assert [said for said in here.problems if not _needs_cdn(said)] == []
    assert {urlsplit(url).hostname for url in here.blocked} <= KNOWN_CDNS


def _needs_cdn(said: str) -> bool:
    return "requirejs" in said or "require is not defined" in said


@pytest.mark.parametrize("name", PAGES)
def test_phone_has_no_sideways_scroll(visit, name):
    here = visit(viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True)
    page = here.open(name)
    page.wait_for_timeout(300)
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 360
    assert page.locator("article h1").is_visible()


def test_dark_mode_by_the_button(visit):
    page = visit(color_scheme="light").open("easy/rnn")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    for _ in range(3):
        page.locator("button.theme-switch-button:visible").first.click()
        if page.evaluate("document.documentElement.dataset.theme") == "dark":
            break
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    after = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert before != after


def test_dark_mode_of_the_system(visit):
    page = visit(color_scheme="dark").open("easy/rnn")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert _contrast(page, "article p") >= 7
    assert _contrast(page, ".lab-door a.lab-door-colab") >= 4.5


def test_light_mode_contrast(visit):
    page = visit(color_scheme="light").open("easy/rnn")
    assert _contrast(page, "article p") >= 7
    assert _contrast(page, ".lab-door a.lab-door-colab") >= 4.5


def _contrast(page: Page, selector: str) -> float:
    """WCAG contrast of an element's text against the first ground that is painted below it."""
    return page.locator(selector).first.evaluate("""element => {
        const parse = css => css.match(/[\\d.]+/g).map(Number);
        const light = ([r, g, b]) => {
            const part = v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
            return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
        };
        let ground = element;
        while (ground.parentElement) {
            const [, , , alpha = 1] = parse(getComputedStyle(ground).backgroundColor);
            if (alpha > 0) break;
            ground = ground.parentElement;
        }
        const text = light(parse(getComputedStyle(element).color));
        const below = light(parse(getComputedStyle(ground).backgroundColor));
        return (Math.max(text, below) + 0.05) / (Math.min(text, below) + 0.05);
    }""")


def test_colab_button_opens_the_edition(visit):
    page = visit().open("easy/rnn")
    page.locator(".dropdown-launch-buttons > button").click()
    link = page.locator(".dropdown-launch-buttons a", has_text="Colab")
    assert link.is_visible()
    assert link.get_attribute("href").startswith("https://colab.research.google.com/github/")
    assert link.get_attribute("href").endswith(COLAB)


def test_code_and_pictures_are_shown(visit):
    page = visit().open("easy/rnn")
    assert page.locator("div.cell_input pre:visible").count() >= 1
    pictures = page.locator("article img")
    assert pictures.count() >= 5
    for index in range(pictures.count()):
        picture = pictures.nth(index)
        picture.scroll_into_view_if_needed()
        assert picture.evaluate("image => image.complete && image.naturalWidth > 0")


def test_folded_code_and_answers_open(visit):
    page = visit().open("easy/rnn")
    folded = page.locator("article details.solution").first
    assert not folded.locator("ul").is_visible()
    folded.locator("summary").click()
    assert folded.locator("ul").is_visible()


def test_term_leads_to_the_glossary(visit):
    page = visit().open("easy/rnn")
    link = page.locator("article a:has(.std-term)").first
    term = link.inner_text()
    link.click()
    page.wait_for_url("**/glossary.html#*")
    # Non-ASCII fragments arrive percent-encoded.
    anchor = page.evaluate("decodeURIComponent(location.hash.slice(1))")
    assert page.evaluate("id => document.getElementById(id).tagName", anchor) == "DT"
    assert term


def test_lab_can_be_downloaded(visit):
    page = visit().open("easy/rnn")
    with page.expect_download() as waiting:
        page.locator("a.lab-door-file").evaluate("a => { a.download = ''; a.click(); }")
    assert waiting.value.suggested_filename == "rnn.ipynb"


def test_keyboard_reaches_the_text_first(visit):
    page = visit().open("easy/rnn")
    page.keyboard.press("Tab")
    focused = page.evaluate("document.activeElement.textContent.trim()")
    assert focused == "본문으로 건너뛰기"

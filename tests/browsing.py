"""The built pages in a browser that reaches nothing but the site itself.

Its fixtures `address`, `browser` and `visit` are given to all tests by conftest.py.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests import booksite

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
    # Nobody else is found, and no request has to wait for the test's leave (`route` asks for it).
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


class Quiet(SimpleHTTPRequestHandler):
    """Serves files without writing a line for each, over connections that stay open."""

    protocol_version = "HTTP/1.1"
    # As the desk says it; a browser shows JSON unless a link says that it is to be saved.
    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".ipynb": "application/x-ipynb+json"
    }

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    """The standard library queues five connections, a busy machine's browser opens more at
    once, and one that finds the queue full may wait for ever."""

    request_queue_size = 128


@contextmanager
def served(folder: Path, handler: type[Quiet] = Quiet) -> Iterator[str]:
    """The address of a server for the files in `folder`."""
    server = Server(("127.0.0.1", 0), partial(handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served(booksite.site()) as address:
        yield address


def closed_context(browser: Browser, address: str, **options: object) -> BrowserContext:
    """A context that notes in `foreign` every request that is not for the site."""
    context = browser.new_context(locale="ko-KR", **options)
    context.foreign = []

    def note(request) -> None:
        if not request.url.startswith((address, "data:", "blob:")):
            context.foreign.append(request.url)

    context.on("request", note)
    return context


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
        self.context = closed_context(browser, address, **context)
        self.address, self.problems = address, []
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("console", self._console)
        self.page.on("response", self._response)

    def open(self, name: str) -> Page:
        self.page.goto(f"{self.address}{name}.html", wait_until="load")
        return self.page

    @property
    def foreign(self) -> list[str]:
        """Requests that were not for the site."""
        return self.context.foreign

    def _response(self, response) -> None:
        if response.status >= 400:
            self.problems.append(f"{response.status} {response.url}")

    def _console(self, message) -> None:
        if message.type == "error":
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


def contrast(page: Page, selector: str) -> float:
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

"""Ctrl+P of one page: its text and nothing else, light, everything unfolded but folded code."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pypdfium2
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from scripts.pdf import chromium
from tests import booksite
from tests.print.printed import CHROMIUM, squeezed

pytestmark = pytest.mark.browser

HOST = "http://book.invalid/"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=chromium.FLAGS)
        yield started
        started.close()


@pytest.fixture
def visit(browser) -> Iterator:
    made = []

    def start(name: str, scheme: str = "light") -> Page:
        page = browser.new_page(color_scheme=scheme, viewport={"width": 1300, "height": 900})
        made.append(page)
        site = booksite.site()

        def reply(route) -> None:
            path = site / route.request.url.removeprefix(HOST).split("?")[0]
            route.fulfill(path=path) if path.is_file() else route.abort()

        page.route("**/*", reply)
        page.goto(f"{HOST}{name}.html", wait_until="load")
        return page

    yield start
    for page in made:
        page.close()


def pages_of(page: Page) -> tuple[str, pypdfium2.PdfDocument]:
    document = pypdfium2.PdfDocument(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    text = "".join(sheet.get_textpage().get_text_range() for sheet in document)
    return squeezed(text), document


def test_only_the_text_is_printed(visit):
    text, _ = pages_of(visit("students"))
    assert "노트북은Colab에서도,자기컴퓨터에서도똑같이돌아갑니다." in text
    for left in (
        "책에서찾기",
        "다음쪽",
        "이전쪽",
        "CCBY-SA4.0,코드는",
        "부록",
        "깃허브",
        "본문으로",
    ):
        assert left not in text


def test_folded_answers_and_all_tabs_are_printed(visit):
    page = visit("students")
    text, _ = pages_of(page)
    assert "숨은테스트에서틀렸습니다." in text
    assert "python3-mvenv.venv" in text and "py-mvenv.venv" in text
    # Afterwards the page is as it was.
    assert page.locator("details.sd-dropdown[open]").count() == 0


def test_folded_code_stays_folded(visit):
    page = visit("easy/rnn")
    text, _ = pages_of(page)
    assert "글자를하나씩바꾸어읽히며마지막상태가얼마나달라지는지잽니다" not in text
    assert "defone_step(" in text


def test_a_dark_page_is_printed_on_white(visit):
    page = visit("students", "dark")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    _, document = pages_of(page)
    for sheet in document:
        picture = sheet.render(scale=0.3).to_pil().convert("L")
        assert picture.getpixel((2, picture.height // 2)) == 255
        assert picture.histogram()[255] > picture.width * picture.height * 0.5
    # The theme's own script may still be at it: it sees the colour scheme of paper come and go.
    page.wait_for_function("document.documentElement.dataset.theme === 'dark'", timeout=5000)


def test_code_and_tables_are_not_cut_off(visit):
    _, document = pages_of(visit("easy/rnn"))
    for sheet in document:
        width, _ = sheet.get_size()
        text = sheet.get_textpage()
        for index in range(text.count_chars()):
            if text.get_text_range(index, 1).strip():
                assert text.get_charbox(index)[2] < width - 30

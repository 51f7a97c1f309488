"""The search box in Chromium: dialog, search page, marks; nothing leaves the site."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import booksite
from tests.search import harness

pytestmark = pytest.mark.browser

# WCAG contrast of an element's text against the first ground that is painted below it.
CONTRAST = """element => {
    const parse = css => css.match(/[\\d.]+/g).map(Number);
    const part = v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
    let ground = element;
    while ((parse(getComputedStyle(ground).backgroundColor)[3] ?? 1) === 0) {
        ground = ground.parentElement;
    }
    const [text, below] = [getComputedStyle(element).color,
        getComputedStyle(ground).backgroundColor].map(css => light(parse(css)));
    return (Math.max(text, below) + 0.05) / (Math.min(text, below) + 0.05);
}"""
AXE = booksite.ROOT / "node_modules" / "axe-core" / "axe.min.js"
PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with harness.chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with harness.served(booksite.site()) as address:
        yield address


@pytest.fixture
def visit(browser, address) -> Iterator[Callable[..., Page]]:
    """Opens a page in a fresh context; afterwards nothing of the search may have gone wrong."""
    contexts, problems = [], []

    def start(path: str, **options: object) -> Page:
        context = harness.closed_context(browser, address, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda m: m.type == "error" and problems.append(m.text))
        page.goto(address + path)
        return page

    yield start
    asked = [url for context in contexts for url in context.foreign]
    for context in contexts:
        context.close()
    assert asked == []
    assert problems == []


def dialog(page: Page, query: str) -> None:
    """Open the dialog by its key and type."""
    page.keyboard.press("Control+k")
    page.keyboard.type(query)
    expect(panel(page)).to_be_visible()
    expect(panel(page).locator(".search-hit").first).to_be_visible()


def panel(page: Page):
    return page.locator(".search-button__wrapper .search-panel")


@pytest.mark.parametrize("path", ["index.html", "easy/rnn.html"])
def test_keys_open_search_choose_and_go(visit, address, path):
    page = visit(path)
    dialog(page, "경사소실")
    first = panel(page).locator(".search-page").first
    assert first.locator("mark").first.inner_text() == "경사소실"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    focused = page.evaluate("document.activeElement.innerText")
    assert "경사소실과 경사폭발" in focused
    page.keyboard.press("Enter")
    page.wait_for_url("**/easy/rnn.html#*")
    assert page.url.startswith(address)
    anchor = page.evaluate("decodeURIComponent(location.hash.slice(1))")
    heading = page.locator(f"[id='{anchor}'] > :is(h2, h3)").first
    assert "경사소실과 경사폭발" in heading.inner_text()


def test_arrow_up_leads_back_to_the_words(visit):
    page = visit("index.html")
    dialog(page, "학습")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.type("률")
    assert page.evaluate("document.activeElement.value") == "학습률"


@pytest.mark.parametrize("downs", [0, 2])
def test_escape_closes_and_gives_the_focus_back(visit, downs):
    page = visit("index.html")
    page.locator(".search-button__button:visible").first.focus()
    dialog(page, "학습")
    for _ in range(downs):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    expect(panel(page)).to_be_hidden()
    assert "search-button" in page.evaluate("document.activeElement.className")


def test_tab_stays_in_the_dialog(visit):
    page = visit("index.html")
    dialog(page, "정렬")
    inside = "document.activeElement.closest('.search-button__search-container') !== null"
    for key in ["Tab"] * 20 + ["Shift+Tab"] * 20:
        page.keyboard.press(key)
        assert page.evaluate(inside), key


def test_dialog_says_what_it_is(visit):
    page = visit("index.html")
    dialog(page, "학습")
    box = page.get_by_role("dialog", name="찾기")
    expect(box).to_be_visible()
    expect(box.get_by_role("searchbox", name="책에서 찾기")).to_be_focused()
    expect(box.get_by_role("status")).to_have_text(re.compile(r"^\d+쪽에서 찾았습니다\.$"))
    expect(box.get_by_role("group", name="찾을 곳").get_by_role("radio")).to_have_count(3)
    assert box.get_by_role("listitem").count() > 3


def test_code_and_prose_are_apart(visit):
    page = visit("easy/rnn.html")
    dialog(page, "clip_grad_norm_")
    kinds = panel(page).locator(".search-kinds")
    sources = (booksite.ROOT / "book").glob("*/*.md")
    pages = sum("clip_grad_norm_" in path.read_text(encoding="utf-8") for path in sources)
    expect(kinds).to_contain_text(f"코드 {pages}")
    kinds.get_by_label("코드").check()
    expect(panel(page).locator(".search-code-text mark").first).to_have_text("clip_grad_norm")
    kinds.get_by_label("본문").check()
    expect(panel(page).locator(".search-status")).to_contain_text(f"코드에는 {pages}쪽이 있습니다")
    page.locator("#search-input").first.fill("학습")
    expect(panel(page).locator(".search-prose-text mark").first).to_be_visible()
    assert panel(page).locator(".search-code-text").count() == 0


def test_search_page_by_address(visit, address):
    page = visit("search.html?q=순환신경망")
    whole = page.locator(".search-whole-page")
    expect(page.locator("h1")).to_have_text("찾기")
    expect(whole.locator("input[type=search]")).to_have_value("순환신경망")
    expect(whole.locator(".search-page").first).to_be_visible()
    found = whole.locator("a.search-hit").evaluate_all("links => links.map(a => a.href)")
    assert any(url.startswith(f"{address}easy/rnn.html?find=") for url in found)
    assert all(url.startswith(address) for url in found)
    whole.locator("input[type=search]").fill("제출")
    page.wait_for_url(re.compile(r"[?]q=%EC%A0%9C%EC%B6%9C$"))
    expect(whole.locator(".search-page").first).to_contain_text("학생 안내")
    whole.get_by_label("코드").check()
    page.wait_for_url("**&kind=code")


def test_enter_opens_the_search_page(visit):
    page = visit("easy/rnn.html")
    dialog(page, "과적합")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=*")
    expect(page.locator(".search-whole-page .search-page").first).to_be_visible()


def test_all_results_keep_query_and_kind(visit):
    page = visit("easy/rnn.html")
    dialog(page, "torch")
    panel(page).get_by_label("코드").check()
    page.get_by_text("결과를 넓게 보기").click()
    page.wait_for_url("**/search.html?q=torch&kind=code")
    expect(page.locator(".search-whole-page").get_by_label("코드")).to_be_checked()


def test_nothing_found_suggests_a_term(visit):
    page = visit("search.html?q=경사쇼실")
    whole = page.locator(".search-whole-page")
    expect(whole.get_by_role("status")).to_contain_text("「경사쇼실」에 맞는 곳을 찾지 못했습니다")
    whole.get_by_role("button", name="경사소실").click()
    expect(whole.locator(".search-page").first).to_contain_text("경사소실")


def test_nothing_found_and_nothing_near(visit):
    page = visit("search.html?q=qqqqqqqqqqqqqqqqq")
    expect(page.locator(".search-whole-page").get_by_role("status")).to_contain_text("짧은 말로")


def test_typing_on_shows_the_last_query(visit):
    page = visit("index.html")
    dialog(page, "학")
    page.keyboard.type("습한다")
    expect(panel(page).locator("mark").first).to_have_text("학습")


def test_marks_in_the_page_and_their_switch(visit):
    text = "document.querySelector('article').textContent"
    plain = visit("easy/rnn.html").evaluate(text)
    page = visit("easy/rnn.html?find=기울기+소실#id2")
    marks = page.locator("article mark.search-found")
    expect(marks.first).to_be_attached()
    # Looked for by a name that the book does not use, marked by those that it does.
    assert set(marks.all_inner_texts()) == {"경사소실", "vanishing gradient"}
    assert page.url.endswith("/easy/rnn.html#id2")
    bar = page.locator(".search-marks")
    expect(bar).to_contain_text(f"{marks.count()}곳을 표시했습니다")
    bar.get_by_role("button", name="표시 지우기").click()
    expect(marks).to_have_count(0)
    expect(bar).to_have_count(0)
    assert page.evaluate(text) == plain


def test_excerpts_are_the_book_s_own_words(visit):
    page = visit("search.html?q=신경망")
    whole = page.locator(".search-whole-page")
    expect(whole.locator(".search-page").first).to_be_visible()
    text = whole.inner_text()
    assert not re.search("[\u4e00-\u9fff\u200b\u01c3\u01bb]", text)
    chapter = visit("easy/rnn.html").locator("article").inner_text()
    shown = whole.locator(".search-page", has_text="시계열 모델").locator(".search-prose-text")
    words = shown.first.inner_text().strip("… ").split()
    assert len(words) > 5
    # Formulas apart, each word stands so in the page.
    assert sum(word in chapter for word in words) / len(words) > 0.8


def test_index_out_of_reach_is_said(browser, address):
    context = harness.closed_context(browser, address)
    page = context.new_page()
    page.route("**/pagefind/**", lambda route: route.abort())
    page.goto(f"{address}search.html?q=학습")
    status = page.locator(".search-whole-page .search-status")
    expect(status).to_contain_text("찾기의 색인을 읽지 못했습니다")
    page.unroute("**/pagefind/**")
    page.locator(".search-whole-page input[type=search]").fill("학습한다")
    expect(status).to_contain_text("찾았습니다")
    context.close()


def test_opened_as_a_file_says_why(browser):
    page = browser.new_page()
    page.goto(f"{booksite.site().joinpath('search.html').as_uri()}?q=망")
    expect(page.locator(".search-whole-page .search-status")).to_contain_text("파일로 바로 연 책")
    page.close()


@pytest.mark.parametrize("query", ["학습", "clip_grad_norm_", "경사쇼실"])
def test_phone_has_no_sideways_scroll(visit, query):
    page = visit(f"search.html?q={query}", **PHONE)
    expect(page.locator(".search-whole-page .search-hit").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page = visit("easy/rnn.html", **PHONE)
    page.locator(".search-button__button:visible").first.click()
    dialog_input = page.locator(".search-button__wrapper input[type=search]")
    dialog_input.fill(query)
    expect(panel(page).locator(".search-hit").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    inside = panel(page).bounding_box()
    assert inside["x"] >= 0
    assert inside["x"] + inside["width"] <= 360
    assert panel(page).evaluate("panel => panel.scrollWidth <= panel.clientWidth")


@pytest.mark.parametrize("look", ["light", "dark", "dark phone"])
def test_axe_finds_nothing_serious_in_the_results(visit, look):
    options = {"color_scheme": look.split()[0], **(PHONE if "phone" in look else {})}
    pages = [visit("search.html?q=학습", **options), visit("search.html?q=경사쇼실", **options)]
    pages.append(visit("easy/rnn.html?find=학습", **options))
    expect(pages[2].locator(".search-marks")).to_be_visible()
    pages.append(visit("index.html", **options))
    pages[3].locator(".search-button__button:visible").first.click()
    pages[3].locator(".search-button__wrapper input[type=search]").fill("torch")
    for page in (pages[0], pages[1], pages[3]):
        expect(page.locator(".search-hit:visible").first).to_be_visible()
    for page in pages:
        page.evaluate(AXE.read_text("utf-8"))
        # Only what is new to the page: the rest is asked about in test_pages_browser.py.
        script = (
            "axe.run('.search-panel:not([hidden]), .search-marks, .search-button__wrapper.show')"
        )
        if page is pages[3]:
            page.wait_for_timeout(400)
        grave = [
            one["id"] for one in page.evaluate(script)["violations"] if one["impact"] != "minor"
        ]
        assert grave == [], page.url


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(visit, scheme):
    page = visit("search.html?q=학습", color_scheme=scheme)
    whole = page.locator(".search-whole-page")
    expect(whole.locator("mark").first).to_be_visible()
    assert page.evaluate("document.documentElement.dataset.theme") == scheme
    for part in [".search-status", ".search-kinds label", ".search-count", ".search-section"]:
        assert whole.locator(part).first.evaluate(CONTRAST) >= 4.5, part
    for part in [".search-page > a", ".search-excerpt", ".search-excerpt mark"]:
        assert whole.locator(part).first.evaluate(CONTRAST) >= 4.5, part
    page = visit("easy/rnn.html?find=학습", color_scheme=scheme)
    expect(page.locator("mark.search-found").first).to_be_attached()
    assert page.locator("article p mark.search-found").first.evaluate(CONTRAST) >= 4.5
    assert page.locator(".search-marks button").evaluate(CONTRAST) >= 4.5

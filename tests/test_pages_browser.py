"""The built pages in a browser: what a reader sees, clicks, hears, and fetches."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page

from tests import booksite
from tests.browsing import Visit, contrast

sys.path.insert(0, str(booksite.ROOT / "book" / "_ext"))

import bookconfig  # noqa: E402
import pagecheck  # noqa: E402

pytestmark = pytest.mark.browser

CONFIG = bookconfig.load()
PAGES = [*CONFIG.pages, "search"]
CHAPTERS = CONFIG.chapters()
COLAB = "/blob/main/book/easy/rnn.ipynb"
AXE = booksite.ROOT / "node_modules" / "axe-core" / "axe.min.js"
PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}


MATH = """async () => {
    const count = (what) => document.querySelectorAll(what).length;
    const wait = () => new Promise((done) => setTimeout(done, 50));
    const formulas = count("article .math");
    const set = async () => {
        while (formulas && !window.MathJax?.startup?.promise) await wait();
        await window.MathJax?.startup?.promise;
    };
    const late = () => { throw new Error("MathJax: 60 s"); };
    await Promise.race([set(), new Promise((done) => setTimeout(done, 60000)).then(late)]);
    return [formulas, count("article .math:not(:has(mjx-container))"), count("mjx-merror")];
}"""


# To the end of the page: pictures come when they are nearer to the window than a step.
SCROLL = """async () => {
    for (let y = 0; y < document.documentElement.scrollHeight; y += 1000) {
        window.scrollTo({ top: y, behavior: "instant" });
        await new Promise((done) => setTimeout(done, 20));
    }
}"""


@dataclass(frozen=True)
class Seen:
    """What one visit of a page saw: pages take seconds to load, so each is visited once a look."""

    has_title: bool
    problems: list[str]
    foreign: list[str]
    grave: list[str]
    sizes: dict[str, int]
    allowed: int
    width: int
    math: list[int]  # formulas, those that were not set, those that MathJax could not read


@pytest.fixture(scope="module", params=PAGES)
def name(request) -> str:
    return request.param


def look(here: Visit, name: str) -> Seen:
    sizes: dict[str, int] = {}

    def weigh(response) -> None:
        """Scripts, styles and fonts that all pages share stand in _static and count apart."""
        if "/_static/" not in response.url and response.status == 200:
            sizes[response.url] = len(response.body())

    here.page.on("response", weigh)
    page = here.open(name)
    page.wait_for_timeout(1000)
    has_title = page.locator("article h1").first.is_visible()
    math = page.evaluate(MATH)
    width = page.evaluate("document.documentElement.scrollWidth")
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    grave = [
        f"{one['id']}: {one['nodes'][0]['html'][:160]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    page.evaluate(SCROLL)
    page.wait_for_load_state("networkidle")
    widgets = page.locator(".jupyter-widgets").count() > 0
    allowed = pagecheck.WITH_WIDGETS if widgets else pagecheck.PLAIN
    here.context.close()
    return Seen(has_title, here.problems, here.foreign, grave, sizes, allowed, width, math)


@pytest.fixture(scope="module")
def at_a_desk(name, browser, address) -> Seen:
    """By daylight, on a wide screen."""
    return look(Visit(browser, address, color_scheme="light"), name)


@pytest.fixture(scope="module")
def on_a_phone(name, browser, address) -> Seen:
    """In the dark."""
    return look(Visit(browser, address, color_scheme="dark", **PHONE), name)


def test_page_loads_without_errors_and_asks_nobody_else(at_a_desk, on_a_phone):
    for seen in (at_a_desk, on_a_phone):
        assert seen.has_title
        assert seen.problems == []
        assert seen.foreign == []


def test_axe_finds_nothing_serious(at_a_desk, on_a_phone):
    assert at_a_desk.grave == []
    assert on_a_phone.grave == []


def test_weight_of_what_is_really_fetched(at_a_desk, on_a_phone):
    for seen in (at_a_desk, on_a_phone):
        assert seen.sizes and sum(seen.sizes.values()) <= seen.allowed, seen.sizes


def test_phone_has_no_sideways_scroll(on_a_phone):
    assert on_a_phone.width <= 360


def test_math_is_set(name, at_a_desk, on_a_phone):
    for seen in (at_a_desk, on_a_phone):
        formulas, left, wrong = seen.math
        assert formulas >= (10 if name in CHAPTERS else 0)
        assert (left, wrong) == (0, 0)


def _slider(page: Page):
    handle = page.locator(".explore .noUi-handle").first
    handle.scroll_into_view_if_needed()
    return handle


def _shown(page: Page) -> tuple[str, str]:
    """(file, alt) of the frame that one sees."""
    frame = page.locator(".explore img:visible")
    assert frame.count() == 1
    assert frame.evaluate("i => i.decode().then(() => i.naturalWidth > 0)")
    return frame.get_attribute("src"), frame.get_attribute("alt")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_slider_changes_the_picture_without_a_kernel(visit, theme):
    page = visit(color_scheme=theme).open("easy/rnn")
    handle = _slider(page)
    first = _shown(page)
    handle.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(200)
    second = _shown(page)
    assert first[0] != second[0]
    assert "ρ = 0.5" in first[1]
    assert "ρ = 0.7" in second[1]
    assert handle.get_attribute("aria-label") == "rho"
    assert handle.get_attribute("aria-valuetext") == "0.7"


def test_play_button_runs_through_the_frames(visit):
    page = visit().open("easy/rnn")
    _slider(page)
    first = _shown(page)
    page.get_by_role("button", name="재생").click()
    page.wait_for_function(
        "!['0.5', '0.7'].includes(document.querySelector('.explore .widget-readout').textContent)"
    )
    assert _shown(page) != first
    page.get_by_role("button", name="멈추고 처음으로").click()
    page.wait_for_timeout(900)
    assert _shown(page) == first


def test_first_frame_is_there_without_scripts(visit):
    page = visit(java_script_enabled=False).open("easy/rnn")
    assert page.locator(".explore-static img.only-light").count() >= 1


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_figures_follow_the_theme(visit, theme):
    page = visit(color_scheme=theme).open("easy/rnn")
    figures = page.locator("article .cell_output img.kit-figure:visible")
    assert figures.count() >= 10
    for index in range(figures.count()):
        assert f"only-{theme}" in figures.nth(index).get_attribute("class")
    # A pixel of the paper is bright on a light page and dark on a dark one.
    figures.nth(2).scroll_into_view_if_needed()  # it is fetched only then
    shade = figures.nth(2).evaluate("""image => image.decode().then(() => {
        const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
        const context = canvas.getContext("2d");
        context.drawImage(image, 0, 0);
        return context.getImageData(3, 3, 1, 1).data[0];
    })""")
    assert shade > 200 if theme == "light" else shade < 80


def _term(page: Page):
    term = page.locator("article a:has(> .std-term)").nth(5)
    term.scroll_into_view_if_needed()
    return term


def _tip(page: Page):
    return page.locator(".term-tip:visible")


def test_tooltip_by_mouse(visit):
    page = visit().open("easy/rnn")
    term = _term(page)
    term.hover()
    tip = _tip(page)
    assert tip.count() == 1
    assert term.inner_text() in tip.inner_text()
    assert tip.inner_text().rstrip().endswith("다.")
    tip.hover()  # one may move onto it and read on
    page.wait_for_timeout(400)
    assert tip.count() == 1
    page.mouse.move(2, 2)
    page.wait_for_timeout(400)
    assert tip.count() == 0


def test_tooltip_by_keyboard(visit):
    page = visit().open("easy/rnn")
    term = _term(page)
    term.focus()
    assert _tip(page).count() == 1
    assert _tip(page).get_attribute("id") == term.get_attribute("aria-describedby")
    page.keyboard.press("Escape")
    assert _tip(page).count() == 0


def test_tooltip_by_touch(visit):
    page = visit(**PHONE).open("easy/rnn")
    term = _term(page)
    term.tap()
    tip = _tip(page)
    assert tip.count() == 1
    assert page.url.endswith("/easy/rnn.html")
    box = tip.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 360
    page.locator("article h1").first.tap(force=True)
    assert tip.count() == 0
    term.tap()
    term.tap()
    page.wait_for_url("**/glossary.html#*")


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
    assert contrast(page, "article p") >= 7
    assert contrast(page, ".lab-door a.lab-door-colab") >= 4.5


def test_light_modecontrast(visit):
    page = visit(color_scheme="light").open("easy/rnn")
    assert contrast(page, "article p") >= 7
    assert contrast(page, ".lab-door a.lab-door-colab") >= 4.5


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
    pictures = page.locator("article img:visible")
    assert pictures.count() >= 5
    for index in range(pictures.count()):
        picture = pictures.nth(index)
        picture.scroll_into_view_if_needed()
        assert picture.evaluate("i => i.decode().then(() => i.naturalWidth > 0)")


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

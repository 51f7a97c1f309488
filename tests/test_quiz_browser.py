"""A quiz in the built page: by mouse, by keyboard, on a phone, in the dark, without a script."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browsing import contrast

pytestmark = pytest.mark.browser

ONE, MANY = "#quiz-1", "#quiz-5"


def options(page: Page, quiz: str, right: bool) -> Locator:
    """The options of a quiz that are right, or those that are wrong."""
    return page.locator(f'{quiz} .quiz-option[data-right="{str(right).lower()}"]')


def choose(option: Locator) -> None:
    option.locator("label").click(position={"x": 3, "y": 10})


def check(page: Page, quiz: str) -> Locator:
    """Press 「확인」; returns what is said then."""
    page.locator(f"{quiz} .quiz-check").click()
    return page.locator(f"{quiz} .quiz-verdict")


def test_a_wrong_choice_tells_why_and_can_be_tried_again(visit):
    here = visit()
    page = here.open("easy/rnn")
    wrong, right = options(page, ONE, False).first, options(page, ONE, True)
    expect(wrong.locator(".quiz-reason")).to_be_hidden()
    choose(wrong)
    expect(check(page, ONE)).to_contain_text("✗ 틀렸습니다")
    expect(wrong.locator(".quiz-said")).to_have_text("✗ 오답")
    expect(wrong.locator(".quiz-said")).to_be_visible()
    # The reasons of the others can be opened, and stay folded until then.
    expect(right.locator(".quiz-said")).to_be_hidden()
    right.locator("summary").click()
    expect(right.locator(".quiz-said")).to_be_visible()
    page.locator(f"{ONE} .quiz-again").click()
    expect(page.locator(f"{ONE} .quiz-verdict")).to_have_text("")
    expect(page.locator(f"{ONE} input:checked")).to_have_count(0)
    expect(page.locator(f"{ONE} .quiz-reason:visible")).to_have_count(0)
    choose(right)
    expect(check(page, ONE)).to_have_text("✓ 맞았습니다.")
    assert page.locator(f"{ONE} .quiz-option input").count() == 3
    assert [said for said in here.problems if "require" not in said] == []


def test_nothing_chosen_and_a_choice_changed(visit):
    page = visit().open("easy/rnn")
    expect(check(page, ONE)).to_have_text("보기를 먼저 고르세요.")
    expect(page.locator(f"{ONE} .quiz-reason:visible")).to_have_count(0)
    choose(options(page, ONE, False).first)
    expect(check(page, ONE)).to_contain_text("✗")
    choose(options(page, ONE, True))
    expect(page.locator(f"{ONE} .quiz-verdict")).to_have_text("")


def test_several_answers(visit):
    page = visit().open("easy/rnn")
    right, wrong = options(page, MANY, True), options(page, MANY, False)
    assert right.count() == 2
    choose(right.first)
    expect(check(page, MANY)).to_contain_text("더 있습니다")
    choose(wrong.first)
    expect(check(page, MANY)).to_contain_text("섞여 있습니다")
    choose(wrong.first)
    choose(right.last)
    expect(check(page, MANY)).to_have_text("✓ 맞았습니다.")


def test_by_keyboard_alone(visit):
    page = visit().open("easy/rnn")
    page.locator(f"{ONE} input").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.id") == "quiz-1-3"
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    width = page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)")
    assert outline == "solid" and width >= 2
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "quiz-check"
    page.keyboard.press("Space")
    expect(page.locator(f"{ONE} .quiz-verdict")).to_have_text("✓ 맞았습니다.")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "quiz-again"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "quiz-1-1"
    page.keyboard.press("Space")
    page.keyboard.press("Enter")  # on an option: as pressing the button
    expect(page.locator(f"{ONE} .quiz-verdict")).to_contain_text("✗")


def test_what_a_screen_reader_gets(visit):
    page = visit().open("easy/rnn")
    group = page.get_by_role("group", name="경사 클리핑은 무엇을 하나요?")
    option = group.get_by_role("radio", name="너무 긴 기울기의 길이를 줄입니다.")
    option.check()
    group.get_by_role("button", name="확인").click()
    status = group.get_by_role("status")
    expect(status).to_have_text("✓ 맞았습니다.")
    assert status.get_attribute("aria-live") == "polite"
    described = option.get_attribute("aria-describedby")
    assert "✓ 정답" in page.locator(f"#{described}").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_of_the_verdict_are_readable(visit, scheme):
    page = visit(color_scheme=scheme).open("easy/rnn")
    choose(options(page, ONE, False).first)
    check(page, ONE)
    page.locator(f"{ONE} .quiz-option >> nth=2 >> summary").click()
    for place in (".quiz-verdict", ".quiz-wrong > .quiz-said", ".quiz-right > .quiz-said"):
        assert contrast(page, f"{ONE} {place}") >= 4.5, place
    assert contrast(page, f"{ONE} summary") >= 4.5


def test_on_a_phone(visit):
    context = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
    page = visit(**context).open("easy/rnn")
    for quiz in page.locator(".quiz").all():
        quiz.locator("label").last.tap(position={"x": 3, "y": 10})
        quiz.locator(".quiz-check").tap()
        expect(quiz.locator(".quiz-verdict")).not_to_have_text("")
        assert quiz.evaluate("box => box.scrollWidth <= box.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_without_a_script(visit):
    page = visit(java_script_enabled=False).open("easy/rnn")
    quiz = page.locator(ONE)
    expect(quiz.locator("input:visible, button:visible")).to_have_count(0)
    option = quiz.locator(".quiz-option").first
    expect(option.locator(".quiz-said")).to_be_hidden()
    option.locator("summary").click()
    expect(option.locator(".quiz-said")).to_have_text("✗ 오답")
    expect(option.locator(".quiz-said")).to_be_visible()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_on_paper_every_reason_is_there(visit, script):
    page = visit(java_script_enabled=script).open("easy/rnn")
    page.emulate_media(media="print")
    # Playwright takes whatever stands in a closed <details> for invisible: the browser knows.
    seen = "places => places.map(place => place.checkVisibility())"
    assert page.locator(f"{ONE} .quiz-said").evaluate_all(seen) == [True] * 3
    assert page.locator("details.solution > ul").first.evaluate("ul => ul.checkVisibility()")
    for control in ("input", "button", ".quiz-reason > summary"):
        assert not any(page.locator(f"{ONE} {control}").evaluate_all(seen)), control

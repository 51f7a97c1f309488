"""The TA's way in a browser: failures, written answers by keyboard, regrade, appeal, export; phone; axe."""

from __future__ import annotations

import re

import pytest

from autograder import notebooks
from autograder.portal.auth import links
from tests.browsing import Visit
from tests.grading.toycourse import HALF, RIGHT, scores, set_lab
from tests.judge.lab import handed_in
from tests.judge.lab import toy as toy_lab
from tests.portal.serving import Served, secrets_of
from tests.portal.test_browser import PHONE, grave
from tests.portal.test_ta_similar import OWN, RENAMED
from tests.portal.toydesk import csrf, hand_in, make_desk, receipt_of

pytestmark = pytest.mark.browser
WRONG = {"double": "def double(x):\n    return 3 * x", "relu": RIGHT["relu"]}
CLASS = {
    "d01": (RIGHT, "값이 커지면 기울기도 커집니다. 그림으로도 보았습니다."),
    "d02": (HALF, "모르겠습니다."),
    "d03": (WRONG, "첫째, 값이 큽니다.\n\n둘째, 걸음이 작습니다."),
    "d04": ({"double": OWN}, "표로 적었습니다."),
    "d05": ({"double": RENAMED}, ""),
}


def essay(answers: dict[str, str], text: str) -> bytes:
    book = handed_in(answers)
    cell = next(each for each in book.cells if each.id == "reflection")
    cell.source = f"<!-- [toy:reflection] -->\n{text}"
    return notebooks.dumps(book).encode()


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A served class of its own: its tests are mended here. `receipts`: student → hand-in."""
    roster = "id,name\n" + "".join(f"d{n:02},학생 {n}\n" for n in range(1, 7))
    toy = make_desk(tmp_path_factory.mktemp("desk") / "course", roster=roster)
    receipts = {
        login: receipt_of(hand_in(toy.client(login), essay(*each))) for login, each in CLASS.items()
    }
    with Served(toy.course) as found:
        found.toy, found.receipts = toy, receipts
        for login, receipt in receipts.items():
            toy.wait(toy.client(login), receipt, 120)
        yield found


@pytest.fixture
def ta(browser, desk):
    made: list[Visit] = []

    def start(**context) -> Visit:
        here = Visit(browser, desk.address, **context)
        made.append(here)
        token = secrets_of(desk.course, ["ta1"], links.LINK)["ta1"]
        here.page.goto(f"{desk.address}/desk/in/{token}")
        here.page.get_by_role("button", name="들어가기").click()
        here.page.wait_for_url("**/desk/")
        return here

    yield start
    for one in made:
        one.context.close()


def test_from_the_class_to_one_comment_for_all_of_an_equal_failure(desk, ta):
    here = ta()
    page = here.page
    page.get_by_role("link", name="장난감").click()
    page.get_by_role("heading", name="점수의 분포").wait_for()
    page.get_by_role("link", name="같은 실패").click()
    card = page.locator("section.card", has_text="relu-public")
    assert "3명" in card.locator(".chip").inner_text()
    card.get_by_label("3명 모두에게 할 말").fill("0보다 작은 값을 다시 보세요.")
    card.get_by_label("다음에 또 쓰기").check()
    card.get_by_role("button", name="모두에게 보내기").click()
    page.locator("section.card", has_text="relu-public").get_by_text("3명에게 이미 말함").wait_for()
    for login in ("d02", "d04", "d05"):
        told = desk.toy.client(login).get(f"/desk/handins/{desk.receipts[login]}").text
        assert "0보다 작은 값을 다시 보세요." in told
    assert here.problems == [] and here.foreign == []


def test_written_answers_are_read_and_marked_without_the_mouse(desk, ta):
    here = ta()
    page = here.page
    page.goto(f"{desk.address}/desk/ta/labs/toy/written?left=1")
    assert not re.search(r"d0\d|학생 \d", page.locator(".answers").inner_text())
    answers = page.locator("article")
    assert answers.count() == 5
    page.keyboard.press("j")
    page.keyboard.press("s")
    for n in range(4):  # read, type, Enter: the next one's points are ready to be typed
        focused = page.evaluate("document.activeElement.closest('article').id")
        assert focused == answers.nth(n).get_attribute("id")
        page.keyboard.type(str(n + 5))
        page.keyboard.press("Enter")
        answers.nth(n).get_by_text("저장했습니다.").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("k")
    page.keyboard.press("j")
    page.keyboard.press("c")
    page.keyboard.type("다음에는 까닭도 쓰세요.")
    page.locator("article:focus-within [name=score]").fill("99")
    page.keyboard.press("Control+Enter")  # more than there is: nothing is sent
    assert page.locator("[data-left]").inner_text() == "1"
    page.locator("article:focus-within [name=score]").fill("9")
    page.locator("article:focus-within textarea").focus()
    page.keyboard.press("Control+Enter")
    answers.nth(4).get_by_text("저장했습니다.").wait_for()
    assert page.locator("[data-left]").inner_text() == "0"
    marks = {
        who: row[1] for (who, cell), row in scores(desk.course).items() if cell == "reflection"
    }
    assert sorted(marks.values()) == [5, 6, 7, 8, 9]
    assert here.problems == [] and here.foreign == []


def test_a_mended_test_is_looked_at_before_it_counts(desk, ta):
    source = toy_lab()
    for cell in source.cells:
        if cell.id == "double-public":
            cell.source = "assert double(2) >= 4, '고친 테스트'"
    set_lab(desk.course, source)
    here = ta()
    page = here.page
    page.goto(f"{desk.address}/desk/ta/labs/toy")
    page.get_by_role("link", name="다시 채점").click()
    page.get_by_role("button", name="미리 보기").click()
    row = page.get_by_role("row").filter(has_text="d03")
    row.wait_for(timeout=120_000)
    assert "+10" in row.inner_text() and page.get_by_role("row").count() == 2
    assert scores(desk.course)["d03", "double-public"][0] == 0
    page.get_by_role("button", name="이대로 다시 채점하기").click()
    page.wait_for_url("**/ta/labs/toy")
    desk.toy.wait(desk.toy.client("d03"), desk.receipts["d03"], 120)
    page.goto(f"{desk.address}/desk/ta/handins/{desk.receipts['d03']}")
    assert "테스트 변경" in page.locator("main").inner_text()
    assert scores(desk.course)["d03", "double-public"][0] == 10
    assert here.problems == [] and here.foreign == []


def asked(desk) -> str:
    client = desk.toy.client("d02")
    where = f"/desk/handins/{desk.receipts['d02']}"
    fields = {"csrf": csrf(client.get(where).text), "exercise": "relu", "text": "왜 0점인가요?"}
    return client.post(f"{where}/appeal", data=fields).headers["location"]


def test_a_question_a_deadline_a_score_and_the_table(desk, ta):
    here = ta()
    page, where = here.page, asked(desk)
    page.get_by_role("link", name="문의들").click()
    page.get_by_role("link", name=re.compile("d02")).click()
    page.get_by_label("답").fill("답 칸이 비어 있습니다.")
    page.get_by_role("button", name="보내기").click()
    page.get_by_text("답 칸이 비어 있습니다.").wait_for()
    assert "답 칸이 비어 있습니다." in desk.toy.client("d02").get(where).text
    page.goto(f"{desk.address}/desk/ta/handins/{desk.receipts['d02']}")
    page.get_by_label("칸", exact=True).select_option("relu-public")
    page.get_by_label(re.compile("^점수 ")).fill("15")
    page.get_by_label(re.compile("^까닭")).fill("풀이는 맞습니다")
    page.get_by_role("button", name="점수 주기").click()
    page.get_by_text("풀이는 맞습니다").wait_for()
    page.get_by_role("link", name="명단").click()
    page.get_by_label("학생", exact=True).fill("d02")
    page.get_by_label(re.compile("^언제까지")).fill("2030-01-01T09:00")
    page.get_by_role("button", name="마감 미루기").click()
    page.get_by_role("row").filter(has_text="2030-01-01 09:00").wait_for()
    page.get_by_role("link", name="데스크").first.click()
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Canvas").click()
    assert waiting.value.suggested_filename == "grades-canvas.csv"
    assert "d02" in waiting.value.path().read_text("utf-8")
    assert here.problems == [] and here.foreign == []


@pytest.mark.parametrize("look", ["light", "dark"])
def test_on_a_phone_every_page_fits_and_axe_finds_nothing_serious(desk, ta, look):
    here = ta(color_scheme=look, **PHONE)
    page, r = here.page, desk.receipts
    lab = "/desk/ta/labs/toy"
    for path in (
        "/desk/", lab, f"{lab}/failures", f"{lab}/written", f"{lab}/written?names=1",
        f"{lab}/regrade", f"{lab}/similar", f"/desk/ta/similar/{r['d04']}/{r['d05']}",
        f"/desk/ta/handins/{r['d03']}", "/desk/ta/appeals", "/desk/ta/people",
    ):  # fmt: skip
        assert page.goto(f"{desk.address}{path}").status == 200, path
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
        assert grave(page) == [], path
    assert here.problems == [] and here.foreign == []

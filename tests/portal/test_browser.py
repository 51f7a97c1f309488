"""The student's side in a browser: mouse, keyboard only, a phone; axe; nothing from elsewhere."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from autograder import notebooks
from autograder.portal.auth import links
from tests import booksite
from tests.browsing import Visit
from tests.grading.toycourse import HALF, RIGHT
from tests.judge.lab import handed_in
from tests.portal.serving import secrets_of
from tests.portal.test_submit_cell import colab_saved

pytestmark = pytest.mark.browser
AXE = booksite.ROOT / "node_modules" / "axe-core" / "axe.min.js"
PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
NOISY = {
    "double": "print('<img src=x onerror=alert(1)> 내 출력')\n"
    "import matplotlib\ndef double(x):\n    return 3 * x"
}


@pytest.fixture
def visit(browser, served):
    made: list[Visit] = []

    def start(**context) -> Visit:
        made.append(Visit(browser, served.address, **context))
        return made[-1]

    yield start
    for one in made:
        one.context.close()


def signed_in(served, visit, login: str, **context):
    here = visit(**context)
    token = secrets_of(served.course, [login], links.LINK)[login]
    here.page.goto(f"{served.address}/desk/in/{token}")
    here.page.get_by_role("button", name="들어가기").click()
    here.page.wait_for_url("**/desk/")
    return here


def file(folder: Path, answers: dict[str, str], name: str = "toy.ipynb") -> Path:
    notebooks.write(folder / name, handed_in(answers))
    return folder / name


def grave(page) -> list[str]:
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:160]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


def test_a_colab_saved_notebook_from_the_file_to_the_appeal(served, visit, tmp_path):
    here = signed_in(served, visit, "b01")
    page = here.page
    page.get_by_role("link", name="장난감").click()
    saved = tmp_path / "toy (1).ipynb"
    saved.write_text(json.dumps(colab_saved()), "utf-8")
    page.set_input_files("#notebook", file(tmp_path, NOISY))
    page.get_by_text("모든 답 칸이 있습니다.").wait_for()
    page.get_by_role("button", name="내기", exact=True).click()
    page.locator("h2#receipt").wait_for()
    page.get_by_role("heading", name="채점 결과").wait_for(timeout=60_000)
    assert "0 / 100" in page.locator(".big").inner_text().replace("\n", " ")
    page.get_by_text("내 코드의 출력 1개").first.click()
    frame = page.frame_locator("iframe").first
    frame.get_by_text("내 출력").wait_for()
    assert frame.locator("img").count() == 0

    page.get_by_role("link", name="고쳐서 다시 내기").click()
    page.set_input_files("#notebook", saved)
    page.get_by_text("모든 답 칸이 있습니다.").wait_for()
    page.get_by_role("button", name="내기", exact=True).click()
    page.get_by_role("heading", name="채점 결과").wait_for(timeout=60_000)
    assert page.locator(".big").inner_text().startswith("100")
    assert "2번째 제출" in page.locator("main").inner_text()

    page.get_by_label("어느 문제의 채점이 이상한가요?").select_option("relu")
    page.get_by_label("까닭").fill("하나만 더 여쭙니다.")
    page.get_by_role("button", name="조교에게 묻기").click()
    page.get_by_text("하나만 더 여쭙니다.").wait_for()
    assert here.problems == [] and here.foreign == []


def test_missing_cells_are_named_and_asked_about(served, visit, tmp_path):
    here = signed_in(served, visit, "b02")
    page = here.page
    page.goto(f"{served.address}/desk/labs/toy")
    notebook = handed_in(RIGHT)
    notebook.cells = [cell for cell in notebook.cells if cell.id != "relu"]
    notebooks.write(tmp_path / "toy.ipynb", notebook)
    page.set_input_files("#notebook", tmp_path / "toy.ipynb")
    page.get_by_text("relu의 답 칸이 없습니다.").wait_for()
    button = page.get_by_role("button", name="내기", exact=True)
    button.click()  # the box is required now: nothing is sent
    assert page.url.endswith("/desk/labs/toy")
    page.get_by_label("이대로 내기").check()
    button.click()
    page.locator("h2#receipt").wait_for()
    assert here.problems == []


def test_with_the_keyboard_only(served, visit, tmp_path):
    here = signed_in(served, visit, "b03")
    page = here.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "장난감"
    page.keyboard.press("Enter")
    page.wait_for_url("**/labs/toy")
    seen = set()
    for _ in range(12):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("document.activeElement.id || document.activeElement.textContent"))
        ring = page.evaluate(
            "getComputedStyle(document.activeElement).outlineStyle"
            " + getComputedStyle(document.activeElement).outlineWidth"
        )
        if page.evaluate("document.activeElement !== document.body"):
            assert not re.fullmatch("none.*|.*[^0-9]0px", ring), page.evaluate(
                "document.activeElement.outerHTML"
            )
        if page.evaluate("document.activeElement.id") == "notebook":
            page.set_input_files("#notebook", file(tmp_path, HALF))
            page.get_by_text("모든 답 칸이 있습니다.").wait_for()
        elif page.evaluate("document.activeElement.textContent") == "내기":
            page.keyboard.press("Enter")
            break
    page.locator("h2#receipt").wait_for()
    page.get_by_role("heading", name="채점 결과").wait_for(timeout=60_000)
    assert here.problems == []


@pytest.mark.parametrize("look", ["light", "dark"])
def test_on_a_phone_every_page_fits_and_axe_finds_nothing_serious(served, visit, tmp_path, look):
    here = signed_in(served, visit, "b02", color_scheme=look, **PHONE)
    page = here.page
    page.goto(f"{served.address}/desk/labs/toy")
    page.set_input_files("#notebook", file(tmp_path, {**NOISY, "relu": RIGHT["relu"]}))
    page.get_by_text("모든 답 칸이 있습니다.").wait_for()
    page.get_by_role("button", name="내기", exact=True).click()
    page.get_by_role("heading", name="채점 결과").wait_for(timeout=60_000)
    result = page.url
    page.get_by_label("까닭").fill("왜 그런가요?")
    page.get_by_role("button", name="조교에게 묻기").click()
    page.wait_for_url("**/appeals/*")
    for address in (page.url, result, f"{served.address}/desk/labs/toy", f"{served.address}/desk/"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, address
        assert grave(page) == [], address
    page.get_by_role("button", name="제출 키 만들기").click()
    page.get_by_label("이 키를 복사해").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360 and grave(page) == []
    page.get_by_role("button", name="나가기").click()
    page.get_by_role("heading", name="데스크").wait_for()
    assert grave(page) == [] and here.problems == [] and here.foreign == []

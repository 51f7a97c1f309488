"""A reader's path in the browser: the first page, a chapter, its lab, a hand-in, the result."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
from playwright.sync_api import Browser, Page, expect

from autograder import notebooks
from autograder.course import Course
from autograder.grading.verify import reference_answers
from tests.grading.toycourse import ROOT, course_main
from tests.test_class_labs import PARTS

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
SOLVED = "rnn_cell"  # what 「30분 만에」 asks for


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """The course on a TA's machine."""
    root = tmp_path / "course"
    root.mkdir()
    for name in PARTS:
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, root / name)
    (root / "roster.csv").write_text("id,name\ns01,\n", encoding="utf-8")
    return Course(root)


def downloaded(page: Page, to: Path) -> Path:
    """From the first page to the lab's file, by clicks alone."""
    page.get_by_role("link", name="30분 만에").first.click()
    expect(page.locator("article h1")).to_contain_text("30분 만에")
    page.go_back()
    page.locator("svg.course-map a").first.click()
    page.wait_for_url("**/easy/rnn.html")
    door = page.locator(".lab-door a.lab-door-file")
    door.scroll_into_view_if_needed()
    with page.expect_download(timeout=60_000) as waiting:
        door.click()
    assert waiting.value.suggested_filename == "rnn.ipynb"
    waiting.value.save_as(to)
    return to


def solve(file: Path) -> None:
    """Writes one answer into the lab and leaves the rest, as on a first evening."""
    answer = reference_answers(notebooks.read(ROOT / "solutions/rnn/rnn.ipynb"))[SOLVED]
    notebook = nbformat.read(file, as_version=4)
    (cell,) = [c for c in notebook.cells if c.source.startswith(f"# [rnn:{SOLVED}]")]
    cell.source = answer
    nbformat.write(notebook, file)


def handed_in_and_graded(course: Course, handins: Path) -> Path:
    """What a TA types; returns the page that the student gets."""
    for arguments in (
        ["collect", str(handins)],
        ["grade", "rnn", "--workers", "1"],
        ["feedback", "rnn"],
    ):
        done = course_main(course, *arguments)
        assert done.returncode == 0, done.stderr
    return course.feedback("s01", "rnn") / "rnn.html"


def test_from_the_first_page_to_a_graded_lab(visit, browser: Browser, warm, course, tmp_path):
    here = visit(accept_downloads=True)
    page = here.open("index")
    file = downloaded(page, tmp_path / "in" / "s01" / "rnn.ipynb")
    assert here.problems == []
    solve(file)
    result = handed_in_and_graded(course, tmp_path / "in")

    context = browser.new_context(locale="ko-KR", java_script_enabled=False)
    shown = context.new_page()
    shown.goto(result.as_uri())
    try:
        text = shown.locator("body").inner_text()
        rows = shown.locator("section.row")
        solved = rows.filter(has=shown.locator("code", has_text=re.compile(f"^{SOLVED}$")))
        expect(solved.locator(".chip")).to_contain_text("10 / 10")
        assert text.count("아직 작성하지 않은 문제입니다.") == 7
        # The way back to the book leads to the same chapter.
        back = [a.get_attribute("href") for a in shown.locator("a").all()]
        assert any(unquote(link or "").endswith("/easy/rnn.html") for link in back)
    finally:
        context.close()

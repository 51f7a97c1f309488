"""The badge 「마지막 실행」: appended, measured by the run, moved below the title."""

from __future__ import annotations

import re
import sys
from datetime import datetime

import pytest
import torch
from bs4 import BeautifulSoup

from tests import booksite

sys.path.insert(0, str(booksite.ROOT / "book"))
sys.path.insert(0, str(booksite.ROOT / "book" / "_ext"))

import bookconfig  # noqa: E402
import lastrun  # noqa: E402
import lastrun_badge  # noqa: E402

CHAPTERS = bookconfig.load().chapters()


def test_only_pages_with_cells_get_the_cell() -> None:
    assert lastrun_badge.append_cell("# 글\n\n본문\n") == "# 글\n\n본문\n"
    page = lastrun_badge.append_cell("# 글\n\n```{code-cell}\n1\n```\n")
    assert page.startswith("# 글\n\n```{code-cell}\n1\n```\n")
    assert page.count("```{code-cell}") == 2
    assert page.rstrip().endswith("lastrun.show()\n```")


def test_facts_are_of_this_process() -> None:
    said = lastrun.facts()
    assert said["date"] == datetime.now(lastrun.KST).date().isoformat()
    assert said["torch"] == "torch " + torch.__version__.split("+")[0]
    assert float(re.match(r"\d+", said["seconds"])[0]) >= 0
    assert 0.1 < float(re.search(r"[\d.]+", said["memory"])[0]) < 200  # torch alone takes that


@pytest.mark.parametrize("page", CHAPTERS)
def test_badge_stands_below_the_title_and_nowhere_else(page: str) -> None:
    html = (booksite.site() / f"{page}.html").read_text("utf-8")
    soup = BeautifulSoup(html, "html.parser")
    [badge] = soup.select(".last-run")
    assert badge.find_previous_sibling().name == "h1"
    assert re.search(r"20\d\d-\d\d-\d\d", badge.text)
    assert re.search(r"torch \d+\.\d+", badge.text)
    assert re.search(r"\d+초", badge.text)
    assert re.search(r"메모리 최대 \d+\.\d GB", badge.text)
    assert "lastrun.show" not in soup.find("article").text

"""The first page's map and tables, the first evening and the study plans: made from what files say."""

from __future__ import annotations

import re
import sys
import tomllib
from dataclasses import replace
from datetime import date
from itertools import combinations
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup

from autograder.course import Course
from tests import booksite

sys.path.insert(0, str(booksite.ROOT / "book" / "_ext"))

import bookconfig  # noqa: E402
import coursemap  # noqa: E402
import curriculum  # noqa: E402
import studyplan  # noqa: E402
from curriculum import Chapter, Lab, Lead  # noqa: E402

CONFIG = bookconfig.load()
CHAPTERS = curriculum.chapters(CONFIG)
WEEKS = (4, 8, 15)


def some(count: int, parts: int = 2) -> list[Chapter]:
    """Chapters of different lengths, each with a lab."""
    return [
        Chapter(f"a/c{n}", n + 1, f"부 {n * parts // count}", f"장 {n}", "", 50 + 7 * n % 40,
                (Lab(f"lab{n}", f"실습 {n}", 120 + 30 * (n % 3)),))
        for n in range(count)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def pages() -> dict[str, BeautifulSoup]:
    site = booksite.site()
    return {
        page: BeautifulSoup((site / f"{page}.html").read_text("utf-8"), "html.parser")
        for page in ("index", "plans", "first-evening")
    }


# What chapters and labs say


def test_every_chapter_and_lab_is_there_in_order():
    assert [each.page for each in CHAPTERS] == list(CONFIG.numbers)
    labs = [lab.name for each in CHAPTERS for lab in each.labs]
    assert sorted(labs) == sorted(lab.name for lab in Course.find(booksite.ROOT).labs)
    assert all(20 <= each.minutes <= 180 for each in CHAPTERS)
    assert all(30 <= lab.minutes <= 400 for each in CHAPTERS for lab in each.labs)
    assert all(each.about for each in CHAPTERS), "book/course-map.yml"


def test_the_public_tree_says_the_same_without_course_toml(tmp_path):
    for name in ("_config.yml", "_toc.yml", "book", "labs"):
        (tmp_path / name).symlink_to(booksite.ROOT / name)
    assert curriculum.chapters(bookconfig.load(tmp_path)) == CHAPTERS


@pytest.mark.parametrize(
    ("said", "minutes"), [("2–3시간", 150), ("2시간", 120), ("2시간 반", 150), ("40분", 40)]
)
def test_how_long_a_lab_takes(said, minutes):
    assert curriculum.solving(f"# 실습\n\n**예상 시간** 푸는 데 {said}. 시연은", "x") == minutes
    with pytest.raises(ValueError, match="예상 시간"):
        curriculum.solving(f"푸는 데 {said}", "x")


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(45, "45분"), (60, "1시간"), (80, "1시간 반"), (150, "2시간 반"), (170, "3시간")],
)
def test_hours_as_one_reads_them(minutes, said):
    assert curriculum.hours(minutes) == said


def test_ideas_lead_forwards_between_chapters_of_the_book():
    leads = curriculum.leads(CONFIG)
    assert leads
    for lead in leads:
        assert CONFIG.numbers[lead.source] < CONFIG.numbers[lead.target]
        assert lead.idea.endswith("다.")
    reached = {lead.target for lead in leads} | {CHAPTERS[0].page}
    assert reached == {each.page for each in CHAPTERS}


# The map


def test_map_has_a_stop_per_chapter_and_an_arc_per_idea():
    chapters = [replace(some(1)[0], title="<b>"), *some(5)[1:]]
    leads = [Lead("a/c0", "a/c3", "가"), Lead("a/c1", "a/c2", "나")]
    drawn = coursemap.svg(chapters, leads, {each.page: f"{each.page}.html" for each in chapters})
    svg = ElementTree.fromstring(drawn)

    def named(name: str) -> list[ElementTree.Element]:
        return [each for each in svg.iter() if each.get("class") == name]

    assert [a.get("href") for a in svg.iter("a")] == [f"a/c{n}.html" for n in range(5)]
    assert [each.text for each in named("map-number")] == list("12345")
    assert named("map-title")[0].text == "<b>"
    assert len(named("map-lead")) == 2 and len(named("map-part")) == 2
    stops = [float(stop.get("cy")) for stop in named("map-stop")]
    assert all(after - before >= 50 for before, after in zip(stops, stops[1:], strict=False))
    _, _, width, height = map(float, svg.get("viewBox").split())
    assert stops[-1] < height
    for path in named("map-lead"):
        numbers = list(map(float, re.findall(r"[\d.]+", path.get("d"))))
        assert max(numbers[::2]) <= width and max(numbers[1::2]) <= height


def test_index_shows_the_map_the_ideas_and_every_lab(pages):
    article = pages["index"].find("article")
    links = [a["href"] for a in article.select("svg.course-map a")]
    assert links == [f"{each.page}.html" for each in CHAPTERS]
    ideas = [item.text for item in article.select(".course-map-ideas li")]
    assert len(ideas) == len(curriculum.leads(CONFIG))
    assert {f"{page}.html" for page in ("first-evening", "plans", "preface")} <= {
        a["href"] for a in article.select("a[href]")
    }
    rows = article.select(".course-table tbody tr")
    assert len(rows) == len(CHAPTERS)
    for row, each in zip(rows, CHAPTERS, strict=True):
        assert each.title in row.text and each.about in row.text
        doors = {a["href"] for a in row.select("a[href^='https://colab']")}
        assert doors == {CONFIG.lab_url(lab.name) for lab in each.labs}


def test_first_evening_leads_to_the_section_and_to_other_pages(pages):
    article = pages["first-evening"].find("article")
    assert article.select_one('a[href="easy/rnn.html#rnn-one-step"]')
    assert article.select_one(".quiz") and "rnn_cell" in article.text
    minutes = [int(m) for m in re.findall(r"(\d+)분:", article.text)]
    assert sum(minutes) == 30


# The plans


@pytest.mark.parametrize("weeks", [1, 3, *WEEKS, 16, 20])
@pytest.mark.parametrize("count", [1, 3, 8])
def test_a_plan_keeps_the_order_and_has_its_weeks(count, weeks):
    todo = studyplan.steps(some(count))
    plan = studyplan.spread(todo, weeks)
    assert len(plan) == weeks
    assert [step for week in plan for step in week] == todo
    assert sum(not week for week in plan) == max(0, weeks - len(todo))
    assert plan[0]


@pytest.mark.parametrize("weeks", [2, 3, 4])
def test_no_other_cut_is_more_even(weeks):
    todo = studyplan.steps(some(4))

    def cost(cuts: tuple[int, ...]) -> float:
        edges = [0, *cuts, len(todo)]
        loads = (
            sum(step.minutes for step in todo[a:b]) for a, b in zip(edges, edges[1:], strict=False)
        )
        return sum(load**2 for load in loads)

    best = min(cost(cuts) for cuts in combinations(range(1, len(todo)), weeks - 1))
    plan = studyplan.spread(todo, weeks)
    assert sum(sum(step.minutes for step in week) ** 2 for week in plan) == best


def test_deadlines_are_the_sundays_of_their_weeks_and_course_toml_reads_them(tmp_path):
    plan = studyplan.spread(studyplan.steps(some(3)), 3)
    due = studyplan.deadlines(plan, date(2027, 3, 1))
    assert [lab for lab, _ in due] == ["lab0", "lab1", "lab2"]
    assert all(day.weekday() == 6 for _, day in due)
    assert due[0][1] == date(2027, 3, 7)
    said = {each["name"]: each["deadline"] for each in _toml(studyplan.in_course_toml(due))}
    labs = "".join(
        f'[[lab]]\nname="{name}"\ntitle="t"\nchapter="c"\ndeadline="{when}"\n'
        for name, when in said.items()
    )
    settings = '[course]\nid="x"\ntimezone="Asia/Seoul"\n' + labs
    (tmp_path / "course.toml").write_text(settings, encoding="utf-8")
    first = Course.find(tmp_path).lab("lab0").deadline
    assert first.isoformat() == "2027-03-07T23:59:00+09:00"


def _toml(text: str) -> list[dict]:
    return tomllib.loads(text)["lab"]


def test_the_page_has_a_plan_of_each_length_with_every_step(pages):
    article = pages["plans"].find("article")
    tables = article.select("table.study-plan")
    assert [len(table.select("tbody tr")) for table in tables] == list(WEEKS)
    codes = [_toml(block.text) for block in article.select(".study-plan-deadlines pre")]
    assert len(codes) == len(WEEKS)
    for table, code in zip(tables, codes, strict=True):
        for each in CHAPTERS:
            assert table.text.count(f"{each.number}. {each.title}") == 1
        names = [lab.name for each in CHAPTERS for lab in each.labs]
        assert [each["name"] for each in code] == names
        days = [each["deadline"] for each in code]
        assert days == sorted(days)

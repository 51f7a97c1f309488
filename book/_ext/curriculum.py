"""Chapters and labs in their order, with the minutes that they say they take.

_toc.yml orders the chapters, course.toml the labs, and each chapter and lab states its own time;
course-map.yml adds what no other file says. For the first page and the study plans.
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass

import yaml

from bookconfig import BookConfig, parts

# 「**걸리는 시간** 읽는 데 60분쯤 …」, 「**예상 시간** 푸는 데 2–3시간. …」, 「… 2시간 반. …」
READING = re.compile(r"^\*\*걸리는 시간\*\* 읽는 데 (\d+)분", re.M)
SOLVING = re.compile(r"^\*\*예상 시간\*\* 푸는 데 (\d+)(?:–(\d+))?(시간 반|시간|분)", re.M)
HEADING = re.compile(r"^# (.+)$", re.M)
DOOR = re.compile(r"^```\{lab\} (\S+)", re.M)


@dataclass(frozen=True)
class Lab:
    """A lab of course.toml; `minutes` is the middle of what it says."""

    name: str
    title: str
    minutes: int


@dataclass(frozen=True)
class Chapter:
    """A numbered chapter of the book, with the labs that belong to it."""

    page: str
    number: int
    part: str
    title: str
    about: str
    minutes: int
    labs: tuple[Lab, ...]


@dataclass(frozen=True)
class Lead:
    """An idea that leads from one chapter to a later one."""

    source: str
    target: str
    idea: str


def chapters(config: BookConfig) -> list[Chapter]:
    """The numbered chapters in order.

    Raises ValueError naming the file that does not say how long it takes.
    """
    about = _map(config)["about"]
    found = []
    for caption, pages in parts(config.root):
        for page in pages:
            if page not in config.numbers:
                continue
            text = config.source(page).read_text("utf-8")
            minutes, title = READING.search(text), HEADING.search(text)
            if not minutes:
                raise ValueError(f"{page}.md: 「**걸리는 시간** 읽는 데 …분」이 없습니다.")
            found.append(
                Chapter(
                    page,
                    config.numbers[page],
                    caption,
                    title[1],
                    about.get(page, ""),
                    int(minutes[1]),
                    tuple(labs(config, page)),
                )
            )
    return found


def labs(config: BookConfig, page: str) -> list[Lab]:
    """The released labs of a chapter, in course.toml's order.

    The public tree has no course.toml: there the doors at the chapter's end name its labs.
    """
    found = []
    for name, title in _named(config, page):
        path = config.root / "labs" / name / f"{name}.ipynb"
        if path.is_file():
            cells = json.loads(path.read_text("utf-8"))["cells"]
            text = "\n\n".join(
                "".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"
            )
            found.append(Lab(name, title or HEADING.search(text)[1], solving(text, name)))
    return found


def _named(config: BookConfig, page: str) -> list[tuple[str, str]]:
    """(name, title) of a chapter's labs; the title is empty where only a door names the lab."""
    path = config.root / "course.toml"
    if path.is_file():
        entries = tomllib.loads(path.read_text("utf-8")).get("lab", [])
        return [(each["name"], each["title"]) for each in entries if each["chapter"] == page]
    return [(name, "") for name in DOOR.findall(config.source(page).read_text("utf-8"))]


def solving(text: str, lab: str) -> int:
    """The minutes that a lab's text says it takes; of 「2–3시간」 the middle.

    Raises ValueError when it says nothing.
    """
    said = SOLVING.search(text)
    if not said:
        raise ValueError(f"실습 {lab}: 「**예상 시간** 푸는 데 …시간」이 없습니다.")
    low, high = int(said[1]), int(said[2] or said[1])
    unit = 1 if said[3] == "분" else 60
    return (low + high) * unit // 2 + (30 if said[3] == "시간 반" else 0)


def leads(config: BookConfig) -> list[Lead]:
    """The ideas between chapters that are both in the book.

    Raises ValueError when an idea would lead backwards.
    """
    found = []
    for entry in _map(config)["leads"]:
        source, target = (config.numbers.get(entry[end]) for end in ("from", "to"))
        pages = [entry[end] in config.pages for end in ("from", "to")]
        if not all(pages) or source is None or target is None:
            continue
        if source >= target:
            raise ValueError(f"course-map.yml: {entry['from']}이(가) {entry['to']}보다 뒤입니다.")
        found.append(Lead(entry["from"], entry["to"], entry["idea"]))
    return found


def _map(config: BookConfig) -> dict:
    """course-map.yml, or nothing where a course has none."""
    path = config.book / "course-map.yml"
    read = yaml.safe_load(path.read_text("utf-8")) if path.is_file() else {}
    return {"about": {}, "leads": [], **read}


def hours(minutes: int) -> str:
    """Minutes as one reads them: 「40분」, 「1시간 반」, 「3시간」; to the half hour from an hour on."""
    if minutes < 60:
        return f"{minutes}분"
    halves = round(minutes / 30)
    return f"{halves // 2}시간" + (" 반" if halves % 2 else "")


def dependencies(config: BookConfig) -> list[str]:
    """The files that all of this is read from: a page that shows it depends on them."""
    files = [config.root / "_toc.yml", config.root / "course.toml", config.book / "course-map.yml"]
    files += map(config.source, config.numbers)
    files += sorted((config.root / "labs").glob("*/*.ipynb"))
    return [str(file) for file in files if file.is_file()]

"""Where a new chapter or lab is named: one line or entry put into files that people edit.

The files are changed as text, so that comments and order stay as they are.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from autograder.course import Course, UsageError

NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_TOC_FILE = re.compile(r"^(\s*)- file: +['\"]?([\w/-]+?)(?:\.md)?['\"]?\s*$")
_README_HEADING = "## 지금 있는 것"


def check_name(name: str, what: str) -> None:
    """Raises UsageError unless `name` can be a file, an address and a Python module's name."""
    if not NAME.fullmatch(name):
        raise UsageError(
            f"{what}의 이름은 영어 소문자로 시작하고 소문자, 숫자, 붙임표로만 씁니다: '{name}'"
        )


def toc_files(course: Course) -> list[str]:
    """The pages that _toc.yml names, in order."""
    lines = (course.root / "_toc.yml").read_text(encoding="utf-8").splitlines()
    return [match[2] for line in lines if (match := _TOC_FILE.match(line))]


def title_of(course: Course, page: str) -> str:
    """The first heading of a page of the book."""
    text = (course.root / "book" / f"{page}.md").read_text(encoding="utf-8")
    found = re.search(r"^# (.+)$", text, re.M)
    return found[1].strip() if found else page


def with_page(toc: str, page: str) -> str:
    """_toc.yml's text with `page` behind the last page of its folder.

    Raises:
        UsageError: no page of that folder is in _toc.yml, so its part of the book is not known.
    """
    folder = page.partition("/")[0]
    lines = toc.splitlines(keepends=True)
    matches = [(place, _TOC_FILE.match(line)) for place, line in enumerate(lines)]
    named = [(place, match) for place, match in matches if match and "/" in match[2]]
    inside = [(place, match) for place, match in named if match[2].startswith(f"{folder}/")]
    if not inside:
        known = ", ".join(dict.fromkeys(match[2].partition("/")[0] for _, match in named))
        raise UsageError(f"_toc.yml에 '{folder}/'인 장이 없습니다 (있는 폴더: {known})")
    place, match = inside[-1]
    if not lines[place].endswith("\n"):
        lines[place] += "\n"
    lines.insert(place + 1, f"{match[1]}- file: {page}\n")
    return "".join(lines)


def with_lab(settings: str, name: str, title: str, chapter: str) -> str:
    """course.toml's text with a further [[lab]] at its end."""
    entry = {"name": name, "title": title, "chapter": chapter}
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in entry.items()]
    return settings.rstrip("\n") + "\n\n" + "\n".join(["[[lab]]", *lines, _REST]) + "\n"


_REST = 'weight = 1.0\ndeadline = ""'


def with_row(readme: str, chapter_title: str, name: str, title: str) -> str | None:
    """README.md's text with a row for the lab in its table; None where it has no such table.

    A lab that the table names already is left as it stands there.
    """
    if f"| `{name}` " in readme:
        return readme
    _, found, below = readme.partition(_README_HEADING + "\n")
    rows = list(re.finditer(r"^\|.*\|$", below.partition("\n## ")[0], re.M)) if found else []
    if not rows:
        return None
    end = len(readme) - len(below) + rows[-1].end()
    row = f"\n| | {chapter_title} | `{name}` {title} | 쓰는 중 |"
    return readme[:end] + row + readme[end:]


def filled(template: str, **words: str) -> str:
    """A template of this folder with its capital words replaced."""
    text = (Path(__file__).parent / template).read_text(encoding="utf-8")
    for word, value in words.items():
        text = text.replace(word, value)
    return text


def write_new(course: Course, files: dict[str, str]) -> None:
    """Writes files that are not there yet, or none of them.

    Raises:
        UsageError: one is there already.
    """
    there = [name for name in files if (course.root / name).exists()]
    if there:
        raise UsageError(f"이미 있어서 만들지 않았습니다: {', '.join(there)}")
    for name, text in files.items():
        path = course.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

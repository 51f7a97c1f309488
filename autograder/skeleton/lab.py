"""`course new lab`: a lab with one exercise that can be released, verified and handed in."""

from __future__ import annotations

import json
from collections.abc import Callable

from autograder.course import Course, UsageError
from autograder.skeleton import places
from autograder.skeleton.chapter import write_edition


def new_lab(
    course: Course,
    name: str,
    title: str | None = None,
    chapter: str | None = None,
    say: Callable[[str], None] = print,
) -> None:
    """Writes the lab's files, names it in course.toml and README.md, and releases it.

    Args:
        name: of the lab, its folder and its files.
        title: what students read (default: the name).
        chapter: the page of the book that it belongs to (default: the one of the same name).

    Raises:
        UsageError: the name is no name or is taken, or the chapter is not in the book.
    """
    from autograder.publish.release import release  # nbgrader takes seconds to import

    places.check_name(name, "실습")
    if name in {lab.name for lab in course.labs}:
        raise UsageError(f"course.toml에 이미 있는 실습입니다: {name}")
    chapter = _chapter(course, name, chapter)
    title = title or name
    words = {"LAB_NAME": name, "LAB_TITLE": title}
    readme = course.root / "README.md"
    old = readme.read_text(encoding="utf-8") if readme.is_file() else ""
    table = places.with_row(old, places.title_of(course, chapter), name, title)
    places.write_new(
        course,
        {
            f"solutions/{name}/{name}.ipynb": places.filled("lab.ipynb", **_in_json(words)),
            f"tests/mutants/{name}.py": places.filled("mutants.txt", **words),
            f"tests/class/labs/{name}.toml": places.filled("handins.toml", **words),
        },
    )
    settings = course.root / "course.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(places.with_lab(text, name, title, chapter), encoding="utf-8")
    if table is None:
        say("README.md: 「지금 있는 것」의 표가 없어 한 줄을 더하지 못했습니다.")
    elif table != old:
        readme.write_text(table, encoding="utf-8")
    say(f"{name}: 견본을 썼습니다 (solutions/, tests/mutants/, tests/class/labs/, course.toml).")
    fresh = Course(course.root)
    release(fresh, [fresh.lab(name)], say)
    if _add_door(course, name, chapter):
        say(f"book/{chapter}.md: 끝에 실습의 문을 더했습니다.")
        write_edition(course, say)
    say(f"다음: 칸을 하나씩 바꾸며 `course release {name}`과 `course verify {name}`을 합니다.")


def _chapter(course: Course, name: str, chapter: str | None) -> str:
    pages = [page for page in places.toc_files(course) if "/" in page]
    if chapter is None:
        same = [page for page in pages if page.rpartition("/")[2] == name]
        if len(same) == 1:
            return same[0]
        said = "어느 장의 실습인지 --chapter로 알려 주세요"
    elif chapter in pages:
        return chapter
    else:
        said = f"_toc.yml에 없는 장입니다: {chapter}"
    raise UsageError(f"{said} (있는 장: {', '.join(pages)})")


def _in_json(words: dict[str, str]) -> dict[str, str]:
    """The words as they stand inside a string of a notebook file."""
    return {key: json.dumps(value, ensure_ascii=False)[1:-1] for key, value in words.items()}


_DOOR = """
## 실습으로

**[고칠 것]** 실습에서 무엇을 만드는지 두 문장으로 적습니다.

```{{lab}} {name}
함수 하나와 글로 답하는 물음 하나, 모두 110점입니다.
```
"""


def _add_door(course: Course, name: str, chapter: str) -> bool:
    """Puts the door at the end of a chapter that has none; whether it did."""
    page = course.root / "book" / f"{chapter}.md"
    text = page.read_text(encoding="utf-8")
    if "```{lab} " in text:
        return False
    page.write_text(text.rstrip("\n") + "\n" + _DOOR.format(name=name), encoding="utf-8")
    return True

"""`course new chapter`: a chapter that builds, with its Colab edition and its place in the book."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

from autograder.course import Course, UsageError
from autograder.skeleton import places


def new_chapter(
    course: Course, page: str, title: str | None = None, say: Callable[[str], None] = print
) -> None:
    """Writes book/`page`.md, names it in _toc.yml and makes its Colab edition.

    Args:
        page: folder and name, as _toc.yml writes it: `easy/graphs`.
        title: the chapter's heading (default: its name).

    Raises:
        UsageError: the name is no name, is taken, or its folder is no part of the book.
    """
    folder, slash, name = page.partition("/")
    if not slash:
        raise UsageError(f"장의 이름은 폴더와 함께 씁니다: easy/{page} 또는 hard/{page}")
    for part in (folder, name):
        places.check_name(part, "장")
    toc = course.root / "_toc.yml"
    if page in places.toc_files(course):
        raise UsageError(f"_toc.yml에 이미 있는 장입니다: {page}")
    order = places.with_page(toc.read_text(encoding="utf-8"), page)
    words = {"CHAPTER_NAME": name, "CHAPTER_TITLE": title or name}
    places.write_new(course, {f"book/{page}.md": places.filled("chapter.md", **words)})
    toc.write_text(order, encoding="utf-8")
    say(f"book/{page}.md: 견본을 썼습니다. _toc.yml에 더했습니다.")
    write_edition(course, say)
    say("다음: 글을 고치고 `make colab`과 `make book`을 합니다 (CONTRIBUTING.md 「장 추가하기」).")


def write_edition(course: Course, say: Callable[[str], None]) -> None:
    """What `make colab` does; the converter lies with the book's extensions, not in this package.

    Raises:
        UsageError: a chapter cannot be converted.
    """
    script = course.root / "book" / "_ext" / "colab.py"
    done = subprocess.run(
        [sys.executable, str(script)], cwd=course.root, capture_output=True, text=True, check=False
    )
    for line in done.stdout.splitlines():
        say(line)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["까닭을 알 수 없습니다"])[-1]
        raise UsageError(f"Colab 노트북을 만들지 못했습니다: {reason}")

"""Addresses that a released lab shows. They all come out of _config.yml, by the book's own module."""

from __future__ import annotations

import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

from autograder.course import Course, Lab, UsageError
from autograder.publish import submit_cell

_MODULE = Path(__file__).parents[2] / "book" / "_ext" / "bookconfig.py"


@cache
def _bookconfig() -> ModuleType:
    spec = importlib.util.spec_from_file_location("_course_bookconfig", _MODULE)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up there
    spec.loader.exec_module(module)
    return module


def book_config(course: Course):
    """`bookconfig.BookConfig` of the course: pages of the book, repository, addresses.

    Raises:
        UsageError: _config.yml or _toc.yml does not say what is needed.
    """
    try:
        return _bookconfig().load(course.root)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise UsageError(f"_config.yml 또는 _toc.yml을 읽을 수 없습니다: {error}") from None


def placeholders(course: Course, lab: Lab) -> dict[str, str]:
    """What stands for `{{lab}}`, `{{title}}`, … in every cell.

    `colab_url` opens the lab on Colab, `page_url` is its chapter, `students_url` the page on how to
    work and hand in; `submit_cell`, behind «# », is the cell that hands in.
    """
    config = book_config(course)
    return {
        "lab": lab.name,
        "title": lab.title,
        "colab_url": config.lab_url(lab.name),
        "page_url": config.page_url(lab.chapter),
        "students_url": config.page_url("students"),
        "submit_cell": submit_cell.source(lab.name, submit_cell.address_of(course))[2:],
    }

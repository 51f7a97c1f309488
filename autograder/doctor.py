"""`course doctor`: which versions are here, what this machine can isolate, what to do about gaps."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from autograder.course import Course
from autograder.sandbox import survey


def _walls() -> Iterator[tuple[bool, str]]:
    """Every wall around student code, tried on this machine."""
    try:
        for wall in survey.survey():
            yield wall.available, wall.line()
        if refusal := survey.refusal():
            yield False, refusal
    except RuntimeError as error:
        yield False, str(error)


def _packages(course: Course) -> Iterator[tuple[bool, str]]:
    """Direct pins of requirements.txt against what is installed."""
    for line in (course.root / "requirements.txt").read_text(encoding="utf-8").splitlines():
        if not (pin := re.match(r"([A-Za-z0-9_.\-]+)(?:\[[^\]]*\])?==(\S+)", line)):
            continue
        name, wanted = pin[1], pin[2]
        try:
            have = version(name).split("+")[0]
        except PackageNotFoundError:
            have = "없음"
        good = have == wanted
        yield good, f"{name} {have}" + ("" if good else f" — {wanted}이어야 합니다: make setup")


def _tools() -> Iterator[tuple[bool, str]]:
    good = shutil.which("chromium") is not None
    yield good, "chromium" + ("" if good else " — 브라우저 시험에 씁니다 (apt: chromium)")


def lines(course: Course) -> Iterator[str]:
    """The report, a line for each finding."""
    yield f"Python {platform.python_version()} ({sys.executable})"
    good = sys.version_info >= (3, 11)
    yield f"{_sign(good)} Python 3.11 이상"
    yield f"코어 {os.cpu_count()}개, {_memory()}"
    yield "■ 패키지 (requirements.txt)"
    for good, text in _packages(course):
        yield f"{_sign(good)} {text}"
    who = "root" if os.geteuid() == 0 else "일반 사용자"
    yield f"■ 학생 코드를 가두는 벽 ({who}로 하나씩 시험했습니다)"
    for good, text in _walls():
        yield f"{_sign(good)} {text}"
    yield "■ 도구"
    for good, text in _tools():
        yield f"{_sign(good)} {text}"


def _memory() -> str:
    size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"메모리 {size / 2**30:.1f} GiB"


def _sign(good: bool) -> str:
    return "  ○" if good else "  ✕"

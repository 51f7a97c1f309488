"""What lies beside an author's notebook, and what of it students get."""

from __future__ import annotations

from pathlib import Path

from autograder.course import Course

# Folders and files of solutions/<lab>/ that go to students; everything else stays.
FOLDERS = ("data", "images")
FILES = ("DATA.md",)
# What may lie there besides and stays with the TAs.
PRIVATE = ("MARKING.md",)
MOST_BYTES = 300_000  # of data in one lab: it travels inside the notebook


def material(course: Course, lab: str) -> dict[str, Path]:
    """Files that students get beside the notebook, by path relative to it, sorted."""
    return {name: path for name, path in _files(course, lab).items() if _is_public(name)}


def data_files(course: Course, lab: str) -> dict[str, Path]:
    """The part of `material` that notebooks read: it travels inside the set-up cell."""
    return {n: p for n, p in material(course, lab).items() if n.startswith("data/")}


def problems(course: Course, lab: str) -> list[str]:
    """Files that are neither public nor known to be private, links, and too much data."""
    found = []
    where = f"solutions/{lab}"
    for name, path in _files(course, lab).items():
        if path.is_symlink():
            found.append(f"{where}/{name}: 링크는 내보내지 않습니다")
        elif not _is_public(name) and name not in (f"{lab}.ipynb", *PRIVATE):
            found.append(f"{where}/{name}: 학생에게 줄 파일은 data/ 아래에 두세요")
    size = sum(path.stat().st_size for path in data_files(course, lab).values())
    if size > MOST_BYTES:
        found.append(f"{where}/data: {size:,}바이트입니다. {MOST_BYTES:,}바이트를 넘지 않게 하세요")
    return found


def _is_public(name: str) -> bool:
    return name in FILES or name.split("/")[0] in FOLDERS


def _files(course: Course, lab: str) -> dict[str, Path]:
    folder = course.source(lab).parent
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if any(part.startswith((".", "__pycache__")) for part in name.parts):
            continue
        if path.is_symlink() or path.is_file():
            found[name.as_posix()] = path
    return found

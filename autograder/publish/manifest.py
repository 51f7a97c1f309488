"""Which files are public. What is not named here does not get out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from autograder.course import Course
from autograder.publish.addresses import book_config

# Of the course folder, beside the pages that _toc.yml names and the released labs.
COURSE_FILES = ("_config.yml", "_toc.yml", "requirements.txt", "constraints.txt", "LICENSE*")
BOOK_FILES = (
    "kit.py",
    "checks.py",
    "glossary.yml",
    "course-map.yml",
    "notes.yml",
    "symbols.yml",
    "references.bib",
    "_ext/**/*.py",
    "_ext/search/site/**/*",
    "_static/**/*",
    "images/**/*",
    "data/**/*",
)
_IMAGES = (".png", ".jpg", ".jpeg", ".svg", ".gif", ".webp", ".ico")
_WEB = (".html", ".css", ".js", ".mjs", ".json", ".xml", ".txt", ".inv", ".map", ".wasm")
_FONTS = (".woff", ".woff2", ".ttf", ".eot", ".otf")
_SEARCH = (".pagefind", ".pf_index", ".pf_meta", ".pf_fragment")
_STATIC = (*_IMAGES, *_WEB, *_FONTS)
SITE_SUFFIXES = frozenset((*_STATIC, *_SEARCH, ".ipynb", ".md"))
# Pages of the site that no source file stands behind.
MADE_PAGES = frozenset(("genindex", "search", "py-modindex", "404"))


def sources(course: Course) -> dict[str, Path]:
    """The book's sources and what builds them: public path → file."""
    config = book_config(course)
    found = dict(_matching(course.root, COURSE_FILES))
    found |= {
        f"book/{name}": path
        for name, path in _matching(course.root / "book", BOOK_FILES)
        if not name.startswith("_static/") or path.suffix.lower() in _STATIC
    }
    for page in config.pages:
        for path in (config.source(page), config.source(page).with_suffix(".ipynb")):
            if path.is_file():
                found[path.relative_to(course.root).as_posix()] = path
    return dict(sorted(found.items()))


def site(course: Course) -> tuple[dict[str, Path], list[str]]:
    """The built book without its labs: public path → file; and the files that stay behind."""
    pages = set(book_config(course).pages) | MADE_PAGES
    found, left = {}, []
    for path in sorted(course.html.rglob("*")):
        name = path.relative_to(course.html).as_posix()
        if path.is_dir() or name.startswith("labs/"):
            continue
        if _is_site_file(name, path, pages):
            found[f"site/{name}"] = path
        elif not path.name.startswith("."):
            left.append(name)
    return found, left


def _is_site_file(name: str, path: Path, pages: set[str]) -> bool:
    if any(part.startswith(".") for part in name.split("/")) or path.is_symlink():
        return False
    if path.suffix.lower() not in SITE_SUFFIXES:
        return False
    if name.startswith("_sources/"):
        return name.removeprefix("_sources/").rsplit(".", 1)[0] in pages
    if path.suffix == ".html" and not name.startswith("_static/"):
        return name.removesuffix(".html") in pages
    return True


def _matching(folder: Path, patterns: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    """Plain files (no links, nothing hidden) that match a pattern."""
    for pattern in patterns:
        for path in sorted(folder.glob(pattern)):
            name = path.relative_to(folder)
            hidden = any(part.startswith((".", "__pycache__")) for part in name.parts)
            if path.is_file() and not path.is_symlink() and not hidden:
                yield name.as_posix(), path

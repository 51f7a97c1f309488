"""The printed book for the tests: printed once for all test workers, and read by two libraries."""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pypdfium2
from bs4 import BeautifulSoup
from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject

from scripts.pdf import compose
from tests import booksite

CHROMIUM = os.environ.get("COURSE_CHROMIUM", "/usr/bin/chromium")


def command(*arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """`python -m scripts.pdf …` with `variables` in its environment."""
    return subprocess.run(
        [sys.executable, "-m", "scripts.pdf", *map(str, arguments)],
        cwd=booksite.ROOT,
        env={**os.environ, "COURSE_CHROMIUM": CHROMIUM, **variables},
        capture_output=True,
        text=True,
        timeout=300,
    )


def once(basetemp: Path) -> Path:
    """The PDF of this test run, printed by the first worker that comes along."""
    # Workers have a folder each, below that of the run.
    folder = basetemp.parent if "PYTEST_XDIST_WORKER" in os.environ else basetemp
    target = folder / "book.pdf"
    site = booksite.site()
    with (folder / "book.pdf.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not target.exists():
            done = command("--html", site, "--output", target)
            assert done.returncode == 0, done.stderr
    return target


def squeezed(text: str) -> str:
    """Text without spaces and line ends: where a line is broken does not matter."""
    return re.sub(r"\s+", "", text)


@dataclass(frozen=True)
class Link:
    """A link on a page: where it lies, and where it leads (a name in the PDF, or an address)."""

    page: int
    box: tuple[float, float, float, float]
    name: str
    address: str


class Printed:
    """A PDF, page by page. Pages are counted from 1, as they are printed."""

    def __init__(self, path: Path) -> None:
        self.reader = PdfReader(path)
        self.drawn = pypdfium2.PdfDocument(path)
        self.texts = [page.get_textpage() for page in self.drawn]

    def close(self) -> None:
        """pypdfium2 complains about what is still open when Python ends."""
        for text in self.texts:
            text.close()
        self.drawn.close()

    def __len__(self) -> int:
        return len(self.texts)

    def text(self, page: int) -> str:
        return self.texts[page - 1].get_text_range()

    def inside(self, page: int, left: float, bottom: float, right: float, top: float) -> str:
        """The text that lies in a box (in points, from the lower left corner)."""
        found = self.texts[page - 1].get_text_bounded(left, bottom, right, top)
        return " ".join(found.split())

    @cached_property
    def places(self) -> dict[str, int]:
        """Each named place of the PDF and its page."""
        return {
            name.removeprefix("/"): self.reader.get_destination_page_number(destination) + 1
            for name, destination in self.reader.named_destinations.items()
        }

    @cached_property
    def heights(self) -> dict[str, float]:
        """How high on its page each named place lies, in points from below."""
        return {
            name.removeprefix("/"): float(destination.top)
            for name, destination in self.reader.named_destinations.items()
        }

    @cached_property
    def links(self) -> list[Link]:
        found = []
        for number, page in enumerate(self.reader.pages, 1):
            for each in page.get("/Annots", []):
                note = each.get_object()
                if note["/Subtype"] == "/Link":
                    name = str(note.get("/Dest", "")).removeprefix("/")
                    address = str(note.get("/A", {}).get("/URI", ""))
                    box = tuple(float(side) for side in note["/Rect"])
                    found.append(Link(number, box, name, address))
        return found

    def tags(self, kind: str) -> Iterator[DictionaryObject]:
        """Elements of the tag tree of one kind, such as /Figure, in the order of reading."""

        def walk(node: object) -> Iterator[DictionaryObject]:
            node = node.get_object() if hasattr(node, "get_object") else node
            if isinstance(node, ArrayObject):
                for child in node:
                    yield from walk(child)
            elif isinstance(node, DictionaryObject):
                if node.get("/S") == kind:
                    yield node
                yield from walk(node.get("/K"))

        yield from walk(self.reader.trailer["/Root"]["/StructTreeRoot"])

    def page_of(self, tag: DictionaryObject) -> int:
        return self.reader.get_page_number(tag["/Pg"]) + 1


def document() -> tuple[compose.Document, BeautifulSoup]:
    """What was given to the browser: the joined document, and the same as a tree."""
    joined = compose.compose(booksite.site())
    return joined, BeautifulSoup(joined.html, "html.parser")

"""What the printed PDF says: on which page a heading stands, and what the file tells of itself."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterable

from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    BooleanObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    TextStringObject,
)

MARGIN = 22 * 72 / 25.4  # points: the upper margin of a sheet (book.css)
# Chromium's trailer counts a few objects too few; pypdf would say so on every run.
logging.getLogger("pypdf").setLevel(logging.ERROR)


def pages_of(pdf: bytes, anchors: Iterable[str]) -> dict[str, int]:
    """The page, counted from 1, on which each anchor lies.

    Raises ValueError for an anchor that the PDF does not know.
    """
    reader = PdfReader(io.BytesIO(pdf))
    places = {
        name.removeprefix("/"): reader.get_destination_page_number(destination)
        for name, destination in reader.named_destinations.items()
    }
    found = {}
    for anchor in anchors:
        number = places.get(anchor)
        if number is None or number < 0:
            raise ValueError(f"PDF에 없는 자리입니다: {anchor}")
        found[anchor] = number + 1
    return found


def finish(pdf: bytes, title: str, author: str, top: str) -> bytes:
    """The PDF with title, author and language, opened with its outline; links land exactly.

    `top` is an anchor at the very beginning of a sheet's text.
    """
    writer = PdfWriter(clone_from=io.BytesIO(pdf))
    writer.pdf_header = "%PDF-1.7"  # what Chromium writes needs more than pypdf's own 1.3
    writer.add_metadata({"/Title": title, "/Author": author, "/Creator": "Jupyter Book"})
    root = writer.root_object
    root[NameObject("/Lang")] = TextStringObject("ko")
    root[NameObject("/PageMode")] = NameObject("/UseOutlines")
    root[NameObject("/ViewerPreferences")] = DictionaryObject(
        {NameObject("/DisplayDocTitle"): BooleanObject(True)}
    )
    _lower_places(root, top)
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


def _lower_places(root: DictionaryObject, top: str) -> None:
    """Chromium reckons the places that links lead to without the sheet's upper margin.

    How much too high they are is read from a place of which we know where it should be.
    """
    places = root.get("/Dests", {})
    if f"/{top}" not in places:
        return
    page, _, _, height, _ = places[f"/{top}"]
    too_high = float(height) - (float(page.get_object()["/MediaBox"][3]) - MARGIN)
    for place in places.values():
        place[3] = FloatObject(float(place[3]) - too_high)

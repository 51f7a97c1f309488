"""What the document may load: the built site, and fonts that do not depend on the machine.

Everything is answered from files; a request for anything else is refused and remembered.
"""

from __future__ import annotations

import importlib.util
import io
import mimetypes
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from fontTools.ttLib import TTFont

HOST = "http://book.invalid"  # never looked up: every request is answered here
DOCUMENT = f"{HOST}/_print/book.html"
STYLE = Path(__file__).with_name("book.css")
# Found in packages that the book needs anyway (without importing them: one needs distutils).
FONTS = {
    "koreanize_matplotlib": ("fonts", "NanumGothic.ttf", "NanumGothicBold.ttf"),
    "matplotlib": (
        "mpl-data/fonts/ttf",
        "DejaVuSans.ttf",
        "DejaVuSans-Bold.ttf",
        "DejaVuSansMono.ttf",
        "DejaVuSansMono-Bold.ttf",
    ),
}


def fonts() -> Iterator[Path]:
    """The font files.

    Raises FileNotFoundError naming the package or the file that is not there.
    """
    for package, (folder, *names) in FONTS.items():
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise FileNotFoundError(package)
        for name in names:
            path = Path(spec.submodule_search_locations[0]) / folder / name
            if not path.is_file():
                raise FileNotFoundError(path)
            yield path


def web_font(path: Path) -> bytes:
    """The font without its designer's sources (TSI tables): browsers refuse empty tables."""
    font = TTFont(path, recalcBBoxes=False, recalcTimestamp=False)
    for table in [tag for tag in font.reader.tables if tag.startswith("TSI")]:
        del font[table]
    target = io.BytesIO()
    font.save(target)
    return target.getvalue()


class Library:
    """Answers the browser's requests; `refused` lists those that it could not answer."""

    def __init__(self, site: Path, document: str) -> None:
        self.site = site.resolve()
        self.refused: list[str] = []
        self._made = {
            "_print/book.html": document.encode(),
            "_print/book.css": STYLE.read_bytes(),
        }
        self._made |= {f"_print/fonts/{path.name}": web_font(path) for path in fonts()}

    def answer(self, url: str) -> tuple[bytes, str] | None:
        """Content and type for an address; None where the library does not hold it."""
        path = unquote(urlsplit(url).path).lstrip("/")
        content = self._made.get(path) if url.startswith(f"{HOST}/") else None
        if content is None and url.startswith(f"{HOST}/"):
            file = (self.site / path).resolve()
            if file.is_relative_to(self.site) and file.is_file():
                content = file.read_bytes()
        if content is None:
            self.refused.append(url)
            return None
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        return content, f"{kind}; charset=utf-8" if kind.startswith("text/") else kind

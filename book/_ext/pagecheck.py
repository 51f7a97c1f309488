"""Two promises about every page, checked on what was built: alt texts and weight.

A picture without words, or a page that is too heavy for a phone, fails the build by name.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from posixpath import dirname, join, normpath
from urllib.parse import unquote, urlsplit

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

import bookconfig

# What a browser fetches for one page: its HTML and its pictures (of one theme: the other's are
# never shown), the scripts and styles that all pages share apart.
MB = 1024 * 1024
PLAIN, WITH_WIDGETS = 1 * MB, 3 * MB
WIDGETS = "application/vnd.jupyter.widget-state+json"
WIDGET_PICTURE = re.compile(r'<img class=\\"([^"\\]+)\\"[^>]*?src=\\"([^"\\]+)\\"')


class _Pictures(HTMLParser):
    """Collects the pictures of a page: (alt or None, src, class)."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str | None, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an <img>."""
        if tag == "img":
            attributes = dict(attrs)
            src, kind = attributes.get("src") or "", attributes.get("class") or ""
            self.found.append((attributes.get("alt"), src, kind))


def pictures(html: str) -> list[tuple[str | None, str, str]]:
    """(alt, src, class) of every <img> of a page; alt is None where it has no such attribute."""
    parser = _Pictures()
    parser.feed(html)
    return parser.found


def weight(html: str, page: str, site: Path) -> int:
    """Bytes of a page and of the site's own pictures on it, those of all widget frames too."""
    sources = {source for _, source, kind in pictures(html) if "only-dark" not in kind}
    sources |= {src for kind, src in WIDGET_PICTURE.findall(html) if "only-dark" not in kind}
    files = set()
    for source in sources:
        url = urlsplit(source)
        if not url.scheme and "_static" not in url.path:
            files.add(site / normpath(join(dirname(page), unquote(url.path))))
    return len(html.encode()) + sum(file.stat().st_size for file in files if file.is_file())


def problems(html: str, page: str, site: Path) -> list[str]:
    """What is wrong with a built page, a line each."""
    found = [
        f"{page}: 대체 글(alt)이 없는 그림: {source[:60]}"
        for alt, source, _ in pictures(html)
        # An empty alt says «decoration»; the theme's logo and badges may, a chapter's may not.
        if alt is None or (not alt.strip() and "_static" not in source)
    ]
    allowed = WITH_WIDGETS if WIDGETS in html else PLAIN
    heavy = weight(html, page, site)
    if heavy > allowed:
        found.append(f"{page}: {heavy / MB:.1f} MB입니다. {allowed // MB} MB를 넘을 수 없습니다.")
    return found


def _check(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.name != "html":
        return
    site = Path(app.outdir)
    found = []
    for page in bookconfig.load(Path(app.srcdir).parent).pages:
        built = site / f"{page}.html"
        if built.exists():
            found += problems(built.read_text("utf-8"), page, site)
    if found:
        raise ExtensionError("\n".join(found))


def setup(app: Sphinx) -> dict[str, bool]:
    """Look at all pages after each build."""
    app.connect("build-finished", _check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

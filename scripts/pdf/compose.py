"""The built pages, in the book's order, as one document with a cover and a list of contents."""

from __future__ import annotations

import html
import re
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import quote, urlsplit

import yaml
from bs4 import BeautifulSoup, Tag

from scripts.pdf import article, contents
from scripts.pdf.contents import Heading

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

import bookconfig  # noqa: E402

FIRST_PAGE_TITLE = "들어가며"  # the root page bears the book's title, which the cover has already
_MATHJAX = re.compile(r"(^|/)tex-[\w-]+\.js$")
_TEMPLATE = """<!DOCTYPE html>
<html lang="ko" data-theme="light" data-mode="light">
<head><meta charset="utf-8"><title>{title}</title>
{head}
<style>{running}</style>
</head>
<body class="printed-book">
{cover}
{contents}
{pages}
</body></html>
"""
_COVER = """<section id="cover">
<p class="cover-title">{title}</p>
<img src="/_static/logo-light.svg" alt="" role="presentation">
<p class="cover-author">{author}</p>
<div class="cover-foot">
<p><a href="{site}/">{site}</a></p>
<p>{date} 판. 그림을 그리는 코드처럼 접어 둔 코드와 움직이는 그림은 웹의 책에 있습니다.</p>
<p>{licence}</p>
</div></section>"""


@dataclass(frozen=True)
class Document:
    """The joined document, its headings in order, and what the PDF says about itself."""

    title: str
    author: str
    html: str
    pages: list[Heading]

    def listed(self) -> list[Heading]:
        """The headings in the list of contents, in order."""
        return [heading for page in self.pages for heading in page.walk(contents.LEVELS)]


def compose(site: Path, root: Path = ROOT, today: date | None = None) -> Document:
    """Join the pages that lie built under `site`.

    Raises:
        FileNotFoundError: a page of _toc.yml has not been built.
        ValueError: a page cannot be printed; the message names it.
    """
    config = bookconfig.load(root)
    settings = yaml.safe_load((root / "_config.yml").read_text("utf-8"))
    soups = {page: _read(site, page) for page in config.pages}
    where = article.Site(config.pages, config.site)
    articles = {page: article.prepare(page, soup, where) for page, soup in soups.items()}
    _retitle(articles[config.pages[0]])
    editions = set(config.chapters())
    titles: dict[str, Heading] = {}
    for page, found in articles.items():
        titles[page] = contents.headings(found)
        if page in editions:
            _add_doors(found, config.page_url(page), config.edition_url(page))
    listed = contents.build(
        (caption, [titles[page] for page in pages]) for caption, pages in bookconfig.parts(root)
    )
    cover = _COVER.format(
        title=html.escape(config.title),
        author=html.escape(settings["author"]),
        site=html.escape(config.site),
        date=(today or date.today()).isoformat(),
        licence=html.escape(settings["html"].get("extra_footer", "")),
    )
    document = _TEMPLATE.format(
        title=html.escape(config.title),
        head=_head(soups),
        running=_running_titles(config.title, titles),
        cover=cover,
        contents=listed,
        pages="\n".join(str(found) for found in articles.values()),
    )
    return Document(config.title, settings["author"], document, list(titles.values()))


def _read(site: Path, page: str) -> BeautifulSoup:
    return BeautifulSoup((site / f"{page}.html").read_text("utf-8"), "html.parser")


def _retitle(first: Tag) -> None:
    title = first.find("h1")
    if title is not None:
        title.string = FIRST_PAGE_TITLE


def _add_doors(found: Tag, page_url: str, edition_url: str) -> None:
    """Below a chapter's title: where it can be read on the web and run on Colab."""
    doors = f'<p class="doors"><a href="{page_url}">웹에서 읽기</a><a href="{edition_url}">'
    doors += "Colab에서 열기</a></p>"
    found.find("h1").insert_after(BeautifulSoup(doors, "html.parser"))


def _head(soups: dict[str, BeautifulSoup]) -> str:
    """Style sheets of all pages, and MathJax with its settings; other scripts serve a screen."""
    tags: dict[str, str] = {}
    for page, soup in soups.items():
        for link in soup.select('head link[rel~="stylesheet"]'):
            link["href"] = _from_root(page, link["href"])
            tags.setdefault(link["href"], str(link))
        for script in soup.select("head script"):
            if script.get("src") and _MATHJAX.search(urlsplit(script["src"]).path):
                script["src"] = _from_root(page, script["src"])
                tags.setdefault(script["src"], str(script))
            elif "window.MathJax" in (script.string or ""):
                tags.setdefault(script.string, str(script))
    return "\n".join([*tags.values(), '<link rel="stylesheet" href="/_print/book.css">'])


def _from_root(page: str, address: str) -> str:
    url = urlsplit(address)
    return address if url.netloc else "/" + quote(article.resolve(page, url.path))


def _running_titles(book: str, titles: dict[str, Heading]) -> str:
    """A kind of sheet for each page of the book: its name stands above the text."""
    rules = []
    for number, heading in enumerate(titles.values()):
        rules.append(f"#{article.prefixed(list(titles)[number], '')} {{ page: sheet-{number} }}")
        rules.append(
            f"@page sheet-{number} {{ @top-left {{ content: {_css(book)} }}"
            f" @top-right {{ content: {_css(heading.text)} }} }}"
        )
    rules.append(
        f"@page contents {{ @top-left {{ content: {_css(book)} }}"
        f" @top-right {{ content: {_css(contents.TITLE)} }} }}"
    )
    return "\n".join(rules)


def _css(text: str) -> str:
    """A CSS string; every sign that could end it, or the style element, is escaped."""
    return '"' + re.sub(r'[\\"<>\n]', lambda found: f"\\{ord(found[0]):x} ", text) + '"'

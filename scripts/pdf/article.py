"""One built page, made fit to stand in a document together with all others."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from posixpath import dirname, normpath
from urllib.parse import quote, unquote, urlsplit

from bs4 import BeautifulSoup, Tag

from scripts.pdf import frames, quizzes

# What only serves a reader at a screen. Folded code draws the figure that stands below it.
FOLDED_CODE = "details.above-input, details.below-input"
_SCREEN_ONLY = f"a.headerlink, button, script, template, img.only-dark, {FOLDED_CODE}"
_POINTERS = ("for", "aria-controls", "aria-describedby", "aria-labelledby", "aria-owns", "headers")


@dataclass(frozen=True)
class Site:
    """The built pages, and the address where they are published."""

    pages: Collection[str]
    address: str

    def link(self, page: str, href: str) -> str:
        """Where a link on `page` leads in the joined document: inside it, if it can.

        A file of the site (a lab's notebook, say) becomes its published address.
        """
        url = urlsplit(href)
        if url.scheme or url.netloc:
            return href
        if not url.path:
            return f"#{prefixed(page, unquote(url.fragment))}"
        path = resolve(page, unquote(url.path))
        target = path.removesuffix(".html")
        if path.endswith(".html") and target in self.pages:
            return f"#{prefixed(target, unquote(url.fragment))}"
        return f"{self.address}/{quote(path)}" + (f"#{url.fragment}" if url.fragment else "")


def resolve(page: str, path: str) -> str:
    """A path that `page` names, from the site's root."""
    return normpath(f"{dirname(page)}/{path}").lstrip("/")


def prefixed(page: str, anchor: str) -> str:
    """The id in the joined document; without an anchor, the id of the page itself."""
    name = page.replace("/", "-")
    return f"{name}--{anchor}" if anchor else f"page-{name}"


def prepare(page: str, soup: BeautifulSoup, site: Site) -> Tag:
    """The page's article: its own ids, links that work, nothing folded, nothing to click.

    Raises ValueError naming the page when it has no article, or a widget without a picture.
    """
    article = soup.select_one("article.bd-article")
    if article is None:
        raise ValueError(f"{page}: 본문(article)이 없습니다.")
    frames.show(page, article)
    for tag in article.select(_SCREEN_ONLY):
        if not tag.decomposed:
            tag.decompose()
    quizzes.answers_last(article)
    _unfold(article)
    _readdress(page, article, site)
    article["id"] = prefixed(page, "")
    return article


def _unfold(article: Tag) -> None:
    for details in article.select("details"):
        details["open"] = ""
    for tab in article.select(".sd-tab-set > input"):
        tab.decompose()
    for label in article.select("label.sd-tab-label"):
        label.name = "p"


def _readdress(page: str, article: Tag, site: Site) -> None:
    for tag in article.find_all(True):
        if tag.get("id"):
            tag["id"] = prefixed(page, tag["id"])
        for name in _POINTERS:
            if tag.get(name):
                tag[name] = " ".join(prefixed(page, each) for each in tag[name].split())
        if tag.name == "a" and tag.get("href"):
            tag["href"] = site.link(page, tag["href"])
        if tag.name == "img":
            source = tag.get("src", "")
            if not urlsplit(source).scheme:
                tag["src"] = f"/{quote(resolve(page, unquote(urlsplit(source).path)))}"
            # A picture that waits for its turn on the screen would be missing on paper.
            tag.attrs.pop("loading", None)

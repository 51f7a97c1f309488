"""The list of contents: parts, pages and their sections, each with the number of its page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from bs4 import BeautifulSoup, Tag

TITLE = "차례"
_NEW = BeautifulSoup("", "html.parser")
_TAGS = ("h1", "h2", "h3", "h4")
LEVELS = 2  # of headings in the list; the PDF's outline holds them all


@dataclass(frozen=True)
class Heading:
    """A heading: its text, the id that a link to it names, its level (1 for a page's title)."""

    text: str
    anchor: str
    level: int
    below: list[Heading] = field(default_factory=list)

    def walk(self, deepest: int) -> Iterator[Heading]:
        """This heading and those below it, in order, down to a level."""
        if self.level <= deepest:
            yield self
            for heading in self.below:
                yield from heading.walk(deepest)


def headings(article: Tag) -> Heading:
    """The title of a page with the headings below it; each heading gets an id of its own.

    Raises ValueError when the page does not begin with a title.
    """
    tags = article.find_all(_TAGS)
    if not tags or tags[0].name != "h1":
        raise ValueError(f"{article.get('id')}: 제목(h1)이 없습니다.")
    path: list[Heading] = []
    for number, tag in enumerate(tags):
        tag["id"] = tag.get("id") or f"{article['id']}-h{number}"
        heading = Heading(" ".join(tag.get_text().split()), tag["id"], int(tag.name[1]))
        while len(path) > 1 and path[-1].level >= heading.level:
            path.pop()
        if path:
            path[-1].below.append(heading)
        path.append(heading)
    return path[0]


def build(parts: Iterable[tuple[str, list[Heading]]]) -> Tag:
    """The list for the document, in which every number still is to be filled in."""
    nav = _NEW.new_tag("nav", attrs={"id": "contents", "role": "doc-toc"})
    nav.append(_text("h1", TITLE))
    for caption, pages in parts:
        if caption:
            nav.append(_text("p", caption, **{"class": "contents-part"}))
        nav.append(_list(pages))
    return nav


def _list(entries: list[Heading]) -> Tag:
    listed = _NEW.new_tag("ol")
    for heading in entries:
        item = _NEW.new_tag("li", attrs={"class": f"contents-{heading.level}"})
        link = _NEW.new_tag("a", attrs={"href": f"#{heading.anchor}"})
        link.append(_text("span", heading.text, **{"class": "contents-text"}))
        link.append(_NEW.new_tag("span", attrs={"class": "contents-dots"}))
        link.append(_text("span", "0", **{"class": "contents-page"}))
        item.append(link)
        if heading.below and heading.level < LEVELS:
            item.append(_list(heading.below))
        listed.append(item)
    return listed


def _text(name: str, text: str, **attributes: str) -> Tag:
    tag = _NEW.new_tag(name, attrs=attributes)
    tag.string = text
    return tag

"""What there is to find in a built page: its sections, prose and code apart.

Only the article counts. What a browser does not show as text (widget state, hidden parts,
buttons, the theme's links behind headings) is no text of the book.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from bs4 import BeautifulSoup, NavigableString, SoupStrainer, Tag

# A page's own parts may ask to be left out by the attribute data-search-ignore.
IGNORED = {"script", "style", "template", "noscript", "svg", "button", "input", "select", "iframe"}
IGNORED_CLASSES = {"headerlink", "section-number", "sd-summary-icon"}
# The number before a cited work: nothing that one looks for.
IGNORED_CLASSES |= {"label", "fn-bracket"}
HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
BLOCKS = HEADINGS | set("p div li dt dd tr td th pre table ul ol dl section summary figure".split())
_GREEK = "alpha α beta β epsilon ε eta η theta θ lambda λ mu μ rho ρ sigma σ tau τ"
_SIGNS = "partial ∂ nabla ∇ sum ∑ to → leftarrow ← le ≤ ge ≥ approx ≈ times × cdot · odot ⊙"
_OTHERS = "dots … ldots … cdots … lVert ‖ rVert ‖"
_WORDS = f"{_GREEK} {_SIGNS} {_OTHERS}".split()
TEX = dict(zip(_WORDS[::2], _WORDS[1::2], strict=True)) | dict.fromkeys(",;:! ", " ")
_TEX = re.compile(r"\\([A-Za-z]+|.)|[{}$]")
_SPACE = re.compile(r"\s+")
_EMPTY_LINES = re.compile(r"\s*\n\s*\n")


@dataclass
class Section:
    """A section, or an entry of the glossary or of the references, with its own text only."""

    anchor: str
    title: str = ""
    above: tuple[str, ...] = ()
    """Titles of the sections around this one, the page's own left out."""
    prose: str = ""
    code: str = ""
    introduces: list[str] = field(default_factory=list)
    """Terms that the page links to the glossary here for the first time."""


@dataclass
class Page:
    """A page of the built book; `url` is its path from the site's root."""

    url: str
    title: str
    sections: list[Section]


def read(url: str, html: str) -> Page:
    """The sections of a built page; none when it has no article."""
    soup = BeautifulSoup(html, "html.parser", parse_only=SoupStrainer("article"))
    reader = _Reader()
    if isinstance(article := soup.find("article"), Tag):
        reader.walk(article, reader.start(""))
        reader.finish()
    sections = [part for part in reader.sections if part.title or part.prose or part.code]
    title = next((section.title for section in sections if section.title), url)
    return Page(url, title, sections)


class _Reader:
    """Walks an article and hands each piece of text to the section that it stands in."""

    def __init__(self) -> None:
        self.sections: list[Section] = []
        self._linked: set[str] = set()

    def start(self, anchor: str, inside: Section | None = None) -> Section:
        above = (*inside.above, inside.title) if inside and inside.title else ()
        self.sections.append(Section(anchor, above=above))
        return self.sections[-1]

    def finish(self) -> None:
        for section in self.sections:
            section.prose = _SPACE.sub(" ", section.prose).strip()
            section.code = _EMPTY_LINES.sub("\n", section.code).strip("\n")
            # The page's own title stands above everything.
            section.above = section.above[1:]

    def walk(self, parent: Tag, section: Section) -> None:
        """Add the text below `parent`; sections found there start of their own."""
        entry = section
        for node in parent.children:
            if isinstance(node, Tag):
                if _is_entry(node):
                    entry = self.start(str(node["id"]))
                    if node.name == "dt":
                        entry.title = _text(node)
                        continue
                elif node.name == "dt":
                    entry = section
                self._tag(node, entry)
            elif type(node) is NavigableString:
                entry.prose += str(node)

    def _tag(self, node: Tag, section: Section) -> None:
        classes = set(node.get("class") or ())
        if node.name in IGNORED or classes & IGNORED_CLASSES or _is_hidden(node):
            return
        if node.name == "section":
            self.walk(node, self.start(str(node.get("id", "")), section))
        elif node.name in HEADINGS and not section.title:
            section.title = _text(node)
        elif node.name == "pre" or "output" in classes and not node.find("img"):
            section.code += node.get_text() + "\n"
        elif node.name == "summary" and node.parent and "hide" in (node.parent.get("class") or ()):
            return  # 「코드 보기」, on every folded cell
        elif "math" in classes:
            if node.name != "div":
                section.prose += plain_tex(node.get_text())
        elif node.name == "img":
            alt = f" {node.get('alt', '')} "
            # A picture may stand there twice, for light and for dark.
            if alt not in section.prose:
                section.prose += alt
        else:
            if "std-term" in classes:
                self._term(node, section)
            edge = " " if node.name in BLOCKS or _stands_beside(node) else ""
            section.prose += edge
            self.walk(node, section)
            section.prose += edge

    def _term(self, node: Tag, section: Section) -> None:
        link = node.find_parent("a")
        href = str(link.get("href", "")) if link else "#"
        if not href.startswith("#") and href not in self._linked:
            self._linked.add(href)
            section.introduces.append(node.get_text())


def _is_entry(node: Tag) -> bool:
    """A thing with a name and an address of its own: a term, a cited work."""
    if not node.get("id"):
        return False
    if node.name == "dt":
        return bool(node.parent and "glossary" in (node.parent.get("class") or ()))
    return "citation" in (node.get("class") or ())


def _stands_beside(node: Tag) -> bool:
    """A piece that only the style sheet keeps apart from the one before it."""
    before = node.previous_sibling
    return node.name == "span" and isinstance(before, Tag) and before.name == "span"


def _is_hidden(node: Tag) -> bool:
    return (
        node.has_attr("hidden")
        or node.has_attr("data-search-ignore")
        or node.get("role") == "tooltip"
        or node.get("aria-hidden") == "true"
    )


def _text(node: Tag) -> str:
    """The words of a heading."""
    words = []
    for piece in node.descendants:
        if type(piece) is not NavigableString:
            continue
        classes = {c for up in piece.parents if up is not node for c in up.get("class") or ()}
        if not classes & IGNORED_CLASSES:
            words.append(plain_tex(piece) if "math" in classes else str(piece))
    return _SPACE.sub(" ", "".join(words)).strip().rstrip("#").strip()


def plain_tex(tex: str) -> str:
    r"""A formula as readable as a line of text can be: \(W_h\) → W_h, \rho → ρ."""
    inner = tex.strip().removeprefix("\\(").removesuffix("\\)")
    return _TEX.sub(lambda match: TEX.get(match[1], match[1]) if match[1] else "", inner)

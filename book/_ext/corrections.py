"""`{corrections}`: the chapters' 「바로잡기」 notes, gathered on one page.

    ```{admonition} 바로잡기: 빠진 식
    :class: correction

The class and the prefix belong together: one without the other stops the build.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

import bookconfig
import gathered
import places

PREFIX, CLASS = "바로잡기: ", "correction"


@dataclass(frozen=True)
class Correction:
    """A correction of a page; `title` is without the prefix."""

    line: int
    title: str


def corrections(text: str, syntax: tuple[str, ...]) -> Iterator[Correction | tuple[int, str]]:
    """The corrections of a page in order; (line, what) for a note that is not quite one."""
    for line, _, directive in places.tokens(text, syntax):
        if directive is None or directive.name != "admonition":
            continue
        prefixed = directive.argument.startswith(PREFIX)
        if prefixed and CLASS in directive.classes:
            yield Correction(line, directive.argument.removeprefix(PREFIX).strip())
        elif prefixed or CLASS in directive.classes:
            yield line, f"제목의 「{PREFIX.strip()}」와 :class: {CLASS}는 함께 적습니다"


class Copy(gathered.Placeholder):
    """The text of the correction number `number` of `page`, and a link to its section."""

    def fill(self, book: gathered.Book) -> list[nodes.Node]:
        """A copy whose references work from the page that is being written."""
        original = list(book.doctree(self["page"]).findall(_is_correction))[self["number"]]
        copy = nodes.container("", *(child.deepcopy() for child in original.children[1:]))
        _free(copy, book, self["page"])
        section = original.parent
        while not isinstance(section, nodes.section):
            section = section.parent
        back = nodes.paragraph("", "본문: ", book.link(self["page"], section))
        back["classes"].append("corrections-back")
        return [*copy.children, back]


def _is_correction(node: nodes.Node) -> bool:
    return isinstance(node, nodes.admonition) and CLASS in node["classes"]


def _free(copy: nodes.Element, book: gathered.Book, page: str) -> None:
    """Make a copied node stand on its own: its anchors and numbers stay in the chapter."""
    for node in list(copy.findall(nodes.Element)):
        for name in ("ids", "names", "backrefs"):
            node[name] = []
        if isinstance(node, addnodes.pending_xref):
            node["refdoc"] = book.page
        elif isinstance(node, nodes.math_block):
            node["number"] = node["label"] = None
        elif isinstance(node, nodes.footnote_reference):
            # The footnote itself stays below the chapter.
            target = gathered.make_refnode(
                book.app.builder, book.page, page, node["refid"], nodes.Text(node.astext())
            )
            node.replace_self(nodes.superscript("", "", target))
        elif isinstance(node, nodes.target):
            node.parent.remove(node)


class Corrections(SphinxDirective):
    """One section a chapter, one below it for each correction."""

    def run(self) -> list[nodes.Node]:
        """Titles out of the sources; the texts are placeholders."""
        config = gathered.depend_on_pages(self)
        made: list[nodes.Node] = []
        for page in config.pages:
            source = config.source(page).read_text("utf-8")
            found = [c for c in corrections(source, config.syntax) if isinstance(c, Correction)]
            if not found:
                continue
            name = page.replace("/", "-")
            chapter = self._section(
                f"corrections-{name}", places.outline(source, config.syntax).headings[0].title
            )
            for number, correction in enumerate(found):
                section = self._section(f"corrections-{name}-{number + 1}", correction.title)
                section += Copy(page=page, number=number)
                chapter += section
            made.append(chapter)
        return made

    def _section(self, anchor: str, title: str) -> nodes.section:
        words, messages = self.state.inline_text(title, self.lineno)
        heading = nodes.title("", "", *words)
        return nodes.section("", heading, *messages, ids=[anchor], names=[anchor])


def _check(app: Sphinx) -> None:
    config = bookconfig.load(Path(app.srcdir).parent)
    wrong = [
        f"{config.source(page).relative_to(config.root)}:{found[0]}: {found[1]}"
        for page in config.pages
        for found in corrections(config.source(page).read_text("utf-8"), config.syntax)
        if not isinstance(found, Correction)
    ]
    if wrong:
        raise ExtensionError("바로잡기의 꼴이 어긋났습니다.\n" + "\n".join(wrong))


def setup(app: Sphinx) -> dict[str, bool]:
    """Check all corrections before each build, whether Sphinx reads the pages or not."""
    app.setup_extension("gathered")
    app.add_directive("corrections", Corrections)
    app.connect("builder-inited", _check)
    app.add_css_file("appendix.css")
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""Pages of the appendix that are made out of the chapters.

A directive may stand in a page that Sphinx reads before the chapters. So it leaves a
Placeholder, which is filled when the page is written: by then every page has been read, and
anchors are those that Sphinx gave. `depend_on_pages` has the page read again whenever a
chapter changes; no other page is touched, and no cell runs.
"""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

import bookconfig


class Book:
    """The pages as Sphinx read them, seen from the page that is being written."""

    def __init__(self, app: Sphinx, env: BuildEnvironment, page: str) -> None:
        self.app, self.env, self.page = app, env, page
        self._doctrees: dict[str, nodes.document] = {}

    def doctree(self, page: str) -> nodes.document:
        """The document of another page."""
        if page not in self._doctrees:
            self._doctrees[page] = self.env.get_doctree(page)
        return self._doctrees[page]

    def section(self, page: str, heading: int) -> nodes.section:
        """The section under the n-th heading of a page."""
        return list(self.doctree(page).findall(nodes.section))[heading]

    def link(self, page: str, section: nodes.section) -> nodes.reference:
        """A link named 「page: section」, or by the page alone for its first section."""
        first = next(self.doctree(page).findall(nodes.section))
        name = nodes.inline("", "", *_title(first))
        if section is not first:
            name += [nodes.Text(": "), *_title(section)]
        return make_refnode(self.app.builder, self.page, page, section["ids"][0], name)


def _title(section: nodes.section) -> list[nodes.Node]:
    """What a section's title shows; a link inside a link would be none."""
    title = section.next_node(nodes.title)
    if all(isinstance(child, nodes.Text | nodes.math) for child in title.children):
        return [child.deepcopy() for child in title.children]
    return [nodes.Text(title.astext())]


class Placeholder(nodes.General, nodes.Inline, nodes.Element):
    """Stands where something out of other pages will be written."""

    def fill(self, book: Book) -> list[nodes.Node]:
        """The nodes that take its place."""
        raise NotImplementedError


class SectionLink(Placeholder):
    """A link to the section under the heading number `heading` of `page`."""

    def fill(self, book: Book) -> list[nodes.Node]:
        """See Book.link."""
        return [book.link(self["page"], book.section(self["page"], self["heading"]))]


def _is_math(node: nodes.Node) -> bool:
    return isinstance(node, nodes.math | nodes.math_block)


class Fill(SphinxPostTransform):
    """Fill placeholders before references are resolved, so that copied references work."""

    default_priority = 5

    def run(self, **_: object) -> None:
        """Replace every placeholder of the page that is being written."""
        book = Book(self.app, self.env, self.env.docname)
        for placeholder in list(self.document.findall(Placeholder)):
            placeholder.replace_self(placeholder.fill(book))
        # Sphinx noted which pages hold formulas, and so fetch MathJax, when it read them.
        equations = self.env.get_domain("math").data["has_equations"]
        equations[self.env.docname] = any(self.document.findall(_is_math))


def depend_on_pages(directive: SphinxDirective) -> bookconfig.BookConfig:
    """Have the directive's page read again when any page or their order changes."""
    config = bookconfig.load(Path(directive.env.srcdir).parent)
    for path in (config.root / "_toc.yml", *map(config.source, config.pages)):
        directive.env.note_dependency(str(path))
    return config


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the transform; the extensions that use placeholders ask for it."""
    app.add_post_transform(Fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

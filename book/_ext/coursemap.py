"""`{course-map}` draws what leads to what; `{course-table} 쉬운 길` lists a part's chapters and labs.

The map is one SVG whose colours are the theme's own, so that it follows light and dark. Its ideas
stand below it as a list: what the drawing shows can be read, too.
"""

from __future__ import annotations

import html
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

import bookconfig
import curriculum
import tables

STEP, TOP, LINE, WIDTH = 62, 34, 30, 360  # pixels of the drawing at its natural size
DEEPEST = 92  # how far the widest arc swings out


def svg(
    chapters: list[curriculum.Chapter], leads: list[curriculum.Lead], links: dict[str, str]
) -> str:
    """The map: a line with a stop for each chapter, and an arc for each idea.

    links: page → address, from the page that shows the map.
    """
    heights, part, y = {}, "", TOP
    drawn: list[str] = []
    for chapter in chapters:
        if chapter.part != part:
            part = chapter.part
            y += 8 if heights else 0
            drawn.append(
                f'<text class="map-part" x="{LINE + 20}" y="{y - 14}">{html.escape(part)}</text>'
            )
            y += 14
        heights[chapter.page] = y
        y += STEP
    ends = list(heights.values())
    track = f'<line class="map-track" x1="{LINE}" y1="{ends[0]}" x2="{LINE}" y2="{ends[-1]}"/>'
    drawn.insert(0, track)
    right = WIDTH - DEEPEST - 8
    for lead in leads:
        above, below = heights[lead.source], heights[lead.target]
        swing = min(DEEPEST, 18 + (below - above) * 0.24)
        path = f"M{right} {above + 6} C{right + swing * 1.33:.0f} {above + 14}, "
        path += f"{right + swing * 1.33:.0f} {below - 14}, {right} {below - 6}"
        drawn.append(f'<path class="map-lead" d="{path}"/>')
        # A marker would need an id, and ids change where pages are joined to one document.
        drawn.append(f'<path class="map-head" d="M{right} {below - 6} l9 -6 l1 8 z"/>')
    for chapter in chapters:
        y = heights[chapter.page]
        labs = ", ".join(lab.name for lab in chapter.labs)
        below = (
            f'<text class="map-lab" x="{LINE + 20}" y="{y + 16}">실습 {html.escape(labs)}</text>'
        )
        drawn.append(
            f'<a href="{html.escape(links[chapter.page])}">'
            f'<rect class="map-hit" x="{LINE - 14}" y="{y - 22}" rx="6"'
            f' width="{right - LINE + 8}" height="{STEP - 14}"/>'
            f'<circle class="map-stop" cx="{LINE}" cy="{y}" r="12"/>'
            f'<text class="map-number" x="{LINE}" y="{y + 4}">{chapter.number}</text>'
            f'<text class="map-title" x="{LINE + 20}" y="{y - 2}">{html.escape(chapter.title)}</text>'
            f"{below if labs else ''}</a>"
        )
    height = ends[-1] + 34
    return (
        f'<svg class="course-map" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
        ' role="group" aria-label="강의의 지도: 장의 차례와, 앞 장의 생각이 이어지는 뒤의 장">'
        f"{''.join(drawn)}</svg>"
    )


class _OfTheBook(SphinxDirective):
    """Shared: what the chapters and labs say, read again when one of them changes."""

    def book(self) -> tuple[bookconfig.BookConfig, list[curriculum.Chapter]]:
        """The configuration and the chapters; a chapter without its time stops the build."""
        config = bookconfig.load(Path(self.env.srcdir).parent)
        for file in curriculum.dependencies(config):
            self.env.note_dependency(file)
        try:
            return config, curriculum.chapters(config)
        except ValueError as error:
            raise ExtensionError(str(error)) from error

    def link(self, page: str, text: str) -> nodes.reference:
        """A link to another page."""
        here, builder = self.env.docname, self.env.app.builder
        return make_refnode(builder, here, page, "", nodes.inline("", text))


class CourseMap(_OfTheBook):
    """The drawing, then the ideas as a list."""

    def run(self) -> list[nodes.Node]:
        """The drawing is HTML; the list is there for every builder."""
        config, chapters = self.book()
        try:
            leads = curriculum.leads(config)
        except ValueError as error:
            raise ExtensionError(str(error)) from error
        if not chapters:
            return []
        uri = self.env.app.builder.get_relative_uri
        links = {each.page: uri(self.env.docname, each.page) for each in chapters}
        titles = {each.page: f"{each.number}장" for each in chapters}
        ideas = nodes.bullet_list(classes=["course-map-ideas"])
        for lead in leads:
            ends = [self.link(page, titles[page]) for page in (lead.source, lead.target)]
            line = nodes.paragraph("", "", ends[0], nodes.Text(" → "), ends[1])
            line += nodes.Text(f": {lead.idea}")
            ideas += nodes.list_item("", line)
        box = nodes.container(classes=["course-map-box"])
        box += nodes.raw("", svg(chapters, leads, links), format="html")
        return [box, ideas] if leads else [box]


class CourseTable(_OfTheBook):
    """A part's chapters: what each is about, its lab, how long both take."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """The table; a part without chapters is an error."""
        config, chapters = self.book()
        inside = [each for each in chapters if each.part == self.arguments[0]]
        if not inside:
            raise self.error(f"_toc.yml에 장이 있는 부분이 아닙니다: {self.arguments[0]}")
        rows = []
        for chapter in inside:
            labs: list[nodes.Node] = []
            for lab in chapter.labs:
                door = nodes.reference("", lab.title, refuri=config.lab_url(lab.name))
                took = f" {curriculum.hours(lab.minutes)}"
                labs += [nodes.literal("", lab.name), nodes.Text(" "), door, nodes.Text(took)]
            read = [nodes.Text(curriculum.hours(chapter.minutes))]
            about = [nodes.Text(chapter.about)]
            name = f"{chapter.number}. {chapter.title}"
            rows.append([[self.link(chapter.page, name)], about, read, labs])
        return [tables.table(("장", "다루는 것", "읽기", "실습"), rows, "course-table")]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives with Sphinx."""
    app.add_directive("course-map", CourseMap)
    app.add_directive("course-table", CourseTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""`{notes-map}`: every statement of the lecture notes, and where the book deals with it.

A claim of an unknown note or exercise stops the build by file and line.
"""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

import bookconfig
import gathered
import lecturenotes
import tables
from lecturenotes import CHAPTERS, PARTS, Claim, Note

PICTURE = re.compile(r"^!\[(.*)\]\((.*)\)$")
YET = "아직"


def readable(text: str) -> str:
    """A note as Markdown that fits into a line: pictures by name, no giant formulas."""
    if picture := PICTURE.match(text):
        return f"그림 「{picture[1]}」 (`{picture[2]}`)"
    # An inline formula can hold an `aligned` block but no `align` environment.
    return re.sub(r"\$\s*\\huge\s*", "$", text).replace("{align}", "{aligned}")


def summary(notes: list[Note], claims: list[Claim]) -> str:
    """One line for the log: how many notes are claimed, and which chapters still wait."""
    claimed = {claim.note for claim in claims}
    left = [note for note in notes if note.id not in claimed]
    said = f"노트 대응표: {len(notes)}개 가운데 {len(notes) - len(left)}개를 다룹니다."
    if left:
        counts = (
            f"{name}({len(list(group))})" for name, group in groupby(left, lambda n: n.chapter)
        )
        said += f" {YET}: {', '.join(counts)}"
    return said


class NotesMap(SphinxDirective):
    """The table of totals, then the notes by part and chapter."""

    def run(self) -> list[nodes.Node]:
        """Sections with lists; links to sections are placeholders."""
        config = gathered.depend_on_pages(self)
        self.env.note_dependency(str(config.book / "notes.yml"))
        for path in sorted((config.root / "labs").glob("*/*.ipynb")):
            self.env.note_dependency(str(path))
        self.address, self.exercises = config.lab_url, lecturenotes.exercises(config)
        notes = lecturenotes.load(config.book / "notes.yml")
        self.claims: dict[str, list[Claim]] = {}
        for claim in lecturenotes.all_claims(config, notes, self.exercises):
            self.claims.setdefault(claim.note, []).append(claim)
        made: list[nodes.Node] = [self._totals(notes)]
        for part, in_part in groupby(notes, lambda note: note.part):
            section = _section(f"notes-{part}", PARTS[part])
            for chapter, in_chapter in groupby(in_part, lambda note: note.chapter):
                section += self._chapter(chapter, list(in_chapter))
            made.append(section)
        return made

    def _totals(self, notes: list[Note]) -> nodes.table:
        counts = []
        for chapter, group in groupby(notes, lambda note: note.chapter):
            ids = [note.id for note in group]
            counts.append((CHAPTERS[chapter], len(ids), sum(note in self.claims for note in ids)))
        counts.append(("모두", len(notes), sum(done for _, _, done in counts)))
        return tables.table(
            ("강의 노트의 장", "문장", "다룸", YET),
            [(title, str(all_), str(done), str(all_ - done)) for title, all_, done in counts],
            "notes-map-totals",
        )

    def _chapter(self, chapter: str, notes: list[Note]) -> nodes.section:
        section = _section(f"notes-{chapter}", CHAPTERS[chapter])
        for heading, group in groupby(notes, lambda note: note.section):
            if heading != CHAPTERS[chapter]:
                section += nodes.rubric("", heading)
            section += nodes.bullet_list(
                "", *map(self._item, group), classes=["notes-map"], bullet="*"
            )
        return section

    def _item(self, note: Note) -> nodes.list_item:
        words, messages = self.state.inline_text(readable(note.text), self.lineno)
        text = nodes.paragraph("", "", *words)
        where = nodes.paragraph(classes=["notes-map-where"])
        where += [nodes.inline("", f"{note.id}", classes=["notes-map-id"]), nodes.Text(" ")]
        where += self._places(self.claims.get(note.id, []))
        item = nodes.list_item("", text, where, *messages)
        item["ids"] = [f"note-{note.id}"]
        return item

    def _places(self, claims: list[Claim]) -> list[nodes.Node]:
        if not claims:
            return [nodes.inline("", YET, classes=["notes-map-yet"])]
        found: list[nodes.Node] = [
            gathered.SectionLink(page=page, heading=heading)
            for page, heading in dict.fromkeys((claim.page, claim.heading) for claim in claims)
        ]
        for name in dict.fromkeys(name for claim in claims for name in claim.exercises):
            lab = name.partition(":")[0]
            found.append(
                nodes.reference("", f"실습 {lab} {self.exercises[name]}", refuri=self.address(lab))
            )
        return [part for link in found for part in (nodes.Text(" → "), link)]


def _section(anchor: str, title: str) -> nodes.section:
    return nodes.section("", nodes.title("", title), ids=[anchor], names=[anchor])


def _check(app: Sphinx) -> None:
    config = bookconfig.load(Path(app.srcdir).parent)
    notes = lecturenotes.load(config.book / "notes.yml")
    try:
        claims = lecturenotes.all_claims(config, notes, lecturenotes.exercises(config))
    except lecturenotes.Wrong as error:
        raise ExtensionError(f"강의 노트의 번호가 어긋났습니다.\n{error}") from error
    # Printed, not logged: scripts/book.sh builds with -q, and _build/book.log shall hold it.
    print(summary(notes, claims))


def setup(app: Sphinx) -> dict[str, bool]:
    """Check all claims before each build, whether Sphinx reads the pages again or not."""
    app.setup_extension("gathered")
    app.add_directive("notes-map", NotesMap)
    app.connect("builder-inited", _check)
    app.add_css_file("appendix.css")
    return {"parallel_read_safe": True, "parallel_write_safe": True}

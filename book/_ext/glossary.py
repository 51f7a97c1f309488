"""The glossary page out of glossary.yml.

`{glossary-from-yml}` writes Sphinx's own glossary, so that {term}`은닉 상태` works on every
page, and adds to each term its symbol, its shape and the section that introduces it;
`{glossary-english-index}` lists the English names and abbreviations.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import bookconfig
import firstuse
import gathered
import places
import vocabulary


def glossary_source(terms: list[vocabulary.Term]) -> list[str]:
    """MyST lines of the glossary: one {glossary} per initial consonant."""
    lines: list[str] = []
    for initial, group in groupby(terms, key=lambda term: term.initial):
        lines += [f":::{{rubric}} {initial}", ":::", "```{glossary}"]
        for term in group:
            lines += [term.ko, f"  ({term.english}) {term.text}", ""]
        lines += ["```", ""]
    return lines


def introduced_at(
    config: bookconfig.BookConfig, terms: list[vocabulary.Term]
) -> dict[str, tuple[str, int]]:
    """Page and number of the heading where the book introduces a term, by its Korean name."""
    found: dict[str, tuple[str, int]] = {}
    for page in config.chapters():
        text = config.source(page).read_text("utf-8")
        outline = places.outline(text, config.syntax)
        for name, line in firstuse.introductions(text, terms, config.syntax).items():
            found.setdefault(name, (page, outline.at(line) or 0))
    return found


def english_index_source(terms: list[vocabulary.Term]) -> list[str]:
    """MyST lines of the English index, abbreviations among the names."""
    names = [(term.en, term.ko) for term in terms]
    names += [(term.abbr, term.ko) for term in terms if term.abbr]
    return [f"- {name}: {{term}}`{ko}`" for name, ko in sorted(names, key=_english_order)]


def _english_order(pair: tuple[str, str]) -> tuple[str, str]:
    return pair[0].lower(), pair[1]


class _FromYml(SphinxDirective):
    """Parse MyST lines made from glossary.yml in place of the directive."""

    has_content = False

    def lines(self, terms: list[vocabulary.Term]) -> list[str]:
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        path = Path(self.env.srcdir) / "glossary.yml"
        self.env.note_dependency(str(path))
        box = nodes.container(classes=[self.name])
        lines = self.lines(vocabulary.load(path))
        self.state.nested_parse(StringList(lines, source=str(path)), 0, box)
        return [box]


class GlossaryFromYml(_FromYml):
    """The terms in Korean order."""

    def lines(self, terms: list[vocabulary.Term]) -> list[str]:
        """See glossary_source."""
        return glossary_source(terms)

    def run(self) -> list[nodes.Node]:
        """The glossary with a line of facts below each definition."""
        made = super().run()
        config = gathered.depend_on_pages(self)
        terms = {term.ko: term for term in vocabulary.load(config.book / "glossary.yml")}
        places_ = introduced_at(config, list(terms.values()))
        for item in made[0].findall(nodes.definition_list_item):
            name = item.next_node(nodes.term).astext()
            facts = self._facts(terms[name], places_.get(name))
            if facts:
                item.next_node(nodes.definition).append(
                    nodes.paragraph("", "", *facts, classes=["glossary-facts"])
                )
        return made

    def _facts(self, term: vocabulary.Term, place: tuple[str, int] | None) -> list[nodes.Node]:
        facts = []
        if term.symbol:
            words, _ = self.state.inline_text(f"기호 {term.symbol}", self.lineno)
            facts.append(words)
        if term.shape:
            facts.append([nodes.Text("모양 "), nodes.literal("", term.shape)])
        if place:
            link = gathered.SectionLink(page=place[0], heading=place[1])
            facts.append([nodes.Text("처음 나오는 곳 "), link])
        return [nodes.inline("", "", *fact) for fact in facts]


class GlossaryEnglishIndex(_FromYml):
    """English name → Korean term."""

    def lines(self, terms: list[vocabulary.Term]) -> list[str]:
        """See english_index_source."""
        return english_index_source(terms)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register both directives with Sphinx."""
    app.setup_extension("gathered")
    app.add_directive("glossary-from-yml", GlossaryFromYml)
    app.add_directive("glossary-english-index", GlossaryEnglishIndex)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

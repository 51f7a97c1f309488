"""The glossary page out of glossary.yml.

`{glossary-from-yml}` writes Sphinx's own glossary, so that {term}`은닉 상태` works on every
page; `{glossary-english-index}` lists the English names and abbreviations.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import vocabulary


def glossary_source(terms: list[vocabulary.Term]) -> list[str]:
    """MyST lines of the glossary: one {glossary} per initial consonant."""
    lines: list[str] = []
    for initial, group in groupby(terms, key=lambda term: term.initial):
        lines += [f":::{{rubric}} {initial}", ":::", "```{glossary}"]
        for term in group:
            facts = [f"({term.english})", term.text]
            if term.symbol:
                facts.append(f"기호 {term.symbol}.")
            if term.shape:
                facts.append(f"모양 `{term.shape}`.")
            lines += [term.ko, "  " + " ".join(facts), ""]
        lines += ["```", ""]
    return lines


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


class GlossaryEnglishIndex(_FromYml):
    """English name → Korean term."""

    def lines(self, terms: list[vocabulary.Term]) -> list[str]:
        """See english_index_source."""
        return english_index_source(terms)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register both directives with Sphinx."""
    app.add_directive("glossary-from-yml", GlossaryFromYml)
    app.add_directive("glossary-english-index", GlossaryEnglishIndex)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

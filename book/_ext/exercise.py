"""`{exercise}`: a short task inside a chapter, and `{solution}`: its folded answer.

Both are plain HTML: a box with a title and a <details> below it, which opens without a script.
(sphinx-exercise 1.2.1 builds here too, but titles its answers in English and gives all
exercises of a page the same id.)
"""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

from edition.words import EXERCISE, SOLUTION

logger = logging.getLogger(__name__)


class solution(nodes.General, nodes.Element):  # noqa: N801 (docutils names nodes so)
    """The folded answer to the exercise before it."""


class Exercise(SphinxDirective):
    """A box titled 「직접 해 보기: …」."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[nodes.Node]:
        """The box as an admonition, which every builder knows."""
        self.assert_has_content()
        title, _ = self.state.inline_text(self.arguments[0], self.lineno)
        box = nodes.admonition(classes=["exercise"])
        box += nodes.title("", "", nodes.Text(f"{EXERCISE}: "), *title)
        self.state.nested_parse(self.content, self.content_offset, box)
        return [box]


class Solution(SphinxDirective):
    """The answer; it has no title, since it stands right behind its exercise."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """The answer as one node."""
        self.assert_has_content()
        node = solution()
        self.set_source_info(node)
        self.state.nested_parse(self.content, self.content_offset, node)
        return [node]


def visit_solution(self: HTML5Translator, node: solution) -> None:
    """Open the folded part."""
    self.body.append(f'<details class="solution"><summary>{SOLUTION}</summary>\n')


def depart_solution(self: HTML5Translator, node: solution) -> None:
    """Close it."""
    self.body.append("</details>\n")


class PlainSolution(SphinxPostTransform):
    """Where nothing can be folded, the answer is a box of its own."""

    default_priority = 300

    def run(self, **_: object) -> None:
        """Replace the answers of a document that does not become HTML."""
        if self.app.builder.format == "html":
            return
        for node in list(self.document.findall(solution)):
            node.replace_self(nodes.admonition("", nodes.title("", SOLUTION), *node.children))


def _check(app: Sphinx, document: nodes.document) -> None:
    """An answer without its exercise would be read as the answer to something else."""
    for node in document.findall(solution):
        place = node.parent.index(node)
        before = node.parent[place - 1] if place else None
        if not (isinstance(before, nodes.admonition) and "exercise" in before["classes"]):
            logger.error("{solution}은 자기 {exercise} 바로 다음에 써야 합니다.", location=node)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register both directives and their style."""
    app.add_directive("exercise", Exercise)
    app.add_directive("solution", Solution)
    app.add_node(solution, html=(visit_solution, depart_solution))
    app.add_post_transform(PlainSolution)
    app.add_css_file("exercise.css")
    app.connect("doctree-read", _check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

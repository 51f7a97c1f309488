"""`{quiz}`: a question with options to choose from and a reason for each.

In the page a reader chooses, presses 「확인」 and reads why (_static/quiz.js); without
JavaScript, and in print, question, options and reasons stand there to be read. What the author
writes is read by edition/quizsource.py.
"""

from __future__ import annotations

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

from edition import quizsource
from edition.words import QUIZ, RIGHT, SEVERAL, WRONG


class quiz(nodes.General, nodes.Element):  # noqa: N801 (docutils names nodes so)
    """A question: one quiz_question, blocks that belong to it, then quiz_options."""


class quiz_question(nodes.TextElement):  # noqa: N801
    """The question's own line."""


class quiz_option(nodes.Element):  # noqa: N801
    """One option: a quiz_choice and a quiz_reason."""


class quiz_choice(nodes.TextElement):  # noqa: N801
    """What the option says."""


class quiz_reason(nodes.Element):  # noqa: N801
    """Why the option is right or wrong."""


class Quiz(SphinxDirective):
    """Build the nodes; a quiz that cannot be asked is an error at its line."""

    optional_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[nodes.Node]:
        """The quiz as one node."""
        argument = self.arguments[0] if self.arguments else ""
        syntax = tuple(sorted(self.config.myst_enable_extensions))
        try:
            asked = quizsource.read(argument, "\n".join(self.content), syntax)
        except quizsource.BadQuiz as error:
            line = self.lineno + self.content_offset + error.line
            return [self.state.document.reporter.error(error.what, line=line)]
        count = self.env.temp_data.get("quiz_count", 0) + 1
        self.env.temp_data["quiz_count"] = count
        box = quiz(number=count, many=asked.has_many_answers)
        box["classes"], box["ids"] = ["quiz"], [f"quiz-{count}"]
        self.set_source_info(box)
        box += quiz_question("", "", *self._inline(asked.question, 0))
        if asked.more:
            self._blocks(asked.more, 1, box)
        for place, option in enumerate(asked.options, 1):
            node = quiz_option(right=option.is_right, place=place)
            reason = quiz_reason()
            self._blocks(option.reason, option.reason_line, reason)
            node += [quiz_choice("", "", *self._inline(option.text, option.line)), reason]
            box += node
        return [box]

    def _inline(self, text: str, line: int) -> list[nodes.Node]:
        found, _ = self.state.inline_text(text, self.lineno + self.content_offset + line - 1)
        return found

    def _blocks(self, text: str, line: int, parent: nodes.Element) -> None:
        block = StringList(text.split("\n"), source=self.get_source_info()[0])
        self.state.nested_parse(block, self.content_offset + line - 1, parent)


# In HTML


def visit_quiz(self: HTML5Translator, node: quiz) -> None:
    """Open the group of options."""
    self.body.append(self.starttag(node, "div") + "<fieldset>\n")


def depart_quiz(self: HTML5Translator, node: quiz) -> None:
    """Close it with what only the script needs: buttons and the place of the verdict."""
    self.body.append(
        '<p class="quiz-actions" hidden>'
        '<button type="button" class="quiz-check">확인</button> '
        '<button type="button" class="quiz-again" hidden>다시 풀기</button></p>\n'
        '<p class="quiz-verdict" role="status" aria-live="polite"></p>\n</fieldset></div>\n'
    )


def visit_question(self: HTML5Translator, node: quiz_question) -> None:
    """The question names the group of options."""
    number = node.parent["number"]
    self.body.append(f'<legend><span class="quiz-number">{QUIZ} {number}</span> ')


def depart_question(self: HTML5Translator, node: quiz_question) -> None:
    """Say when several options are right."""
    several = f' <span class="quiz-several">{SEVERAL}</span>' if node.parent["many"] else ""
    self.body.append(f"{several}</legend>\n")


def visit_option(self: HTML5Translator, node: quiz_option) -> None:
    """A box or button that stays hidden until the script runs, and its label."""
    box = node.parent
    group = f"quiz-{box['number']}"
    name = f"{group}-{node['place']}"
    kind = "checkbox" if box["many"] else "radio"
    right = "true" if node["right"] else "false"
    self.body.append(
        f'<div class="quiz-option" data-right="{right}"><div class="quiz-line">'
        f'<input type="{kind}" id="{name}" name="{group}" hidden><label for="{name}">'
    )


def visit_choice(self: HTML5Translator, node: quiz_choice) -> None:
    """The label was opened by the option, which knows its number."""


def depart_choice(self: HTML5Translator, node: quiz_choice) -> None:
    """Close the label."""
    self.body.append("</label></div>\n")


def visit_reason(self: HTML5Translator, node: quiz_reason) -> None:
    """Folded, so that nothing is given away before a reader asks."""
    verdict, kind = (RIGHT, "right") if node.parent["right"] else (WRONG, "wrong")
    option = node.parent
    name = f"quiz-{option.parent['number']}-{option['place']}-reason"
    self.body.append(
        '<details class="quiz-reason">'
        f'<summary aria-label="까닭 보기: 보기 {option["place"]}">까닭 보기</summary>'
        f'<div id="{name}" class="quiz-{kind}"><p class="quiz-said">{verdict}</p>\n'
    )


def depart_reason(self: HTML5Translator, node: quiz_reason) -> None:
    """Close the folded part."""
    self.body.append("</div></details>\n")


def depart_option(self: HTML5Translator, node: quiz_option) -> None:
    """Close the option."""
    self.body.append("</div>\n")


# Elsewhere (a PDF, plain text)


class PlainQuiz(SphinxPostTransform):
    """Where nothing can be pressed: the question, a list of options, each with its reason."""

    default_priority = 300

    def run(self, **_: object) -> None:
        """Replace the quizzes of a document that does not become HTML."""
        if self.app.builder.format == "html":
            return
        for box in list(self.document.findall(quiz)):
            box.replace_self(plain(box))


def plain(box: quiz) -> list[nodes.Node]:
    """The quiz as paragraphs and one list."""
    question = nodes.strong("", f"{QUIZ} {box['number']}. ")
    question += [child.deepcopy() for child in box[0]]
    if box["many"]:
        question += nodes.Text(f" {SEVERAL}")
    listed = nodes.bullet_list(bullet="-")
    blocks: list[nodes.Node] = [nodes.paragraph("", "", question)]
    for child in box[1:]:
        if not isinstance(child, quiz_option):
            blocks.append(child)
            continue
        choice, reason = child
        verdict = nodes.strong("", RIGHT if child["right"] else WRONG)
        listed += nodes.list_item(
            "",
            nodes.paragraph("", "", *choice.children),
            nodes.paragraph("", "", verdict),
            *reason.children,
        )
    return [*blocks, listed]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register directive, nodes, style and script."""
    app.add_directive("quiz", Quiz)
    app.add_node(quiz, html=(visit_quiz, depart_quiz))
    app.add_node(quiz_question, html=(visit_question, depart_question))
    app.add_node(quiz_option, html=(visit_option, depart_option))
    app.add_node(quiz_choice, html=(visit_choice, depart_choice))
    app.add_node(quiz_reason, html=(visit_reason, depart_reason))
    app.add_post_transform(PlainQuiz)
    app.add_css_file("quiz.css")
    app.add_js_file("quiz.js", loading_method="defer")
    return {"parallel_read_safe": True, "parallel_write_safe": True}

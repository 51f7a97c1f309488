"""What {ref}, {numref}, {eq} and {doc} point to, read out of all pages of the book."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from docutils.nodes import make_id

import bookconfig
from edition import parser

TARGET = re.compile(r"^\((.+)\)=\s*$")
CAPTIONED = ("figure", "code-cell")


@dataclass(frozen=True)
class Target:
    """A labelled place: `number` is (2) for an equation, 1.3 for a figure, else empty."""

    page: str
    anchor: str
    title: str
    number: str = ""


@dataclass
class Labels:
    """Labels and titles of pages. `footnotes` are those of the page being converted."""

    targets: dict[str, Target] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)

    def add_page(self, page: str, text: str, config: bookconfig.BookConfig) -> None:
        """Collect the labels of a page; raises Unsupported when a label is doubled."""
        _Scan(self, page, config).blocks(text, 1)

    def add(self, label: str, target: Target, line: int) -> None:
        """Store one label."""
        known = self.targets.get(label)
        if known and known.page != target.page:
            raise parser.Unsupported(f"두 번 쓰인 이름표: {label}", line)
        self.targets[label] = target


class _Scan:
    """One walk over a page, numbering equations and figures as the page does."""

    def __init__(self, labels: Labels, page: str, config: bookconfig.BookConfig) -> None:
        self.labels, self.page, self.config = labels, page, config
        self.equations = self.figures = 0
        self.pending: list[str] = []

    def blocks(self, text: str, first_line: int) -> None:
        for block in parser.blocks(text, self.config.syntax):
            line = first_line + block.start
            if block.kind == "myst_target":
                self.pending.append(block.token.content)
            elif block.kind == "heading":
                title = block.inner[1].content
                self.labels.titles.setdefault(self.page, title)
                self._name(self.pending, title, "", line)
            elif block.kind == "math_block_label":
                self._equation(block.token.info, line)
            elif directive := parser.as_directive(block.token, first_line):
                self._directive(directive)
            if block.kind != "myst_target":
                self.pending = []

    def _directive(self, directive: parser.Directive) -> None:
        name, line = directive.name, directive.line
        if name == "math" and directive.options.get("label"):
            self._equation(directive.options["label"], line)
        elif name in CAPTIONED:
            figure = directive.options
            if name == "code-cell":
                figure = directive.options.get("mystnb", {}).get("figure", {})
            names = self.pending + ([figure["name"]] if figure.get("name") else [])
            if names and (name == "figure" or figure):
                self.figures += 1
                chapter = self.config.numbers.get(self.page)
                number = f"{chapter}.{self.figures}" if chapter else str(self.figures)
                caption = figure.get("caption") or directive.body.strip().split("\n\n")[0]
                self._name(names, caption.replace("\n", " "), number, line)
        elif name not in ("code-cell", "math", "image"):
            self.blocks(directive.body, directive.body_line)

    def _equation(self, label: str, line: int) -> None:
        self.equations += 1
        anchor = "equation-" + make_id(label)
        self.labels.add(label, Target(self.page, anchor, "", f"({self.equations})"), line)

    def _name(self, names: list[str], title: str, number: str, line: int) -> None:
        for name in names:
            self.labels.add(name, Target(self.page, make_id(name), title, number), line)


def collect(page: str, text: str, config: bookconfig.BookConfig) -> Labels:
    """Labels of the whole book, the page being converted given as `text`."""
    labels = Labels()
    for other in config.pages:
        if other != page:
            labels.add_page(other, config.source(other).read_text("utf-8"), config)
    labels.add_page(page, text, config)
    return labels

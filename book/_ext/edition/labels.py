"""What {ref}, {numref}, {eq} and {doc} point to, read out of all pages of the book."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from docutils.nodes import make_id

import bookconfig
from edition import parser

# How a page names what it numbers: as numfig_format in _config.yml.
FORMATS = {"figure": "그림 %s", "table": "표 %s", "code-block": "코드 %s"}


@dataclass(frozen=True)
class Target:
    """A labelled place: `number` is (2) for an equation, 1.3 for a figure, else empty.

    `kind` says of what the number is, with a key of FORMATS.
    """

    page: str
    anchor: str
    title: str
    number: str = ""
    kind: str = ""


@dataclass
class Labels:
    """Labels and titles of pages, and by page and line the numbers of what has a caption."""

    targets: dict[str, Target] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    numbers: dict[tuple[str, int], str] = field(default_factory=dict)

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
        self.equations = 0
        self.counts: Counter[str] = Counter()
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
        if name == "math":
            if directive.options.get("label"):
                self._equation(directive.options["label"], line)
            return
        kind, caption, label = captioned(directive)
        names = self.pending + ([label] if label else [])
        if caption:
            self.counts[kind] += 1
            chapter = self.config.numbers.get(self.page)
            number = f"{chapter}.{self.counts[kind]}" if chapter else str(self.counts[kind])
            self.labels.numbers[self.page, line] = number
            self._name(names, caption.replace("\n", " "), number, line, kind)
        if name not in ("code-cell", "code-block", "image"):
            self.blocks(directive.body, directive.body_line)

    def _equation(self, label: str, line: int) -> None:
        self.equations += 1
        anchor = "equation-" + make_id(label)
        self.labels.add(label, Target(self.page, anchor, "", f"({self.equations})"), line)

    def _name(self, names: list[str], title: str, number: str, line: int, kind: str = "") -> None:
        for name in names:
            self.labels.add(name, Target(self.page, make_id(name), title, number, kind), line)


def captioned(directive: parser.Directive) -> tuple[str, str, str]:
    """Kind, caption and label of what a page numbers; the caption is empty where it does not."""
    options = directive.options
    if directive.name == "code-cell":
        figure = options.get("mystnb", {}).get("figure", {})
        return "figure", str(figure.get("caption", "")).strip(), figure.get("name", "")
    if directive.name == "figure":
        caption = directive.body.strip().split("\n\n")[0]
        return "figure", caption, options.get("name", "")
    if directive.name in ("table", "list-table"):
        return "table", directive.argument, options.get("name", "")
    if directive.name == "code-block":
        return "code-block", str(options.get("caption", "")), options.get("name", "")
    return "", "", ""


def collect(config: bookconfig.BookConfig, texts: Mapping[str, str] | None = None) -> Labels:
    """Labels of the whole book; `texts` stand in for the sources of the pages so named.

    Raises Unsupported, with its page, when a page doubles a label or cannot be read.
    """
    labels, given = Labels(), texts or {}
    for page in dict.fromkeys([*config.pages, *given]):
        text = given[page] if page in given else config.source(page).read_text("utf-8")
        try:
            labels.add_page(page, text, config)
        except parser.Unsupported as error:
            error.page = page
            raise
    return labels

"""Directives and all other blocks of a chapter, as Markdown and code pieces."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from edition import listtable, parser, quizsource
from edition.inline import Inline, Page, as_html
from edition.labels import FORMATS
from edition.words import EXERCISE, QUIZ, RIGHT, SEVERAL, SOLUTION, WRONG

# Titles that Sphinx gives these admonitions in Korean.
ADMONITIONS = {
    "attention": "주의",
    "caution": "조심",
    "danger": "위험",
    "error": "오류",
    "hint": "힌트",
    "important": "중요",
    "note": "참고",
    "seealso": "더 보기",
    "tip": "팁",
    "warning": "경고",
    "admonition": "",
}
# What a tag does to a cell of the edition is said in notebook.py; the others do nothing there.
TAGS = {"setup", "remove-cell", "hide-cell", "hide-input", "remove-input", "hide-output"}
TAGS |= {"remove-output", "scroll-output", "raises-exception", "colab-only"}
DROPPED = {"front_matter", "myst_line_comment", "myst_block_break", "myst_target"}
PLAIN = {"paragraph", "heading", "bullet_list", "ordered_list", "blockquote", "table"}
VERBATIM = {"hr", "code_block", "math_block", "html_block"}
# A backtick in the title of a ```-fence makes it an ordinary paragraph, directive and all.
RAW_DIRECTIVE = re.compile(r"^\s*(?:```+|:::+)(\{[^}]+\})", re.MULTILINE)
BRACKETS, ESCAPED = re.compile(r"([\[\]])"), r"\\\1"
ENVIRONMENT = re.compile(r"\\begin\{")
APART = {"quiz"}  # else a question would stick to the folded answers above it
CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩"


@dataclass(frozen=True)
class Markdown:
    """A piece of text; one that starts a cell has space above it on Colab."""

    text: str
    starts_cell: bool = False


@dataclass(frozen=True)
class Code:
    """A code cell of the chapter; `alt` and `caption` belong to the figure it draws."""

    source: str
    tags: tuple[str, ...]
    line: int
    alt: str = ""
    caption: str = ""


class Blocks:
    """Convert the blocks of one page."""

    def __init__(self, page: Page, footnote_env: dict) -> None:
        self.page = page
        self.inline = Inline(page, footnote_env)
        self.equations = self.quizzes = 0
        self.directives: dict[str, Callable[[parser.Directive], str]] = {
            **dict.fromkeys(ADMONITIONS, self._admonition),
            "dropdown": self._dropdown,
            "tab-set": self._tab_set,
            "margin": self._margin,
            "figure": self._figure,
            "image": self._figure,
            "math": self._math,
            "table": self._table,
            "list-table": self._list_table,
            "code-block": self._code_block,
            "exercise": self._exercise,
            "solution": self._solution,
            "quiz": self._quiz,
            "lab": self._lab,
        }

    def pieces(self, text: str, first_line: int = 1) -> Iterator[Markdown | Code]:
        """The page's pieces in order; raises Unsupported naming what it cannot convert."""
        lines = text.split("\n")
        for block in parser.blocks(text, self.page.config.syntax):
            line = first_line + block.start
            directive = parser.as_directive(block.token, first_line)
            if directive and directive.name == "code-cell":
                yield self._code(directive)
            elif directive:
                yield Markdown(self._directive(directive), directive.name in APART)
            elif block.kind == "heading":
                yield Markdown(self._plain(lines, block, first_line), starts_cell=True)
            elif block.kind not in DROPPED:
                converted = self._block(lines, block, first_line, line)
                if converted.strip():
                    yield Markdown(converted)

    def body(self, directive: parser.Directive) -> str:
        """The Markdown inside a directive; code cells cannot stand there."""
        return self._text(directive.body, directive.body_line, directive.name)

    def _text(self, text: str, first_line: int, name: str) -> str:
        parts = []
        for piece in self.pieces(text, first_line):
            if isinstance(piece, Code):
                raise parser.Unsupported(f"{{{name}}} 안의 {{code-cell}}", piece.line)
            parts.append(piece.text)
        return "\n\n".join(parts)

    def _block(self, lines: list[str], block: parser.Block, first: int, line: int) -> str:
        raw = "\n".join(lines[block.start : block.end]).rstrip()
        if block.kind in PLAIN:
            return self._plain(lines, block, first)
        if block.kind == "footnote_reference":
            label = block.token.meta["label"]
            text = raw.partition("]:")[2].strip()
            return f"<sup>{self.inline.footnote(label)}</sup> " + self.inline.convert(text, line)
        if block.kind == "math_block_label":
            return self._equation(block.token.content, labelled=True)
        if block.kind == "fence":
            return raw
        if block.kind in VERBATIM:
            return "" if raw.lstrip().startswith("<!--") else raw
        raise parser.Unsupported(f"Colab 편이 모르는 블록 {block.kind}", line)

    def _plain(self, lines: list[str], block: parser.Block, first_line: int) -> str:
        """Keep the source; convert inline constructs where the parser found inline text."""
        for token in block.inner:
            nested = parser.as_directive(token, first_line)
            if nested:
                raise parser.Unsupported(f"목록이나 인용 안의 {{{nested.name}}}", nested.line)
        spans = sorted({tuple(t.map) for t in block.inner if t.type == "inline" and t.map})
        out, position = [], block.start
        for start, end in spans:
            out += lines[position:start]
            source = "\n".join(lines[start:end])
            raw = RAW_DIRECTIVE.search(source)
            if raw:
                raise parser.Unsupported(
                    f"지시어로 읽히지 않는 {raw[1]} (제목에 `가 있거나 울타리가 어긋남)",
                    first_line + start,
                )
            out.append(self.inline.convert(source, first_line + start))
            position = end
        out += lines[position : block.end]
        return "\n".join(out).rstrip()

    def _directive(self, directive: parser.Directive) -> str:
        if directive.name not in self.directives:
            raise parser.Unsupported(
                f"Colab 편이 모르는 지시어 {{{directive.name}}}", directive.line
            )
        return self.directives[directive.name](directive)

    def _code(self, directive: parser.Directive) -> Code:
        unknown = set(directive.tags) - TAGS
        if unknown:
            raise parser.Unsupported(
                f"Colab 편이 모르는 태그 {', '.join(sorted(unknown))}", directive.line
            )
        render = directive.options.get("mystnb", {})
        figure = render.get("figure", {})
        caption = self.inline.convert(figure.get("caption", "").strip(), directive.line)
        return Code(
            directive.body.strip("\n"),
            tuple(directive.tags),
            directive.line,
            alt=str(render.get("image", {}).get("alt", "")).strip(),
            caption=self._numbered(directive, "figure", caption),
        )

    def _title(self, directive: parser.Directive, default: str = "") -> str:
        title = directive.argument or default
        return self.inline.convert(title, directive.line)

    def _admonition(self, directive: parser.Directive) -> str:
        known = ADMONITIONS[directive.name]
        if known and directive.argument:
            # MyST reads an argument of note, tip, … as the first line of the text.
            directive = parser.Directive(
                directive.name,
                "",
                directive.options,
                f"{directive.argument}\n{directive.body}",
                directive.line,
                directive.line,
            )
        title = self._title(directive, known)
        if "dropdown" in directive.classes:
            return self._details(title, self.body(directive))
        return quote(f"**{title}**\n\n{self.body(directive)}")

    def _dropdown(self, directive: parser.Directive) -> str:
        return self._details(
            self._title(directive, "펼치기"),
            self.body(directive),
            is_open="open" in directive.options,
        )

    def _details(
        self, title: str, body: str, *, is_open: bool = False, is_bold: bool = True
    ) -> str:
        # Colab reads Markdown inside <details> only after an empty line.
        start = "<details open>" if is_open else "<details>"
        text = as_html(title, self.page)
        summary = f"<b>{text}</b>" if is_bold else text
        return f"{start}\n<summary>{summary}</summary>\n\n{body}\n\n</details>"

    def _tab_set(self, directive: parser.Directive) -> str:
        sections = []
        for block in parser.blocks(directive.body, self.page.config.syntax):
            item = parser.as_directive(block.token, directive.body_line)
            if item is None or item.name != "tab-item":
                raise parser.Unsupported(
                    "{tab-set} 안에는 {tab-item}만", directive.body_line + block.start
                )
            sections.append(f"**▸ {self._title(item)}**\n\n{self.body(item)}")
        return "\n\n".join(sections)

    def _margin(self, directive: parser.Directive) -> str:
        title = self._title(directive)
        return quote((f"**{title}**\n\n" if title else "") + self.body(directive))

    def _figure(self, directive: parser.Directive) -> str:
        alt = str(directive.options.get("alt", "")).strip()
        if not alt:
            raise parser.Unsupported(f"alt가 없는 {{{directive.name}}}", directive.line)
        url = self.page.file_url(directive.argument, directive.line)
        picture = f"![{BRACKETS.sub(ESCAPED, alt)}]({url})"
        if directive.name == "image" or not directive.body.strip():
            return picture
        caption = self._numbered(directive, "figure", self.body(directive))
        return f"{picture}\n\n{caption}"

    def _numbered(self, directive: parser.Directive, kind: str, caption: str) -> str:
        """A caption with the number in front that the page gives it."""
        number = self.page.labels.numbers.get((self.page.name, directive.line))
        return f"**{FORMATS[kind] % number}** {caption}" if number else caption

    def _table(self, directive: parser.Directive) -> str:
        return self._captioned(directive, "table", self._title(directive), self.body(directive))

    def _list_table(self, directive: parser.Directive) -> str:
        rows = [
            [self.inline.convert(cell.text, cell.line) for cell in row]
            for row in listtable.rows(directive, self.page.config.syntax)
        ]
        header = listtable.header_rows(directive)
        text = listtable.markdown(rows, has_header=header > 0)
        return self._captioned(directive, "table", self._title(directive), text)

    def _code_block(self, directive: parser.Directive) -> str:
        caption = self.inline.convert(str(directive.options.get("caption", "")), directive.line)
        longest = max(map(len, re.findall(r"`+", directive.body)), default=0)
        fence = "`" * max(3, longest + 1)
        code = f"{fence}{directive.argument}\n{directive.body.strip(chr(10))}\n{fence}"
        return self._captioned(directive, "code-block", caption, code)

    def _captioned(self, directive: parser.Directive, kind: str, caption: str, text: str) -> str:
        """`text` with its numbered caption above, when it has one."""
        return f"{self._numbered(directive, kind, caption)}\n\n{text}" if caption else text

    def _exercise(self, directive: parser.Directive) -> str:
        return quote(f"**{EXERCISE}: {self._title(directive)}**\n\n{self.body(directive)}")

    def _solution(self, directive: parser.Directive) -> str:
        return self._details(SOLUTION, self.body(directive))

    def _quiz(self, directive: parser.Directive) -> str:
        """The question, then each option with its reason folded below it."""
        first = directive.body_line
        try:
            quiz = quizsource.read(directive.argument, directive.body, self.page.config.syntax)
        except quizsource.BadQuiz as error:
            raise parser.Unsupported(error.what, first + error.line - 1) from error
        self.quizzes += 1
        question = self.inline.convert(quiz.question, directive.line)
        several = f" {SEVERAL}" if quiz.has_many_answers else ""
        parts = [f"**{QUIZ} {self.quizzes}.** {question}{several}"]
        if quiz.more:
            parts.append(self._text(quiz.more, first, "quiz"))
        for sign, option in zip(CIRCLED, quiz.options, strict=False):
            choice = self.inline.convert(option.text, first + option.line - 1)
            reason = self._text(option.reason, first + option.reason_line - 1, "quiz")
            said = f"**{RIGHT if option.is_right else WRONG}**\n\n{reason}"
            parts.append(self._details(f"{sign} {choice}", said, is_bold=False))
        return "\n\n".join(parts)

    def _math(self, directive: parser.Directive) -> str:
        text = "\n".join(part for part in (directive.argument, directive.body.strip()) if part)
        return self._equation(text, labelled=bool(directive.options.get("label")))

    def _equation(self, text: str, *, labelled: bool) -> str:
        text = text.strip()
        # Sphinx sets several lines as one aligned block; Colab needs that said.
        if "\\\\" in text and not ENVIRONMENT.search(text):
            text = f"\\begin{{aligned}}\n{text}\n\\end{{aligned}}"
        if labelled:
            self.equations += 1
            text += f" \\tag{{{self.equations}}}"
        return f"$$\n{text}\n$$"

    def _lab(self, directive: parser.Directive) -> str:
        lab, config = directive.argument, self.page.config
        doors = (
            f"[Colab에서 열기]({config.lab_url(lab)}) · "
            f"[내려받기]({config.site}/labs/{lab}/{lab}.ipynb)"
        )
        body = self.body(directive)
        return quote(f"**실습 {lab}**\n\n" + (f"{body}\n\n" if body else "") + doors)


def quote(text: str) -> str:
    """`text` as a Markdown blockquote."""
    return "\n".join(f"> {line}".rstrip() for line in text.strip().split("\n"))

"""Where blocks, directives and their options begin and end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import yaml
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

OPTION = re.compile(r"^:([A-Za-z][\w-]*):(?:\s+(.*))?$")


class Unsupported(ValueError):
    """A construct that the Colab edition cannot show; names it, its line and maybe its page."""

    def __init__(self, what: str, line: int) -> None:
        super().__init__(f"{line}번째 줄: {what}")
        self.what, self.line, self.page = what, line, ""


@lru_cache
def markdown(syntax: tuple[str, ...]) -> MarkdownIt:
    """The Markdown parser that the book's build uses, with the same syntax extensions."""
    return create_md_parser(MdParserConfig(enable_extensions=set(syntax)), RendererHTML)


@dataclass(frozen=True)
class Directive:
    """```` ```{name} argument ```` with its options and body; `line` is 1-based."""

    name: str
    argument: str
    options: dict
    body: str
    line: int
    body_line: int

    @property
    def classes(self) -> list[str]:
        """The words of the :class: option."""
        return str(self.options.get("class", "")).split()

    @property
    def tags(self) -> list[str]:
        """The tags of a code cell, written as a list or as words."""
        tags = self.options.get("tags") or []
        return tags.replace(",", " ").split() if isinstance(tags, str) else list(tags)


@dataclass(frozen=True)
class Block:
    """A top-level block: its kind, its lines [start, end) and the tokens inside."""

    kind: str
    token: Token
    start: int
    end: int
    inner: list[Token] = field(default_factory=list)


def blocks(text: str, syntax: tuple[str, ...]) -> Iterator[Block]:
    """The top-level blocks of `text`, in order."""
    tokens = markdown(syntax).parse(text)
    position = 0
    while position < len(tokens):
        first = last = position
        depth = tokens[position].nesting
        while depth > 0:
            last += 1
            depth += tokens[last].nesting
        inner = tokens[first : last + 1]
        # A footnote's own token carries no lines; the paragraphs inside do.
        spans = [token.map for token in inner if token.map]
        start, end = min(s for s, _ in spans), max(e for _, e in spans)
        kind = tokens[first].type.removesuffix("_open")
        yield Block(kind, tokens[first], start, end, inner)
        position = last + 1


def as_directive(token: Token, first_line: int) -> Directive | None:
    """The directive of a fence token; None for an ordinary code block.

    `first_line` is the 1-based line of the text's first line in the chapter.
    """
    info = token.info.strip()
    if token.type not in ("fence", "colon_fence") or not info.startswith("{"):
        return None
    name, _, argument = info[1:].partition("}")
    line = first_line + token.map[0]
    options, body, skipped = _options(token.content, line)
    return Directive(name, argument.strip(), options, body, line, line + 1 + skipped)


def _options(content: str, line: int) -> tuple[dict, str, int]:
    """Split options (`:key: value` lines or a --- YAML block) from the body."""
    lines = content.split("\n")
    if lines[0].strip() == "---":
        end = next((i for i, text in enumerate(lines[1:], 1) if text.strip() == "---"), 0)
        if not end:
            raise Unsupported("닫히지 않은 --- 선택 항목", line)
        return _yaml("\n".join(lines[1:end]), line), "\n".join(lines[end + 1 :]), end + 1
    count = 0
    options = {}
    while count < len(lines) and (option := OPTION.match(lines[count])):
        key, value = option[1], (option[2] or "").strip()
        options[key] = _yaml(value, line) if value.startswith("[") else value
        count += 1
    return options, "\n".join(lines[count:]), count


def _yaml(text: str, line: int) -> object:
    try:
        return yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise Unsupported(f"읽을 수 없는 선택 항목: {text.strip()[:40]}", line) from error

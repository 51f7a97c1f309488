"""Roles, links and pictures inside a line, as plain Markdown.

markdown-it's own inline rules say where each construct begins and ends; whatever is not
rewritten here is copied from the source as it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import escape
from posixpath import dirname, join, normpath
from urllib.parse import unquote

from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from pybtex.database import BibliographyData

import bookconfig
import vocabulary
from edition import citations, parser
from edition.labels import FORMATS, Labels

ABSOLUTE = ("http://", "https://", "mailto:")


@dataclass
class Page:
    """Everything that converting one page needs to know about the book."""

    name: str
    config: bookconfig.BookConfig
    labels: Labels
    works: BibliographyData
    terms: dict[str, vocabulary.Term]
    used_terms: set[str] = field(default_factory=set)
    footnotes: dict[str, int] = field(default_factory=dict)

    def file_url(self, target: str, line: int) -> str:
        """Absolute address of a file (a picture) named relative to the page."""
        if target.startswith(ABSOLUTE):
            return target
        relative = (
            target.lstrip("/") if target.startswith("/") else join(dirname(self.name), target)
        )
        path = normpath(join(self.config.path_to_book, relative))
        if not (self.config.root / path).exists():
            raise parser.Unsupported(f"없는 파일: {target}", line)
        return self.config.raw_url(path)


def segments(source: str, page: Page, footnote_env: dict) -> Iterator[tuple[str, str, list[Token]]]:
    """(rule, source text, tokens) for each inline construct of `source`, in order."""
    md = parser.markdown(page.config.syntax)
    rules = [(rule.name, rule.fn) for rule in md.inline.ruler.__rules__ if rule.enabled]
    state = StateInline(source, md, footnote_env, [])
    while state.pos < state.posMax:
        start, known = state.pos, len(state.tokens)
        matched = next((name for name, rule in rules if rule(state, False)), None)
        if matched is None:
            state.pending += source[state.pos]
            state.pos += 1
        yield matched or "text", source[start : state.pos], state.tokens[known:]


class Inline:
    """Convert the inline source of one page; remembers the terms already met."""

    def __init__(self, page: Page, footnote_env: dict) -> None:
        self.page, self.footnote_env = page, footnote_env
        self.roles: dict[str, Callable[[str, int, str], str]] = {
            "doc": self._doc,
            "ref": self._ref,
            "numref": self._numref,
            "eq": self._eq,
            "term": self._term,
            "cite:p": self._cite_p,
            "cite:t": self._cite_t,
            "math": lambda content, line, rest: f"${content}$",
        }

    def convert(self, source: str, line: int) -> str:
        """Plain Markdown for `source`, whose first line is `line` of the chapter.

        Raises Unsupported naming the role and its line.
        """
        out: list[str] = []
        done = 0
        for name, raw, tokens in segments(source, self.page, self.footnote_env):
            here = line + source.count("\n", 0, done)
            done += len(raw)
            if name == "myst_role":
                role = next(t for t in tokens if t.type == "myst_role")
                out.append(self._role(role, here, source[done:]))
            elif name == "link":
                out.append(self._link(raw, tokens, here))
            elif name == "image":
                image = next(t for t in tokens if t.type == "image")
                url = self.page.file_url(unquote(str(image.attrs["src"])), here)
                out.append(f"![{image.content}]({url})")
            elif name == "footnote_ref":
                label = raw[2:-1]
                out.append(f"<sup>{self.footnote(label)}</sup>")
            else:
                out.append(raw)
        return "".join(out)

    def footnote(self, label: str) -> int:
        """The number of a footnote, counted in the order of first mention."""
        return self.page.footnotes.setdefault(label, len(self.page.footnotes) + 1)

    def _role(self, token: Token, line: int, rest: str) -> str:
        name = token.meta["name"]
        if name not in self.roles:
            raise parser.Unsupported(f"Colab 편이 모르는 역할 {{{name}}}", line)
        return self.roles[name](token.content.strip(), line, rest)

    def _link(self, raw: str, tokens: list[Token], line: int) -> str:
        href = str(next(t for t in tokens if t.type == "link_open").attrs["href"])
        if href.startswith(ABSOLUTE):
            return raw
        text = self.convert(raw[1 : raw.rindex("](")], line) if "](" in raw else ""
        if not text:
            raise parser.Unsupported(f"Colab 편이 모르는 꼴의 링크 {raw}", line)
        path, _, anchor = href.partition("#")
        if path.endswith(".md") or not path:
            name = self._page(path.removesuffix(".md"), line) if path else self.page.name
            return f"[{text}]({self.page.config.page_url(name, anchor)})"
        return f"[{text}]({self.page.file_url(unquote(href), line)})"

    def _page(self, name: str, line: int) -> str:
        folder = dirname(self.page.name)
        page = name.lstrip("/") if name.startswith("/") else normpath(join(folder, name))
        if page not in self.page.labels.titles:
            raise parser.Unsupported(f"없는 쪽 {{doc}} {name}", line)
        return page

    def _target(self, role: str, label: str, line: int):
        if label not in self.page.labels.targets:
            raise parser.Unsupported(f"없는 이름표 {{{role}}} {label}", line)
        return self.page.labels.targets[label]

    def _doc(self, content: str, line: int, rest: str) -> str:
        text, name = split_title(content)
        page = self._page(name, line)
        title = text or self.convert(self.page.labels.titles[page], line)
        return f"[{title}]({self.page.config.page_url(page)})"

    def _ref(self, content: str, line: int, rest: str) -> str:
        text, label = split_title(content)
        target = self._target("ref", label, line)
        url = self.page.config.page_url(target.page, target.anchor)
        return f"[{text or self.convert(target.title, line)}]({url})"

    def _numref(self, content: str, line: int, rest: str) -> str:
        text, label = split_title(content)
        target = self._target("numref", label, line)
        if target.kind not in FORMATS:
            raise parser.Unsupported(f"번호가 없는 이름표 {{numref}} {label}", line)
        text = (text or FORMATS[target.kind]).replace("{number}", "%s").replace("%s", target.number)
        return f"[{text}]({self.page.config.page_url(target.page, target.anchor)})"

    def _eq(self, content: str, line: int, rest: str) -> str:
        target = self._target("eq", content, line)
        if target.page == self.page.name:
            return target.number
        return f"[{target.number}]({self.page.config.page_url(target.page, target.anchor)})"

    def _term(self, content: str, line: int, rest: str) -> str:
        text, name = split_title(content)
        if name not in self.page.terms:
            raise parser.Unsupported(f"glossary.yml에 없는 용어 {{term}} {name}", line)
        first = name not in self.page.used_terms
        self.page.used_terms.add(name)
        shown = text or name
        english = self.page.terms[name].english
        # The chapter may already have written the English name itself.
        if first and not rest.lstrip("*_").startswith("(") and text not in english.split(", "):
            return f"{shown}({english})"
        return shown

    def _cites(self, content: str, line: int) -> list[tuple[str, str, str]]:
        found = []
        for key in (part.strip() for part in content.split(",")):
            if key not in self.page.works.entries:
                raise parser.Unsupported(f"references.bib에 없는 문헌 {{cite}} {key}", line)
            url = self.page.config.page_url("references", f"cite-{key}")
            found.append((*citations.author_year(self.page.works, key), url))
        return found

    def _cite_p(self, content: str, line: int, rest: str) -> str:
        works = self._cites(content, line)
        return "(" + "; ".join(f"[{who}, {year}]({url})" for who, year, url in works) + ")"

    def _cite_t(self, content: str, line: int, rest: str) -> str:
        works = self._cites(content, line)
        return ", ".join(f"[{who} ({year})]({url})" for who, year, url in works)


def split_title(content: str) -> tuple[str, str]:
    """('text', 'label') of `text <label>`; ('', 'label') of `label`."""
    if content.endswith(">") and "<" in content:
        text, _, label = content[:-1].rpartition("<")
        return text.strip(), label.strip()
    return "", content


def as_html(markdown: str, page: Page) -> str:
    """Converted inline Markdown as HTML, for places where Colab reads HTML only."""
    md = parser.markdown(page.config.syntax)
    out = []
    for token in md.parseInline(markdown)[0].children or []:
        if token.type.startswith("math_inline"):
            out.append(f"${escape(token.content, quote=False)}$")
        else:
            out.append(md.renderer.render([token], md.options, {}))
    return "".join(out)

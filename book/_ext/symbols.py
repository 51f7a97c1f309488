"""The page of symbols, out of symbols.yml and the symbols of glossary.yml.

`{symbols} size` writes the table of one kind: size, index, value or operation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import bookconfig
import gathered
import places
import tables
import texmath
import vocabulary
from edition import parser

KINDS = ("size", "index", "value", "operation")
GREEK = "alpha beta gamma delta epsilon zeta eta theta kappa lambda mu nu pi rho sigma tau phi psi"
# `# (B, T, V)` behind a line of code; (T+1) and numbers may stand in it.
SHAPE = re.compile(r"\(((?:\w+(?: ?[+*·-] ?\w+)?,? ?)*)\)")


@dataclass(frozen=True)
class Entry:
    """A line of the page. `english` is set where it is a glossary term's own symbol."""

    symbol: str
    kind: str
    text: str = ""
    shape: str = ""
    term: str = ""
    english: str = ""

    @property
    def key(self) -> texmath.Symbol:
        """What the entry explains: the symbol that its formula is about."""
        found = list(texmath.symbols(self.symbol.strip("$")))
        # W^\top is about the \top behind W.
        behind = self.kind == "operation" and "^" in self.symbol
        return found[-1 if behind else 0]

    @property
    def order(self) -> tuple:
        """Latin letters by the alphabet, then Greek ones, then signs."""
        name = str(self.key).replace("\\tilde ", "").lstrip("\\")
        greek = str(self.key).startswith("\\") and self.key.base.lstrip("\\") in GREEK.split()
        return (greek, name.lower(), name)


def load(folder: Path) -> list[Entry]:
    """The entries of both files; raises ValueError naming a bad or a doubled one."""
    terms = vocabulary.load(folder / "glossary.yml")
    entries = []
    for fields in yaml.safe_load((folder / "symbols.yml").read_text("utf-8")):
        try:
            entry = Entry(**fields)
        except TypeError as error:
            raise ValueError(f"symbols.yml: {fields.get('symbol', fields)}: {error}") from error
        if entry.kind not in KINDS or not entry.text:
            raise ValueError(f"symbols.yml: {entry.symbol}: kind나 text가 잘못되었습니다.")
        if entry.term and entry.term not in {term.ko for term in terms}:
            raise ValueError(f"symbols.yml: {entry.symbol}: 용어집에 없는 용어: {entry.term}")
        entries.append(entry)
    in_shapes = {
        letter for thing in (*terms, *entries) for letter in re.findall(r"[A-Z]", thing.shape)
    }
    for term in terms:
        if term.symbol:
            kind = "size" if term.symbol.strip("$") in in_shapes else "value"
            entries.append(Entry(term.symbol, kind, "", term.shape, term.ko, term.english))
    keys = [entry.key for entry in entries]
    doubled = {str(key) for key in keys if keys.count(key) > 1}
    if doubled:
        raise ValueError(f"기호가 두 번 적혔습니다: {', '.join(sorted(doubled))}")
    return sorted(entries, key=lambda entry: entry.order)


def listed(entries: list[Entry], indices: list[Entry] | None = None) -> texmath.Listed:
    """What the entries explain; lengths and counters may stand as an index."""
    counting = entries if indices is None else indices
    letters = {str(entry.key) for entry in counting if entry.kind in ("size", "index")}
    return texmath.Listed((entry.key for entry in entries), letters)


def used(text: str, syntax: tuple[str, ...]) -> Iterator[tuple[int, texmath.Symbol]]:
    """(line, symbol) of all formulas of a page; then the letters of shapes in its cells."""
    for line, formula in formulas(text, syntax):
        for symbol in texmath.symbols(formula):
            yield line, symbol
            yield from ((line, index) for index in symbol.index)
    for line, letter in shape_letters(text, syntax):
        yield line, texmath.Symbol(letter)


def formulas(text: str, syntax: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """(line, TeX) of every formula of a page."""
    for line, token, directive in places.tokens(text, syntax):
        if directive and directive.name == "math":
            yield line, directive.body
        elif directive:
            inline = parser.markdown(syntax).parseInline(directive.argument)[0]
            yield from ((line, part.content) for part in _math(inline.children))
        elif token.type.startswith("math_block"):
            yield line, token.content
        else:
            yield from ((line, part.content) for part in _math(token.children))


def _math(tokens: list | None) -> Iterator:
    return (token for token in tokens or [] if token.type.startswith("math_inline"))


def shape_letters(text: str, syntax: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """(line, letter) of the shapes that comments of code cells name, e.g. B of `# (B, T)`."""
    for _, _, directive in places.tokens(text, syntax):
        if directive is None or directive.name != "code-cell":
            continue
        for line, code in enumerate(directive.body.split("\n"), directive.body_line):
            for shape in SHAPE.findall(code.partition("#")[2]):
                letters = re.findall(r"\b[A-Z]\b", shape)
                yield from ((line, letter) for letter in letters)


def first_uses(
    config: bookconfig.BookConfig, entries: list[Entry]
) -> dict[texmath.Symbol, tuple[str, int]]:
    """Where the book first uses each entry's symbol: page and number of the heading."""
    explained = {entry.key: listed([entry], entries) for entry in entries}
    found: dict[texmath.Symbol, tuple[str, int]] = {}
    for page in config.chapters():
        text = config.source(page).read_text("utf-8")
        outline = places.outline(text, config.syntax)
        for line, symbol in used(text, config.syntax):
            for key, one in explained.items():
                # h alone may be any h; h_t is first met where it stands so.
                alone = key.sub and not symbol.sub
                if key not in found and not alone and one.explains(symbol):
                    found[key] = (page, outline.at(line) or 0)
    return found


class Symbols(SphinxDirective):
    """The table of one kind of symbols."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Symbol, meaning with the place of its first use, and shape."""
        config = gathered.depend_on_pages(self)
        for name in ("symbols.yml", "glossary.yml"):
            self.env.note_dependency(str(config.book / name))
        entries = load(config.book)
        self.first = first_uses(config, entries)
        chosen = [entry for entry in entries if entry.kind == self.arguments[0]]
        if not chosen:
            raise self.error(f"{{symbols}}: {', '.join(KINDS)} 가운데 하나를 적습니다.")
        with_shape = any(entry.shape for entry in chosen)
        head = ("기호", "뜻", "모양") if with_shape else ("기호", "뜻")
        rows = []
        for entry in chosen:
            shape = [nodes.literal("", entry.shape)] if entry.shape else []
            cells = [self._inline(entry.symbol), self._meaning(entry)]
            rows.append([*cells, shape] if with_shape else cells)
        return [tables.table(head, rows, "symbols")]

    def _meaning(self, entry: Entry) -> list[nodes.Node]:
        if entry.english:
            words = self._inline(f"{{term}}`{entry.term}`({entry.english})")
        else:
            linked = f"{{term}}`{entry.term}`"
            if entry.term in entry.text:
                text = entry.text.replace(entry.term, linked, 1) if entry.term else entry.text
            else:
                text = f"{entry.text} ({linked})"
            words = self._inline(text)
        if entry.key in self.first:
            page, heading = self.first[entry.key]
            place = nodes.inline(classes=["symbols-first"])
            place += [nodes.Text("처음: "), gathered.SectionLink(page=page, heading=heading)]
            words += [nodes.Text(" "), place]
        return words

    def _inline(self, text: str) -> list[nodes.Node]:
        words, messages = self.state.inline_text(text, self.lineno)
        return [*words, *messages]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive with Sphinx."""
    app.setup_extension("gathered")
    app.add_directive("symbols", Symbols)
    app.add_css_file("appendix.css")
    return {"parallel_read_safe": True, "parallel_write_safe": True}

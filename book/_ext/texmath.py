r"""The symbols of a TeX formula: `h_t`, `W_x`, `\eta`, `\odot`, `\mathrm{softmax}`.

A subscript is part of a symbol; what a superscript, a fraction or a root holds is read like
the rest. Text, numbers, brackets, relations and layout are no symbols.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[A-Za-z]|\d+(?:\.\d+)?|\S")
TEXT = re.compile(r"\\text\s*\{[^{}]*\}|\\(?:begin|end)\{\w+\*?\}|\\(?:tag|label)\{[^{}]*\}")
NAMED = re.compile(r"\\(?:mathrm|operatorname)\*?\s*\{([A-Za-z ]+)\}")
# Marks on a letter make another symbol of it.
ACCENTS = {r"\tilde", r"\hat", r"\bar", r"\mathbf", r"\mathcal", r"\vec"}
# Their subscript says over what: it is read like the rest.
OPERATORS = {r"\sum", r"\prod", r"\nabla", r"\max", r"\min", r"\lim", r"\arg"}
# Arithmetic that needs no explanation, and layout.
PLAIN = set(
    r"""\frac \dfrac \tfrac \sqrt \cdot \times \dots \cdots \ldots \approx \le \leq \ge \geq \ne \neq
    \in \to \left \right \bigl \bigr \quad \qquad \huge \color \red \underline \pm \{ \} \, \; \: \!
    \\ \rVert \rvert \& \% \mid""".split()
)


@dataclass(frozen=True)
class Symbol:
    """A letter, a command or a named function, with its subscript as it is written."""

    base: str
    sub: str = ""

    def __str__(self) -> str:
        return f"{self.base}_{self.sub}" if self.sub else self.base

    @property
    def index(self) -> list[Symbol]:
        """The letters of the subscript."""
        return list(symbols(self.sub))


def symbols(tex: str) -> Iterator[Symbol]:
    """All symbols of a formula, in order, those of subscripts not among them."""
    named = NAMED.sub(lambda match: rf" \named{match[1].replace(' ', '')} ", TEXT.sub(" ", tex))
    yield from _read(TOKEN.findall(named))


def _read(tokens: list[str]) -> Iterator[Symbol]:
    place = 0
    while place < len(tokens):
        token = tokens[place]
        place += 1
        if token == "_":  # below a bracket or a text
            continue
        if not (token.startswith("\\") or token.isascii() and token.isalpha()) or token in PLAIN:
            continue
        if token in ACCENTS:
            group, place = _group(tokens, place)
            token = f"{token} {''.join(group)}"
        elif token.startswith(r"\named"):
            token = rf"\mathrm{{{token.removeprefix(chr(92) + 'named')}}}"
        sub: list[str] = []
        if place < len(tokens) and tokens[place] == "_" and token not in OPERATORS:
            sub, place = _group(tokens, place + 1)
        yield Symbol(token, "".join(sub))


def _group(tokens: list[str], place: int) -> tuple[list[str], int]:
    """The tokens of `{…}` or the one token at `place`, and the place behind them."""
    if tokens[place] != "{":
        return [tokens[place]], place + 1
    depth, end = 1, place + 1
    while depth:
        depth += {"{": 1, "}": -1}.get(tokens[end], 0)
        end += 1
    return tokens[place + 1 : end - 1], end


class Listed:
    """The symbols that a list explains.

    `x_t` explains x with any index made of letters that the list explains as well (x_1,
    h_{t-1}), and x alone. `W_x`, whose x is a name, explains nothing but itself.
    """

    def __init__(self, symbols_: Iterable[Symbol], indices: set[str]) -> None:
        self.symbols, self.indices = set(symbols_), indices

    def explains(self, symbol: Symbol) -> bool:
        """Whether a reader finds `symbol` in the list."""
        if symbol in self.symbols:
            return True
        same = [known for known in self.symbols if known.base == symbol.base]
        if symbol.sub:
            return self._is_index(symbol) and any(map(self._is_index, same))
        return any(self._is_index(known) for known in same)

    def _is_index(self, symbol: Symbol) -> bool:
        return bool(symbol.sub) and {str(part) for part in symbol.index} <= self.indices

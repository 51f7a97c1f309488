"""The names of the terms in glossary.yml: Korean, English, abbreviation, banned variants.

They find each other because each of them, wherever it stands, adds the same token to the
index, and the same token to a query.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import vocabulary

from . import korean

_GAP = re.compile(r"[\s\-·_]+")


def squeezed(name: str) -> str:
    """A name without its spaces and hyphens, in lower case."""
    return _GAP.sub("", name).lower()


def of(term: vocabulary.Term) -> list[str]:
    """All names of a term, the Korean one first."""
    return [name for name in (term.ko, term.en, term.abbr, *term.banned) if name]


class Names:
    """Finds the terms of the glossary in a text."""

    def __init__(self, terms: Iterable[vocabulary.Term]) -> None:
        self.terms = list(terms)
        self._token = {
            squeezed(name): korean.TERM + korean.encode(squeezed(term.ko)) + korean.END
            for term in self.terms
            # Last wins: a Korean name is stronger than another term's English one.
            for name in reversed(of(term))
        }
        patterns = [_pattern(name, name == term.abbr) for term in self.terms for name in of(term)]
        # The longest name first: 경사 클리핑 before 경사.
        self._any = re.compile("|".join(sorted(patterns, key=len, reverse=True)) or r"(?!)")

    def tokens(self, text: str) -> list[str]:
        """One token for each mention of a term in `text`, whatever name it goes by."""
        found = (squeezed(match[0]) for match in self._any.finditer(text))
        return [self._token.get(name) or self._token[name.removesuffix("s")] for name in found]


def _pattern(name: str, exact_case: bool) -> str:
    parts = [re.escape(part) for part in _GAP.split(name)]
    joined = r"[\s\-·_]*".join(parts)
    if not name.isascii():
        return rf"(?<![가-힣])(?i:{joined})"
    # An abbreviation counts as it is written: `lm` may be a variable, LM is a language model.
    body = joined if exact_case else f"(?i:{joined}s?)"
    return rf"(?<![A-Za-z0-9_]){body}(?![A-Za-z0-9_])"

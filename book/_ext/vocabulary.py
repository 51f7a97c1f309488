"""book/glossary.yml as data: the terms of the book and their banned variants."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
# A dictionary files ㄲ under ㄱ and so on.
PLAIN = str.maketrans("ㄲㄸㅃㅆㅉ", "ㄱㄷㅂㅅㅈ")


@dataclass(frozen=True)
class Term:
    """One entry of glossary.yml."""

    ko: str
    en: str
    text: str
    abbr: str = ""
    symbol: str = ""
    shape: str = ""
    banned: tuple[str, ...] = ()

    @property
    def english(self) -> str:
        """The English name as it stands behind the Korean one."""
        return f"{self.en}, {self.abbr}" if self.abbr else self.en

    @property
    def initial(self) -> str:
        """The consonant under which a Korean dictionary files the term."""
        return INITIALS[(ord(self.ko[0]) - 0xAC00) // 588].translate(PLAIN)


def load(path: Path) -> list[Term]:
    """The terms of glossary.yml in Korean order.

    Raises ValueError naming the entry when a field is missing, unknown or doubled, or when
    the variant that one entry bans is another entry's spelling.
    """
    terms = []
    for entry in yaml.safe_load(path.read_text("utf-8")):
        try:
            term = Term(**{**entry, "banned": tuple(entry.get("banned", ()))})
        except TypeError as error:
            raise ValueError(f"{path.name}: {entry.get('ko', entry)}: {error}") from error
        if not "가" <= term.ko[0] <= "힣":
            raise ValueError(f"{path.name}: {term.ko}: ko는 한글로 시작해야 합니다.")
        terms.append(term)
    names = [term.ko for term in terms]
    doubled = {name for name in names if names.count(name) > 1}
    banned = {variant for term in terms for variant in term.banned} & set(names)
    if doubled or banned:
        raise ValueError(f"{path.name}: 겹치는 용어: {', '.join(sorted(doubled | banned))}")
    # Hangul syllables are encoded in dictionary order, so plain sorting is Korean order.
    return sorted(terms, key=lambda term: term.ko)

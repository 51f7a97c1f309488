"""Words of a Korean text as tokens that Pagefind can match from one syllable on.

Pagefind matches the beginning of a word. It knows no Korean, and it takes Hangul apart into
jamo, so that 하 would match 학습. So a word is written here in letters of our own:

* a syllable becomes two characters: one for consonant and vowel, one for the final consonant
  (or for having none). 하 is not the beginning of 학, but 배우 without its last character
  is the beginning of 배우다, 배운 and 배웁니다;
* a word stands in the index together with its tails (신경망을: 경망을, 망을), so that its
  beginning may be anywhere. Tails that are nothing but particles are left out;
* every token ends in END. Pagefind would otherwise answer a word that it lacks with a word
  that this one begins with, 망고 with 망.

The browser writes queries in the same letters: site/static/search/korean.js.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

END = "\u01c3"  # ǃ, a letter to Unicode; nobody types it
TERM = "\u01bb"  # ƻ before the name of a term: stands for all its names
FINALS = "abcdefghijklmnopqrstuvwxyz01"
FIRST_SYLLABLE = 0xAC00
# 399 ideographs stand for consonant and vowel; a book that holds real ones does not index them.
FIRST_LETTER = 0x4E00

# What may follow a noun. The browser takes these off a query's words.
PARTICLES = (
    "은 는 이 가 을 를 에 의 도 로 으로 와 과 만 나 이나 란 이란 라 이라 야 이야 들 께 에서 "
    "에게 한테 부터 까지 처럼 보다 마다 조차 마저 밖에 대로 만큼 이라고 라고 이라는 라는 이며 "
    "이고 인 인가 인지 일 입니다 이다 였다 이었다 인데 이면 이지만 요 이요 인가요 일까 일까요 "
    "에는 에도 에서는 에서도 으로는 로는 으로도 에게는 들은 들이 들을 들의"
).split()
# What may follow the stem of a verb; a lone consonant is the final of the stem's last syllable.
ENDINGS = (
    "다 는다 ㄴ다 습니다 ㅂ니다 니다 고 지 기 게 면 으면 며 으며 는 은 ㄴ 을 ㄹ ㅁ 음 어 아 "
    "어서 아서 어요 아요 려고 으려고 려면 으려면 러 으러 니 으니 니까 으니까 므로 으므로 는지 "
    "은지 ㄴ지 을까 ㄹ까 을까요 ㄹ까요 나요 ㄴ가요 는가 지만 던 도록 거나 어야 아야 었다 았다 "
    "었습니다 았습니다 기가 기는 기를 지는 지도 네요 세요 으세요 ㅂ시다 읍시다 자"
).split()
# Tails that say nothing: particles, endings, and forms of 하다 and 되다 before them.
_NOTHING = {*PARTICLES, *(end for end in ENDINGS if not "ㄱ" <= end[0] <= "ㅎ")}
_NOTHING |= set("하한할함합해했되된될됨됩돼됐")
_DROPPED = re.compile(f"(?:{'|'.join(sorted(_NOTHING, key=len, reverse=True))})+")
_LATIN = r"[A-Za-zΑ-ω_][A-Za-zΑ-ω0-9_]*"
_WORD = re.compile(rf"[가-힣]+|{_LATIN}(?:-[A-Za-z0-9_]+)*|\d+(?:\.\d+)*")
_IN_CODE = re.compile(rf"[가-힣]+|{_LATIN}")  # a hyphen is a minus there
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[Α-ω]+|\d+")


def encode(text: str) -> str:
    """`text` in lower case, its Hangul in the letters of the index."""
    return "".join(_syllable(char) for char in text.lower())


def _syllable(char: str) -> str:
    if not "가" <= char <= "힣":
        return char
    open_part, final = divmod(ord(char) - FIRST_SYLLABLE, len(FINALS))
    return chr(FIRST_LETTER + open_part) + FINALS[final]


def tokens(text: str, *, code: bool = False) -> tuple[list[str], list[str]]:
    """(words, tails) of a text as tokens of the index, in order and with repeats.

    Numbers are left out of code, and single Latin letters everywhere: they name nothing.
    """
    words: list[str] = []
    tails: list[str] = []
    for match in (_IN_CODE if code else _WORD).finditer(text):
        word = match[0]
        if "가" <= word[0] <= "힣":
            words.append(encode(word) + END)
            tails += [encode(tail) + END for tail in _tails(word)]
        else:
            parts = [part.lower() for part in _PART.findall(word)]
            for start in range(len(parts)):
                joined = "".join(parts[start:])
                if len(joined) > 1:
                    (words if start == 0 else tails).append(joined + END)
    return words, tails


def _tails(word: str) -> Iterator[str]:
    for start in range(1, len(word)):
        if not _DROPPED.fullmatch(word, start):
            yield word[start:]

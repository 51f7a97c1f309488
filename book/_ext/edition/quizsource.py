"""What an author writes in a {quiz}: a question, its options, a reason for each.

    ```{quiz} 질문
    - [ ] 틀린 보기

      까닭
    - [x] 맞는 보기

      까닭
    ```

The page's directive (book/_ext/quiz.py) and the Colab edition read it with this one module.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from edition import parser

MAX_OPTIONS = 10  # as many as ① … ⑩ can count
BOX = re.compile(r"^(?P<marker>\s*[-*+]\s+)\[(?P<mark>[ xX])\]\s+(?P<text>\S.*)$")
FORM = "보기는 `- [ ] 보기` 또는 `- [x] 보기`로 쓰고, 빈 줄 다음에 들여 써서 까닭을 적습니다"


class BadQuiz(ValueError):
    """A quiz that cannot be asked; `line` counts from 1 in the directive's body."""

    def __init__(self, what: str, line: int) -> None:
        super().__init__(what)
        self.what, self.line = what, line


@dataclass(frozen=True)
class Option:
    """One answer to choose; lines count from 1 in the directive's body."""

    is_right: bool
    text: str
    line: int
    reason: str
    reason_line: int


@dataclass(frozen=True)
class Quiz:
    """A question: `more` is what stands between the title line and the options, from line 1."""

    question: str
    more: str
    options: tuple[Option, ...]

    @property
    def has_many_answers(self) -> bool:
        """Whether more than one option is right, so that a reader may choose several."""
        return sum(option.is_right for option in self.options) > 1


def read(question: str, body: str, syntax: tuple[str, ...]) -> Quiz:
    """The quiz whose directive has this argument and body.

    Raises BadQuiz when there is no question, an option lacks its box or its reason, or when
    not at least one option is right and one is wrong.
    """
    blocks = list(parser.blocks(body, syntax))
    if not blocks or blocks[-1].kind != "bullet_list":
        raise BadQuiz(f"{{quiz}}는 보기의 목록으로 끝나야 합니다. {FORM}", 1)
    lines, choices = body.split("\n"), blocks[-1]
    more = "\n".join(lines[: choices.start]).rstrip()
    if not question.strip():
        raise BadQuiz("{quiz}에 질문이 없습니다: ```{quiz} 옆에 씁니다", 1)
    items = [
        token.map
        for token in choices.inner
        if token.type == "list_item_open" and token.level == choices.token.level + 1
    ]
    options = tuple(_option(lines, start, end) for start, end in items)
    if len(options) > MAX_OPTIONS:
        raise BadQuiz(f"{{quiz}}의 보기가 {MAX_OPTIONS}개를 넘습니다", choices.start + 1)
    rights = sum(option.is_right for option in options)
    if rights == 0:
        raise BadQuiz("{quiz}에 맞는 보기 `- [x]`가 없습니다", choices.start + 1)
    if rights == len(options):
        raise BadQuiz("{quiz}에 틀린 보기 `- [ ]`가 없습니다", choices.start + 1)
    return Quiz(question.strip(), more, options)


def _option(lines: list[str], start: int, end: int) -> Option:
    """The option on lines[start:end]: its text up to a blank line, then its reason."""
    head = BOX.match(lines[start])
    if head is None:
        raise BadQuiz(f"[ ]나 [x]가 없는 보기: {lines[start].strip()[:30]}. {FORM}", start + 1)
    indent = len(head["marker"])
    inside = [_dedented(line, indent) for line in lines[start + 1 : end]]
    gap = next((i for i, line in enumerate(inside) if not line.strip()), len(inside))
    first = next((i for i in range(gap, len(inside)) if inside[i].strip()), None)
    if first is None:
        raise BadQuiz(f"까닭이 없는 보기: {head['text'][:30]}. {FORM}", start + 1)
    return Option(
        is_right=head["mark"] != " ",
        text="\n".join([head["text"], *inside[:gap]]).strip(),
        line=start + 1,
        reason="\n".join(inside[first:]).rstrip(),
        reason_line=start + 2 + first,
    )


def _dedented(line: str, indent: int) -> str:
    """`line` without the indent of its list item."""
    return line.lstrip() if line[:indent].strip() else line[indent:]

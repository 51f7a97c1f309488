"""The lecture notes' statements (book/notes.yml) and the sections that claim them.

Below a heading, `% notes: rnn-16 rnn-29 @rnn:bptt` says: this section covers both
statements, and exercise bptt of the lab rnn practises them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

import bookconfig
import places

# The notes' chapters (their ### headings), by the prefix of the ids.
CHAPTERS = {
    "rnn": "시계열 모델(RNN)",
    "tf": "Transformer 모델",
    "modal": "모달",
    "fm": "Foundation 모델",
    "text": "텍스트 파운데이션 모델",
    "train": "거대 언어 모델의 학습",
    "infer": "거대 언어 모델의 추론",
    "eval": "거대 언어 모델의 평가와 응용",
}
PARTS = {"easy": "쉬운 길", "hard": "어려운 길"}

CLAIM = re.compile(r"^notes:\s+(\S.*)$")
LOOKS_LIKE_A_CLAIM = re.compile(r"^notes?\b", re.IGNORECASE)
EXERCISE = re.compile(r"^@([\w-]+):(\w+)$")
ANSWER = re.compile(r"^# \[([\w-]+):(\w+)\]")
POINTS = re.compile(r"\s*\(\d+점\)$")


@dataclass(frozen=True)
class Note:
    """One statement of the lecture notes."""

    id: str
    part: str
    section: str
    line: int
    text: str

    @property
    def chapter(self) -> str:
        """The prefix of its id: the chapter of the notes that it belongs to."""
        return self.id.rpartition("-")[0]


@dataclass(frozen=True)
class Claim:
    """A section's claim of a note; `exercises` are 'lab:name'."""

    note: str
    page: str
    line: int
    heading: int
    exercises: tuple[str, ...] = ()


class Wrong(ValueError):
    """What is wrong with the claims, a line each: file, line, what."""


def load(path: Path) -> list[Note]:
    """The notes in the order of notes.yml; raises ValueError naming a bad entry."""
    notes: dict[str, Note] = {}
    for entry in yaml.safe_load(path.read_text("utf-8")):
        try:
            note = Note(**entry)
        except TypeError as error:
            raise ValueError(f"{path.name}: {entry.get('id', entry)}: {error}") from error
        if note.id in notes:
            raise ValueError(f"{path.name}: 두 번 쓰인 번호: {note.id}")
        if note.chapter not in CHAPTERS or note.part not in PARTS:
            raise ValueError(f"{path.name}: {note.id}: 모르는 장이나 부입니다.")
        notes[note.id] = note
    return list(notes.values())


def claims(text: str, page: str, syntax: tuple[str, ...]) -> Iterator[Claim | tuple[int, str]]:
    """The claims of a page in order; (line, what) for a comment that is not quite one."""
    outline = places.outline(text, syntax)
    for first, token, _ in places.tokens(text, syntax):
        if token.type != "myst_line_comment":
            continue
        for line, comment in enumerate(token.content.split("\n"), first):
            comment = comment.strip().removeprefix("%").strip()
            if not LOOKS_LIKE_A_CLAIM.match(comment):
                continue
            match, heading = CLAIM.match(comment), outline.at(line)
            if match is None or heading is None:
                yield line, "「% notes: 번호 …」는 절 제목 아래에 이 꼴로 적습니다"
                continue
            words = match[1].split()
            exercises = tuple(word[1:] for word in words if word.startswith("@"))
            for word in words:
                if not word.startswith("@"):
                    yield Claim(word, page, line, heading, exercises)
                elif not EXERCISE.match(word):
                    yield line, f"문제는 @실습:문제 꼴로 적습니다: {word}"


def all_claims(
    config: bookconfig.BookConfig, notes: list[Note], exercises: dict[str, str]
) -> list[Claim]:
    """The claims of all pages in the order of the book.

    Raises Wrong naming file and line of every claim of a note or an exercise that is not there.
    """
    known = {note.id for note in notes}
    found, wrong = [], []
    for page in config.pages:
        where = config.source(page).relative_to(config.root)
        for claim in claims(config.source(page).read_text("utf-8"), page, config.syntax):
            if not isinstance(claim, Claim):
                wrong.append(f"{where}:{claim[0]}: {claim[1]}")
                continue
            if claim.note not in known:
                wrong.append(f"{where}:{claim.line}: notes.yml에 없는 번호: {claim.note}")
            wrong += [
                f"{where}:{claim.line}: 내보낸 실습에 없는 문제: @{name}"
                for name in claim.exercises
                if name not in exercises
            ]
            found.append(claim)
    if wrong:
        raise Wrong("\n".join(dict.fromkeys(wrong)))
    return found


def exercises(config: bookconfig.BookConfig) -> dict[str, str]:
    """'lab:name' → the heading above it, for every exercise of the released labs."""
    found = {}
    for path in sorted((config.root / "labs").glob("*/*.ipynb")):
        heading = ""
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            first = "".join(cell["source"]).split("\n", 1)[0]
            if cell["cell_type"] == "markdown" and first.startswith("#"):
                heading = POINTS.sub("", first.lstrip("# ")).strip()
            elif cell["cell_type"] == "code" and (match := ANSWER.match(first)):
                found[f"{match[1]}:{match[2]}"] = heading
    return found

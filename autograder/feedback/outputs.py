"""What a student's cells printed and drew, as parts of a page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from autograder.feedback import clean
from autograder.feedback.withhold import joined

MOST_SHOWN = 30  # outputs of one exercise
MOST_PAGE_IMAGES = 3_000_000  # characters of all pictures of one exercise
_IMAGES = ("image/png", "image/jpeg", "image/svg+xml")


@dataclass(frozen=True)
class Shown:
    """kind `text` and `error`: plain text; `html`: sanitised; `image`: a data address; `note`: ours."""

    kind: Literal["text", "error", "html", "image", "note"]
    content: str


def shown(outputs: Iterable[dict]) -> list[Shown]:
    """The outputs in order, each in its best harmless form."""
    parts: list[Shown] = []
    images = 0
    for number, output in enumerate(outputs):
        if number == MOST_SHOWN:
            parts.append(Shown("note", f"출력이 많아 {MOST_SHOWN}개까지만 싣습니다."))
            break
        for part in _parts(output):
            images += len(part.content) if part.kind == "image" else 0
            if part.kind == "image" and images > MOST_PAGE_IMAGES:
                part = Shown("note", "그림이 많아 싣지 않습니다.")
            if part.content:
                parts.append(part)
    return parts


def _parts(output: dict) -> Iterator[Shown]:
    kind = output.get("output_type")
    if kind == "stream":
        is_error = output.get("name") == "stderr"
        yield Shown("error" if is_error else "text", clean.text(joined(output.get("text", ""))))
    elif kind == "error":
        line = f"{joined(output.get('ename', ''))}: {joined(output.get('evalue', ''))}"
        yield Shown("error", clean.text(line))
    elif kind in ("display_data", "execute_result"):
        data = output.get("data")
        yield _bundle(data if isinstance(data, dict) else {})


def _bundle(data: dict) -> Shown:
    """The best form in which a display can be shown: picture, table, text."""
    for kind in _IMAGES:
        if kind in data:
            address = clean.image(kind, joined(data[kind]))
            return Shown("image", address) if address else Shown("note", "그림을 실을 수 없습니다.")
    if "text/html" in data:
        raw = joined(data["text/html"])
        if len(raw) <= clean.MOST_HTML and (safe := clean.markup(raw)):
            return Shown("html", safe)
    if "text/plain" in data:
        return Shown("text", clean.text(joined(data["text/plain"])))
    return Shown("note", "노트북에서만 보이는 출력입니다.")

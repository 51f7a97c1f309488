"""One result → one page: self-contained HTML, no script, nothing loaded from anywhere."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from nbformat import NotebookNode

from autograder import notebooks
from autograder.feedback import clean
from autograder.feedback.outputs import Shown, shown
from autograder.results import Check, Exercise, Result

_TEMPLATES = Path(__file__).with_name("templates")
_ORDINALS = ("두 번째", "세 번째", "네 번째", "다섯 번째")


@dataclass(frozen=True)
class Context:
    """What a page needs beside the result.

    `titles`: exercise → heading in the lab. `penalty`: points lost for lateness. `comment`: the
    TA's words on the written answer, `comments`: on each exercise. `later`: (file, reason) of a
    hand-in that came after this one and was refused. `addresses`: name → address for `colab`,
    `page`, `students`.
    """

    course: str
    lab: str
    title: str
    timezone: ZoneInfo
    titles: dict[str, str] = field(default_factory=dict)
    deadline: datetime | None = None
    penalty: float = 0.0
    comment: str = ""
    comments: dict[str, str] = field(default_factory=dict)
    later: tuple[str, str] | None = None
    addresses: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """One exercise as the page shows it. `state`: full, part or none."""

    name: str
    title: str
    score: str
    max_score: str
    percent: int
    state: str
    word: str
    reason: str
    hints: list[tuple[str, str]]
    checks: list[dict]
    outputs: list[Shown]


def page(result: Result, context: Context) -> str:
    """The page's HTML. `result` must have gone through `Withhold.result` before.

    Every text is escaped by the template; only sanitised HTML output is put in as it is.
    """
    rows = [row_of(name, each, context.titles) for name, each in result.exercises.items()]
    score = result.score or 0.0
    values = {
        "status": result.status,
        "attempt": result.attempt,
        "student": clean.text(result.student or "?", 100),
        "about": context,
        "rows": rows,
        "full": sum(row.state == "full" for row in rows),
        "score": number(score),
        "max_score": number(result.max_score),
        "percent": _percent(score, result.max_score),
        "penalty": number(context.penalty) if context.penalty else "",
        "written": written_of(result),
        "handed_in": moment(result.handed_in, context.timezone),
        "deadline": context.deadline and when(context.deadline, context.timezone),
        "receipt": result.sha256[:12],
        "file": clean.text(result.file, 200),
        "reason": clean.text(result.reason, 1000),
        "notices": [clean.text(notice, 1000) for notice in result.notices],
        "later": context.later and tuple(clean.text(each, 500) for each in context.later),
        "comment": clean.text(context.comment),
        "comments": {name: clean.text(text) for name, text in context.comments.items()},
        "to_mend": [row for row in rows if row.state != "full"],
    }
    return _environment().get_template("page.html").render(values)


def titles(release: NotebookNode) -> dict[str, str]:
    """The heading above each exercise's answer cell, without its points."""
    found, last = {}, ""
    for cell in release.cells:
        if cell.cell_type == "markdown" and notebooks.role(cell) == "given":
            headings = re.findall(r"^#{1,4}\s+(.+)$", cell.source, re.MULTILINE)
            last = headings[-1] if headings else last
        elif notebooks.role(cell) in ("answer", "written"):
            found[notebooks.exercise(cell)] = re.sub(r"\s*\(\d+점\)\s*$", "", last).strip()
    return found


def number(value: float) -> str:
    """A score as people write it: 7, 7.5."""
    return f"{round(value, 2):g}"


def when(value: datetime, timezone: ZoneInfo) -> str:
    """A moment in the course's time zone."""
    local = value.astimezone(timezone)
    return f"{local.year}년 {local.month}월 {local.day}일 {local:%H:%M} ({local.tzname()})"


def moment(iso: str, timezone: ZoneInfo) -> str:
    """The same for an ISO 8601 text; empty for an empty one."""
    return when(datetime.fromisoformat(iso), timezone) if iso else ""


def row_of(name: str, exercise: Exercise, titles: dict[str, str]) -> Row:
    """An exercise as pages show it; it must have gone through `Withhold.result` before."""
    failed = [check for check in exercise.checks if not check.passed]
    public = next((check for check in failed if check.kind == "public"), None)
    state = "full" if exercise.score >= exercise.max_score else "part" if exercise.score else "none"
    return Row(
        name=name,
        title=titles.get(name, ""),
        score=number(exercise.score),
        max_score=number(exercise.max_score),
        percent=_percent(exercise.score, exercise.max_score),
        state=state,
        word={"full": "모두 맞음", "part": "일부 맞음", "none": "점수 없음"}[state],
        reason=clean.text(exercise.reason, 2000),
        hints=_hints(public),
        checks=[_check(check) for check in exercise.checks],
        outputs=shown(exercise.outputs),
    )


def _hints(check: Check | None) -> list[tuple[str, str]]:
    hints = check.hints if check else []
    return [(o, clean.text(h, 2000)) for o, h in zip(_ORDINALS, hints, strict=False)]


def _check(check: Check) -> dict:
    """kind, state (yes, some, no), word, points, and the parts: title, points, passed, message."""
    state = "yes" if check.passed else "some" if check.score else "no"
    return {
        "kind": "숨은 테스트" if check.kind == "hidden" else "공개 테스트",
        "state": state,
        "word": {"yes": "통과", "some": "일부 통과", "no": "통과하지 못함"}[state],
        "points": f"{number(check.score)} / {number(check.max_score)}",
        "parts": [
            {
                "title": clean.text(part["title"], 200),
                "points": number(part["points"]),
                "passed": part["passed"],
                "message": clean.text(part["message"], 1000),
            }
            for part in check.parts
        ],
    }


def _percent(score: float, maximum: float) -> int:
    return max(0, min(100, round(100 * score / maximum))) if maximum else 0


def written_of(result: Result) -> dict | None:
    """The written answer as pages show it: score (None: not read yet), max_score, answer."""
    if result.manual is None:
        return None
    score, answer = result.manual.score, result.manual.answer
    answer = re.sub(r"\A\s*<!--\s*\[[^\]]*\]\s*-->\n?", "", answer)
    return {
        "score": None if score is None else number(score),
        "max_score": number(result.manual.max_score),
        "answer": clean.text(answer),
    }


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

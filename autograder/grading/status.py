"""`course status`: who handed in what, what is graded, what failed and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from autograder.course import Course, Lab
from autograder.grading import history, record
from autograder.grading.gradebook import open_gradebook, refresh
from autograder.intake.inbox import HandIn, Inbox
from autograder.intake.refused import Refused
from autograder.intake.roster import Roster
from autograder.intake.submission import hand_ins, open_submission


def lines(course: Course, labs: Sequence[Lab]) -> Iterator[str]:
    """One line per hand-in that counts, then the refused ones, then who is missing."""
    inbox = Inbox(course)
    expected = [person.id for person in Roster.load(course).people]
    with open_gradebook(course) as gradebook:
        for lab in labs:
            yield f"■ {lab.name} — {lab.title}"
            here = set()
            for handin in hand_ins(course, lab.name):
                here.add(handin.student)
                result = record.load(course, handin.student, lab.name)
                if result is None or result.sha256 != handin.sha256:
                    try:
                        open_submission(course, handin)
                    except Refused as no:
                        yield _refusal(course, replace(handin, reason=str(no)))
                        continue
                    state = "채점 전"
                elif result.status == "failed":
                    state = f"실패: {result.reason}"
                else:
                    refresh(gradebook, result)
                    written = result.manual
                    mark = "" if not written else f" + 서술형 {_mark(written.score)}"
                    state = f"{result.score:g}/{result.max_score:g}{mark}"
                yield f"  {handin.student}  {handin.attempt}회째 {_when(course, handin)}  {state}"
            for handin in inbox.refused():
                if handin.lab == lab.name:
                    yield _refusal(course, handin)
            if missing := [name for name in expected if name not in here]:
                yield f"  내지 않음 {len(missing)}명: {', '.join(missing)}"
    unknown = [handin for handin in inbox.refused() if handin.lab is None]
    if unknown:
        yield "■ 어느 실습인지 알 수 없는 제출"
        for handin in unknown:
            yield _refusal(course, handin)


def history_lines(course: Course, labs: Sequence[Lab], student: str) -> Iterator[str]:
    """Every score that this student ever got, and why."""
    for lab in labs:
        yield f"■ {lab.name} — {student}"
        found = list(history.lines(course.record(student, lab.name), course.timezone))
        yield from (f"  {line}" for line in found or ["아직 채점하지 않았습니다"])


def _mark(score: float | None) -> str:
    return "채점 전" if score is None else f"{score:g}"


def _when(course: Course, handin: HandIn) -> str:
    return handin.handed_in.astimezone(course.timezone).strftime("%Y-%m-%d %H:%M")


def _refusal(course: Course, handin: HandIn) -> str:
    who = handin.student or "?"
    return f"  {who}  거절 {_when(course, handin)}  {handin.file}: {handin.reason}"

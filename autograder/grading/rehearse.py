"""`course grade --dry-run`: the very same grading into a scratch folder, and who would change by it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from autograder.course import Course, Lab
from autograder.grading import history, record
from autograder.grading.grade import grade
from autograder.grading.gradebook import copy_gradebook
from autograder.results import Result


@dataclass(frozen=True)
class Rehearsal(Course):
    """The same course, read from the same place, whose results go to `scratch`."""

    scratch: Path

    @property
    def db_url(self) -> str:
        """A copy of the gradebook."""
        return f"sqlite:///{self.scratch / 'gradebook.db'}"

    @property
    def records(self) -> Path:
        """Copies of the records."""
        return self.scratch / "records"

    def autograded(self, student: str, lab: str) -> Path:
        """Where graded notebooks go: nobody reads them here."""
        return self.scratch / "autograded" / student / lab


@dataclass(frozen=True)
class Change:
    """One student's scores in one lab before and after; None where there is no score.

    `before` counts what a TA gave, as the gradebook does. `dropped` are TAs' scores that would go.
    """

    student: str
    lab: str
    cause: str
    before: float | None
    after: float | None
    exercises: dict[str, tuple[float | None, float | None]] = field(default_factory=dict)
    dropped: dict[str, float] = field(default_factory=dict)

    @property
    def is_first(self) -> bool:
        """Whether there was no score before."""
        return self.before is None

    @property
    def size(self) -> float:
        """By how much the score changes; 0 where there is nothing to compare."""
        return 0.0 if self.before is None or self.after is None else self.after - self.before

    @property
    def matters(self) -> bool:
        """Whether anything about the scores would be different."""
        moved = any(before != after for before, after in self.exercises.values())
        return self.before != self.after or moved or bool(self.dropped)

    def data(self) -> dict:
        """For `--json`."""
        exercises = {
            name: {"before": before, "after": after}
            for name, (before, after) in self.exercises.items()
        }
        return asdict(self) | {"cause": self.cause.split(", "), "exercises": exercises}


def rehearse(
    course: Course,
    labs: Sequence[Lab],
    student: str | None = None,
    workers: int | None = None,
    force: bool = False,
    say: Callable[[str], None] = print,
    quiet: bool = False,
    scheduler: str | None = None,
) -> tuple[list[Result], list[Change]]:
    """Grades as `grade` would, without writing anything into the course.

    Returns the results that `grade` would return, and a Change for every submission that it would
    grade, biggest change first, first scores after them.

    Raises:
        UsageError: as `grade`.
    """
    # A desk that ends in the middle of a preview has it removed while it is still written to.
    with tempfile.TemporaryDirectory(
        prefix="course-rehearsal-", ignore_cleanup_errors=True
    ) as folder:
        scratch = Rehearsal(course.root, Path(folder))
        copy_gradebook(course, scratch.db_url)
        _copy_records(course, scratch, labs)
        results = grade(scratch, labs, student, workers, force, lambda line: None, quiet, scheduler)
        changes = [change for each in results if (change := _change(course, scratch, each))]
    changes.sort(key=lambda c: (c.is_first, -abs(c.size), c.lab, c.student))
    for line in _lines(labs, changes):
        say(line)
    say(_summary(results, changes))
    return results, changes


def _copy_records(course: Course, scratch: Rehearsal, labs: Sequence[Lab]) -> None:
    for lab in labs:
        for folder in course.records.glob(f"*/{lab.name}"):
            to = scratch.record(folder.parent.name, lab.name)
            to.mkdir(parents=True)
            for name in ("result.json", history.NAME):
                if (folder / name).is_file():
                    shutil.copy(folder / name, to)
            # A killed run's entry is of no score yet: what it began is graded here again.
            done = record.load(scratch, folder.parent.name, lab.name)
            history.forget_unfinished(to, done.entry if done else 0)


def _change(course: Course, scratch: Rehearsal, result: Result) -> Change | None:
    """The change of one hand-in, or None where it would not be graded (refused or unchanged)."""
    if result.status == "refused" or result.student is None:
        return None
    entries = history.read(scratch.record(result.student, result.lab))
    if not entries or entries[-1].get("n", 0) <= _known(course, result):
        return None
    after, before = entries[-1], (entries[-2] if len(entries) > 1 else {})
    if after["cause"] == "TA":
        return None
    names = [*before.get("exercises", {}), *after["exercises"]]
    return Change(
        student=result.student,
        lab=result.lab,
        cause=after["cause"],
        before=before.get("score"),
        after=after["score"],
        exercises={
            name: (before.get("exercises", {}).get(name), after["exercises"].get(name))
            for name in dict.fromkeys(names)
        },
        dropped=after["dropped"],
    )


def _known(course: Course, result: Result) -> int:
    """Number of the last entry that the real course has settled."""
    done = record.load(course, result.student, result.lab)
    entries = history.read(course.record(result.student, result.lab))
    settled = done.entry if done else 0
    return max((e.get("n", 0) for e in entries if not history.is_unfinished(e, settled)), default=0)


def _lines(labs: Sequence[Lab], changes: Sequence[Change]) -> Iterator[str]:
    for lab in labs:
        mine = [change for change in changes if change.lab == lab.name and change.matters]
        if mine:
            yield f"■ {lab.name} — {lab.title}"
        for change in mine:
            yield f"  {change.student}  {_score(change)}  {history.words(change.cause)}" + "".join(
                f"  {part}" for part in _parts(change)
            )


def _score(change: Change) -> str:
    arrow = f"{_number(change.before)} → {_number(change.after)}"
    return arrow if change.is_first or change.after is None else f"{arrow} ({change.size:+g})"


def _parts(change: Change) -> Iterator[str]:
    for name, (before, after) in change.exercises.items():
        if before != after:
            yield f"{name} {_number(before)} → {_number(after)}"
    for name, mark in change.dropped.items():
        yield f"조교가 준 {name} {mark:g}점 사라짐"


def _number(score: float | None) -> str:
    return "없음" if score is None else f"{score:g}"


def _summary(results: Sequence[Result], changes: Sequence[Change]) -> str:
    known = [change for change in changes if not change.is_first]
    up, down = (sum(sign * change.size > 0 for change in known) for sign in (1, -1))
    failed = sum(result.status == "failed" for result in results)
    first = sum(change.is_first and change.after is not None for change in changes)
    return (
        f"다시 채점 {len(known)}개: 오름 {up}, 내림 {down}, 그대로 {len(known) - up - down}. "
        f"처음 채점 {first}개, 실패 {failed}개. 아무것도 쓰지 않았습니다 (--dry-run)."
    )

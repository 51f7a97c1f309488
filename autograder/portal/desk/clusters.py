"""Equal failures together, so that one comment reaches all who made the same mistake."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from sqlalchemy import select
from starlette.responses import Response

from autograder.course import Course, UsageError
from autograder.grading import record
from autograder.grading.marking import add_comment, marking
from autograder.portal.call import Call, Stop
from autograder.portal.desk import klass
from autograder.portal.desk.submission import BUSY, MOST
from autograder.portal.routing import Rules, Who
from autograder.portal.student.view import policy, titles_of
from autograder.portal.tables import Comment

rules = Rules()
# What differs between two students who made the same mistake: numbers, addresses, places.
_VARIES = re.compile(r"0x[0-9a-fA-F]+|[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")


@dataclass(frozen=True)
class Failure:
    """One failed check of one hand-in: where, what was said to the student, what the error was."""

    exercise: str
    check: str
    kind: str
    message: str
    error: str

    @property
    def key(self) -> str:
        """The same for equal failures."""
        said = [
            self.exercise,
            self.check,
            *(_VARIES.sub("#", t) for t in (self.message, self.error)),
        ]
        return hashlib.sha256("\0".join(said).encode()).hexdigest()[:16]


@dataclass
class Cluster:
    """Equal failures of several students; `example` is one of them."""

    key: str
    example: Failure
    members: list[klass.Member] = field(default_factory=list)
    told: int = 0


def clusters(course: Course, found: klass.Klass) -> list[Cluster]:
    """The first failure of every exercise of every student, equal ones together, largest first."""
    groups: dict[str, Cluster] = {}
    for member in found.graded:
        for failure in failures(course, member):
            group = groups.setdefault(failure.key, Cluster(failure.key, failure))
            group.members.append(member)
            group.told += failure.exercise in member.line.comments
    order = {name: n for n, name in enumerate(_exercises(found))}
    return sorted(
        groups.values(), key=lambda c: (-len(c.members), order.get(c.example.exercise, 99), c.key)
    )


def failures(course: Course, member: klass.Member) -> Iterator[Failure]:
    """What this member's counting hand-in fails in."""
    path = course.record(member.login, member.row.lab) / "result.json"
    try:
        stamp = path.stat().st_mtime_ns
    except OSError:
        return
    sha256, found = _failures(course.root, member.login, member.row.lab, path, stamp)
    if sha256 == member.row.sha256:
        yield from found


@lru_cache(maxsize=4096)
def _failures(root: Path, student: str, lab: str, path: Path, stamp: int):
    result = record.load(Course(root), student, lab)
    if result is None or result.status != "graded":
        return "", ()
    found = []
    for name, exercise in result.exercises.items():
        failed = [check for check in exercise.checks if not check.passed]
        if failed:  # what comes after the first often only follows from it
            first = failed[0]
            error = (first.trace.splitlines() or [""])[0][:300]
            said = first.message or exercise.reason
            found.append(Failure(name, first.grade_id, first.kind, said[:500], error))
    return result.sha256, tuple(found)


def _exercises(found: klass.Klass) -> list[str]:
    return list(dict.fromkeys(n for each in found.graded for n in each.line.exercises))


@rules.get("/ta/labs/{lab}/failures", Who.TA)
def ta_failures(call: Call) -> Response:
    """The page."""
    lab = call.lab()
    return call.page(
        "ta/failures.html",
        lab=lab,
        clusters=clusters(call.desk.course, klass.load(call, lab)),
        titles=titles_of(call.desk.course, lab),
        hidden=policy(call.desk.settings, lab),
        sayings=sayings(call, lab.name),
    )


@rules.post("/ta/labs/{lab}/failures/{cluster}", Who.TA)
def ta_comment_all(call: Call) -> Response:
    """Says the same to everybody of one cluster."""
    lab, key = call.lab(), call.path["cluster"]
    text = call.text("text", MOST)
    found = clusters(call.desk.course, klass.load(call, lab))
    group = next((each for each in found if each.key == key), None)
    if group is None:
        raise Stop(404)
    exercise = group.example.exercise
    try:
        with marking(call.desk.course) as gradebook:
            receipts = {member.login: member.row.receipt for member in group.members}
            told = add_comment(gradebook, receipts, lab.name, exercise, text)
    except UsageError:
        raise Stop(409, BUSY) from None
    if call.form.get("keep"):
        keep_saying(call, lab.name, exercise, text)
    told = [receipts[login] for login in told]  # no names: a purge would have to find them
    call.audit("comment to all", f"{lab.name} {exercise}", cluster=key, text=text, told=told)
    return call.to("ta_failures", lab=lab.name)


def sayings(call: Call, lab: str, question: str | None = None) -> list[Comment]:
    """What TAs keep to say again, oldest first."""
    query = select(Comment).where(Comment.lab == lab)
    if question is not None:
        query = query.where(Comment.question == question)
    return list(call.db.scalars(query.order_by(Comment.id)))


def keep_saying(call: Call, lab: str, question: str, text: str) -> None:
    """Keeps a comment to be used again, once."""
    if text not in [each.text for each in sayings(call, lab, question)]:
        call.db.add(Comment(lab=lab, question=question, author=call.user.login, text=text))

"""`course collect`: takes in whatever a class handed in."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC
from pathlib import Path

from nbformat import NotebookNode

from autograder.course import Course, UsageError
from autograder.intake.archive import Incoming, incoming
from autograder.intake.inbox import HandIn, Inbox, now
from autograder.intake.notebook import lab_named_in, parse, too_big
from autograder.intake.refused import Refused
from autograder.intake.roster import Roster, safe_id
from autograder.intake.submission import open_submission, rebuild_for
from autograder.notebooks import dumps, write_text


def collect(
    course: Course,
    source: Path,
    lab: str | None = None,
    student: str | None = None,
    say: Callable[[str], None] = print,
) -> list[HandIn]:
    """Takes in everything in `source`; says one line for each thing refused, and a summary.

    Args:
        course: where it is kept.
        source: a file, a folder or a zip.
        lab: the lab that it is for; by default what the notebook or its name says.
        student: whose it is; by default what its place says, held against the roster.
        say: takes the lines.

    Returns:
        A receipt for each thing handed in, in the order of `source`.

    Raises:
        UsageError: source, lab or student make no sense; then nothing was taken in.
    """
    if lab is not None and not course.release(course.lab(lab).name).is_file():
        raise UsageError(f"labs/{lab}/{lab}.ipynb이 없습니다: course release {lab}")
    desk = _Desk(course, Inbox(course), Roster.load(course), lab, _owner(course, student))
    things = incoming(course, source)
    receipts: list[HandIn] = []
    fresh = 0
    touched: dict[tuple[str, str], None] = {}
    with desk.inbox.writing():
        for thing in things:
            receipt, new = desk.take(thing)
            receipts.append(receipt)
            fresh += new
            if receipt.status == "refused":
                say(f"거절: {thing.where}: {receipt.reason}")
            else:
                touched[receipt.student, receipt.lab] = None
        # A later one in SOURCE may have changed the number of an earlier one's attempt.
        receipts = [desk.inbox.latest(each) for each in receipts]
        current = {(each.student, each.lab): each for each in desk.inbox.current()}
        for key in touched:
            try:
                place(course, current[key])
            except Refused as no:  # taken in once, but the lab has changed since
                say(f"거절: {current[key].source}: {no}")
    refused = sum(each.status == "refused" for each in receipts)
    say(
        f"{len(receipts)}개를 살펴 {len(receipts) - refused}개를 받고 {refused}개를 거절했습니다"
        f"(새로 들어온 것 {fresh}개)."
    )
    return receipts


def place(course: Course, handin: HandIn, rebuilt: NotebookNode | None = None) -> None:
    """Writes nbgrader's submitted/<student>/<lab>/ for the hand-in that counts.

    Args:
        rebuilt: its rebuilt notebook, where somebody has it already.
    """
    folder = course.submitted(handin.student, handin.lab)
    notebook = dumps(rebuilt or open_submission(course, handin).rebuilt.notebook)
    moment = handin.handed_in.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC\n")
    for name, text in ((f"{handin.lab}.ipynb", notebook), ("timestamp.txt", moment)):
        file = folder / name
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            write_text(file, text)


def _owner(course: Course, student: str | None) -> str | None:
    if student is None:
        return None
    found = safe_id(student)
    if found is None:
        raise UsageError(f"'{student}'은(는) 학생 id로 쓸 수 없습니다(글자, 숫자, . _ - @ + 만).")
    roster = Roster.load(course)
    if roster and found not in roster:
        raise UsageError(f"명단(roster.csv)에 '{found}' 학생이 없습니다.")
    return found


@dataclass
class _Desk:
    """Where hand-ins are looked at one after another."""

    course: Course
    inbox: Inbox
    roster: Roster
    lab: str | None
    student: str | None

    def take(self, thing: Incoming) -> tuple[HandIn, bool]:
        """Keeps one thing, judges it, and writes its receipt; also says whether it is new."""
        try:
            with thing.open() as file:
                sha256, path = self.inbox.keep(file, thing.name)
        except OSError as error:  # the file went away while it was read
            thing = replace(thing, refused=f"읽을 수 없습니다: {error.strerror}")
            sha256, path = self.inbox.keep(io.BytesIO(), thing.name)
        orphan = self.inbox.unmatched(sha256) if self.student else None
        student = self.student or self._whose(thing, sha256)
        lab, reason = self._judge(thing, path)
        lab = lab or (orphan.lab if orphan else None)
        if not reason and student is None:
            reason = (
                "누구의 제출인지 알 수 없습니다: 아는 사람은 course collect "
                f"inbox/{sha256}/{path.name} --student ID"
            )
        return self.inbox.add(
            HandIn(
                student=student,
                lab=lab,
                file=orphan.file if orphan else thing.name,
                source=orphan.source if orphan else thing.where,
                sha256=sha256,
                handed_in=orphan.handed_in if orphan else thing.handed_in,
                received=now(),
                status="refused" if reason else "accepted",
                path=path,
                reason=reason,
                late=orphan.late if orphan else thing.said.late,
            )
        )

    def _whose(self, thing: Incoming, sha256: str) -> str | None:
        if self.roster:
            found = self.roster.find(thing.said.hints)
        else:
            found = thing.said.guess
        return found or self.inbox.known(sha256, thing.where)

    def _judge(self, thing: Incoming, path: Path) -> tuple[str | None, str]:
        """The lab it is for, and why it is refused (or nothing)."""
        known = [lab.name for lab in self.course.labs]
        lab = self.lab or thing.said.lab
        if thing.refused:
            return lab, thing.refused
        if thing.size > self.course.limits.file_mb * 2**20:
            return lab, too_big(thing.size, self.course.limits)
        try:
            notebook = parse(path.read_bytes(), self.course.limits)
            named = lab_named_in(notebook)
            if self.lab is None and named in known:
                lab = named
            if lab is None and named is not None:
                return None, f"이 과정에 없는 실습({named})의 노트북입니다."
            if lab is None:
                return None, "어느 실습의 노트북인지 알 수 없습니다: --lab으로 알려 주세요."
            rebuild_for(self.course, lab, notebook)
        except Refused as no:
            return lab, str(no)
        except UsageError:  # it costs one hand-in, not everybody's
            return lab, f"아직 배포하지 않은 실습({lab})의 노트북입니다."
        return lab, ""

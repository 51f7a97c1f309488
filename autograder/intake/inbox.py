"""Everything that was ever handed in, as it came, with its record.

`inbox/<sha256>/` holds the bytes once (`handed-in.ipynb`, or `.bin` for what is no notebook) and
`record.json` with a receipt for every time that they were handed in. Nothing is ever deleted here.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Literal

from autograder.course import Course
from autograder.intake.counting import counting
from autograder.notebooks import sync_folder, write_text

SCHEMA = 1
_CHUNK = 2**20


@dataclass(frozen=True)
class HandIn:
    """One receipt. `student`, `lab` and `attempt` are None where they are not known.

    `file` is the name it came with, `source` its place in what was collected, `path` where its
    bytes are. `handed_in` and `received` (when it was collected) are in UTC. `attempt` counts a
    student's hand-ins for a lab from 1 in order of time. `late` is true only where the learning
    platform said so.
    """

    student: str | None
    lab: str | None
    file: str
    source: str
    sha256: str
    handed_in: datetime
    received: datetime
    status: Literal["accepted", "refused"]
    path: Path
    reason: str = ""
    attempt: int | None = None
    late: bool = False

    @property
    def order(self) -> tuple:
        """Hand-ins sort by time; those of the same moment as they arrived."""
        return self.handed_in, self.received, self.sha256


class Inbox:
    """The inbox of a course. Reading needs no lock; writing happens inside `writing()`.

    Whoever keeps the object reads only those records anew that have changed since. It belongs to
    one thread at a time.

    Args:
        durable: what was kept and added is on disk when the call returns: no power cut takes it back.
    """

    def __init__(self, course: Course, durable: bool = False) -> None:
        self._course = course
        self.folder = course.inbox
        self._durable = durable
        self._held: dict[str, list[HandIn]] | None = None
        self._read: dict[str, tuple[tuple, list[HandIn]]] = {}

    # Reading

    def records(self) -> list[HandIn]:
        """Every receipt, in order of time."""
        held = self._load() if self._held is None else self._held
        return sorted((each for list_ in held.values() for each in list_), key=_order)

    def current(self, lab: str | None = None) -> list[HandIn]:
        """The accepted hand-in that counts (intake.counting), one per student and lab."""
        found: dict[tuple, list[HandIn]] = defaultdict(list)
        for each in self.records():
            if each.status == "accepted" and lab in (None, each.lab):
                found[each.student, each.lab].append(each)
        return [counting(self._course, found[key]) for key in sorted(found)]

    def accepted(self, student: str, lab: str) -> list[HandIn]:
        """This student's accepted hand-ins for this lab, in order of time."""
        held = self._load() if self._held is None else self._held
        mine = (each for list_ in held.values() for each in list_ if _owner(each) == (student, lab))
        return sorted((each for each in mine if each.status == "accepted"), key=_order)

    def refused(self) -> list[HandIn]:
        """What was refused and not made good by a later accepted hand-in."""
        records = self.records()
        accepted = [each for each in records if each.status == "accepted"]
        by_student: dict[str | None, list[HandIn]] = defaultdict(list)
        for each in accepted:
            by_student[each.student].append(each)

        def made_good(no: HandIn) -> bool:
            return any(
                no.lab in (None, yes.lab) and yes.order >= no.order
                for yes in by_student[no.student]
            )

        return [each for each in records if each.status == "refused" and not made_good(each)]

    def known(self, sha256: str, source: str) -> str | None:
        """The student whose these bytes from this place are, if somebody has said so before."""
        return next(
            (each.student for each in self._of_bytes(sha256) if each.source == source), None
        )

    def unmatched(self, sha256: str) -> HandIn | None:
        """The receipt of these bytes that nobody owns yet, if there is one."""
        return next((each for each in self._of_bytes(sha256) if each.student is None), None)

    def _of_bytes(self, sha256: str) -> list[HandIn]:
        return (self._load() if self._held is None else self._held).get(sha256, [])

    # Writing

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Holds the inbox for one collect; another one waits until it is done."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(self.folder / ".lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._held = self._load()
            try:
                yield
            finally:
                self._held = None

    def sweep(self) -> None:
        """Removes what a writer that was killed left half written; only inside `writing()`."""
        for path in self.folder.glob(".arriving-*"):
            path.unlink(missing_ok=True)

    def keep(self, file: BinaryIO, name: str) -> tuple[str, Path]:
        """Copies a stream into the inbox and returns its sha256 and where it lies.

        The bytes become visible under their final name only when all of them are there.
        """
        handle, temporary = tempfile.mkstemp(dir=self.folder, prefix=".arriving-")
        digest = hashlib.sha256()
        try:
            with os.fdopen(handle, "wb") as out:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
                    out.write(chunk)
                out.flush()
                os.fsync(out.fileno())
            sha256 = digest.hexdigest()
            path = self._bytes(sha256)
            if not path.exists():
                path = self.folder / sha256 / f"handed-in{_suffix(name)}"
                path.parent.mkdir(exist_ok=True)
                os.chmod(temporary, 0o644)  # readable, never executable
                os.replace(temporary, path)
                if self._durable:
                    sync_folder(path.parent)
                    sync_folder(self.folder)
            return sha256, path
        finally:
            if os.path.exists(temporary):
                os.unlink(temporary)

    def add(self, new: HandIn) -> tuple[HandIn, bool]:
        """Writes a receipt, if it says something new; returns it and whether it was new.

        The same bytes of the same student for the same lab are no new attempt, except when
        something else was handed in between: then the student has gone back to them.
        """
        assert self._held is not None, "add() outside writing()"
        receipts = self._held.setdefault(new.sha256, [])
        orphan = next((each for each in receipts if _is_same_case(each, new)), None)
        if orphan is not None:  # now it is known whose this is
            receipts.remove(orphan)
        same = [each for each in receipts if _key(each) == _key(new)]
        if same and not self._went_back(new):
            last = max(same, key=_order)
            if (last.status, last.reason) == (new.status, new.reason) and orphan is None:
                return last, False
            # The same hand-in judged anew, after a change of limits or of the lab.
            receipts.remove(last)
            new = replace(last, status=new.status, reason=new.reason)
        receipts.append(new)
        self._number(new)
        return self.latest(new), True

    def latest(self, one: HandIn) -> HandIn:
        """The same receipt as it stands now, with its number."""
        return next(
            (
                each
                for each in self._of_bytes(one.sha256)
                if each.order == one.order and _key(each) == _key(one)
            ),
            one,
        )

    def _went_back(self, new: HandIn) -> bool:
        """Whether something else came between these bytes and `new`, which has them again."""
        if new.student is None or new.lab is None:
            return False
        last = max(self._of(new), key=_order)
        return last.sha256 != new.sha256 and new.handed_in > last.handed_in

    def _of(self, one: HandIn) -> list[HandIn]:
        """Every receipt of this one's student and lab."""
        return [
            each for list_ in self._held.values() for each in list_ if _owner(each) == _owner(one)
        ]

    def _number(self, new: HandIn) -> None:
        """Counts the attempts of `new`'s student anew and writes every record that changes."""
        touched = {new.sha256}
        if None not in _owner(new):
            for attempt, each in enumerate(sorted(self._of(new), key=_order), 1):
                if each.attempt != attempt:
                    receipts = self._held[each.sha256]
                    receipts[receipts.index(each)] = replace(each, attempt=attempt)
                    touched.add(each.sha256)
        for sha256 in sorted(touched):
            self._write(sha256)

    def _write(self, sha256: str) -> None:
        receipts = []
        for each in self._held[sha256]:
            fields = asdict(each)
            del fields["sha256"], fields["path"]  # the folder says both
            fields["handed_in"] = each.handed_in.isoformat()
            fields["received"] = each.received.isoformat()
            receipts.append(fields)
        path = self._bytes(sha256)
        record = {
            "schema": SCHEMA,
            "sha256": sha256,
            "size": path.stat().st_size,
            "receipts": receipts,
        }
        text = json.dumps(record, ensure_ascii=False, indent=1) + "\n"
        write_text(self.folder / sha256 / "record.json", text, durable=self._durable)

    # Files

    def _bytes(self, sha256: str) -> Path:
        notebook = self.folder / sha256 / "handed-in.ipynb"
        other = self.folder / sha256 / "handed-in.bin"
        return notebook if notebook.exists() or not other.exists() else other

    def _load(self) -> dict[str, list[HandIn]]:
        read: dict[str, tuple[tuple, list[HandIn]]] = {}
        for name in sorted(os.listdir(self.folder)) if self.folder.is_dir() else ():
            record = self.folder / name / "record.json"
            try:
                found = record.stat()
            except (FileNotFoundError, NotADirectoryError):
                continue
            # A record is written whole under a new inode, so these change with it.
            stamp = (found.st_mtime_ns, found.st_ino, found.st_size)
            known = self._read.get(name)
            read[name] = known if known and known[0] == stamp else (stamp, self._receipts(record))
        self._read = read
        return {sha256: list(receipts) for sha256, (_, receipts) in read.items()}

    def _receipts(self, record: Path) -> list[HandIn]:
        sha256 = record.parent.name
        path = self._bytes(sha256)
        return [
            HandIn(
                **{
                    **receipt,
                    "sha256": sha256,
                    "path": path,
                    "handed_in": _moment(receipt["handed_in"]),
                    "received": _moment(receipt["received"]),
                }
            )
            for receipt in json.loads(record.read_text(encoding="utf-8"))["receipts"]
        ]


def now() -> datetime:
    """This moment in UTC."""
    return datetime.now(UTC)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _suffix(name: str) -> str:
    return ".ipynb" if ".ipynb" in name.lower() else ".bin"


def _owner(each: HandIn) -> tuple[str | None, str | None]:
    return each.student, each.lab


def _key(each: HandIn) -> tuple:
    # What nobody owns is told apart by its place: two files without an owner are two cases.
    return (*_owner(each), each.source if each.student is None else None)


def _is_same_case(orphan: HandIn, new: HandIn) -> bool:
    """Whether `new` is the hand-in without an owner, now with one."""
    return orphan.student is None and new.student is not None and orphan.source == new.source


def _order(each: HandIn) -> tuple:
    return each.order

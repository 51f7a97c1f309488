"""Rehearsals of a regrade, one after another in the background; what they found is kept in memory."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from autograder.course import Course, Lab
from autograder.grading.rehearse import Change, rehearse
from autograder.portal.tables import now


@dataclass
class Preview:
    """What a regrade would change. state: `running`, `done` or `failed` (then `trouble` says why).

    `stamp` is of the lab's files: a preview of other files is of no use.
    """

    lab: str
    stamp: str
    by: str
    started: datetime = field(default_factory=now)
    state: str = "running"
    trouble: str = ""
    changes: list[Change] = field(default_factory=list)
    results: int = 0

    @property
    def moved(self) -> list[Change]:
        """Those whose scores would be other ones; the largest change first."""
        return [each for each in self.changes if each.matters]

    def count(self, sign: int) -> int:
        """How many would go up (1) or down (-1)."""
        return sum(sign * each.size > 0 for each in self.changes)


class Previews:
    """The last preview of every lab. One thread rehearses at a time: students' hand-ins come first."""

    def __init__(self, run: Callable = rehearse) -> None:
        self._run, self._turn, self._lock = run, threading.Lock(), threading.Lock()
        self._found: dict[str, Preview] = {}

    def get(self, lab: str) -> Preview | None:
        """The last one."""
        return self._found.get(lab)

    def forget(self, lab: str) -> None:
        """It is done, or of no use any more."""
        self._found.pop(lab, None)

    def start(self, course: Course, lab: Lab, by: str) -> Preview:
        """Begins one, unless one of the same files is running."""
        with self._lock:
            here, before = stamp(course, lab.name), self._found.get(lab.name)
            if before and before.state == "running" and before.stamp == here:
                return before
            made = self._found[lab.name] = Preview(lab.name, here, by)
        work = threading.Thread(
            target=self._rehearse, args=(Course(course.root), lab, made), daemon=True
        )
        work.start()
        return made

    def _rehearse(self, course: Course, lab: Lab, made: Preview) -> None:
        with self._turn:
            try:
                results, made.changes = self._run(
                    course, [lab], workers=1, say=lambda line: None, quiet=True
                )
                made.results = len(results)
                made.state = "done"
            except Exception as error:  # noqa: BLE001  whatever it is, the TA has to see it
                made.trouble = (str(error).splitlines() or [type(error).__name__])[0][:300]
                made.state = "failed"


def stamp(course: Course, lab: str) -> str:
    """A hash of everything of the lab that a score depends on."""
    digest = hashlib.sha256()
    for folder in (course.source(lab).parent, course.release(lab).parent):
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            digest.update(f"{path.relative_to(course.root)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:32]

"""The grader's eye on a submission: reads the judge's events, and its own clock where the judge cannot."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from autograder.course import Limits
from autograder.sandbox.events import Nonsense, Reader
from autograder.sandbox.executor import CellRun

# Seconds beyond a cell's time. The judge keeps the limits itself; this is for when it hangs in C.
SPARE = 3.0
_CHUNK = 1 << 20


@dataclass
class Report:
    """`runs`: cells that ended. `culprit`: the cell in which a process died or had to be killed."""

    runs: dict[str, CellRun] = field(default_factory=dict)
    culprit: str | None = None
    why: Literal["timeout", "died"] | None = None


class Watch:
    """Watches one judge until it is done, dead, or out of time; killing is the caller's part.

    Args:
        events: the pipe that the judge writes to.
        bell: an eventfd: there is something in the pipe that should be read now.
        control: readable when the judge's process has ended (any byte of it means just that).
        interrupt: sends the student's process SIGINT.
    """

    def __init__(
        self,
        events: int,
        bell: int,
        control: int,
        interrupt: Callable[[], None],
        reader: Reader,
        limits: Limits,
    ) -> None:
        self._events, self._bell, self._control = events, bell, control
        self._interrupt, self._reader, self._limits = interrupt, reader, limits
        self._report = Report()
        self._current: str | None = None
        self._why: Literal["timeout", "died"] = "died"
        self._total_end = self._cell_end = time.monotonic() + limits.submission_seconds
        self._done = False
        self._silent = False  # nothing more comes that could be believed

    def run(self) -> Report:
        """Raises OSError when the channel breaks."""
        exited = False
        while not exited:
            left = min(self._cell_end, self._total_end) - time.monotonic()
            # A cell's beginning rings no bell: it is noticed by the next look at the latest.
            wait = max(0.0, min(left, SPARE))
            ready = select.select([self._bell, self._control], [], [], wait)[0]
            if self._bell in ready:
                os.eventfd_read(self._bell)
            exited = self._control in ready
            self._read()
            if self._done or self._silent:
                break
            if min(self._cell_end, self._total_end) <= time.monotonic():
                self._why = "timeout"
                break
        if not self._done and self._current is not None:
            self._report.culprit, self._report.why = self._current, self._why
        return self._report

    def _read(self) -> None:
        """Takes all that is in the pipe now."""
        while not (self._done or self._silent) and select.select([self._events], [], [], 0)[0]:
            chunk = os.read(self._events, _CHUNK)
            self._silent = not chunk
            try:
                for kind, what in self._reader.feed(chunk):
                    self._take(kind, what)
            except Nonsense:
                self._silent = True

    def _take(self, kind: str, what: object) -> None:
        if kind == "done":
            self._done = True
        elif kind == "interrupt":
            self._interrupt()
        elif kind == "lost":
            self._why = what
        elif kind == "start":
            self._current = what
            self._cell_end = time.monotonic() + self._limits.cell_seconds + SPARE
        else:
            self._report.runs[what.id] = what
            self._current, self._cell_end = None, self._total_end

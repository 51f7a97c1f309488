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
        control: readable when the judge's process has ended (any byte of it means just that).
        interrupt: sends the student's process SIGINT.
    """

    def __init__(
        self,
        events: int,
        control: int,
        interrupt: Callable[[], None],
        reader: Reader,
        limits: Limits,
    ) -> None:
        self._events, self._control = events, control
        self._interrupt, self._reader, self._limits = interrupt, reader, limits
        self._report = Report()
        self._current: str | None = None
        self._why: Literal["timeout", "died"] = "died"
        self._total_end = self._cell_end = time.monotonic() + limits.submission_seconds
        self._done = False

    def run(self) -> Report:
        """Raises OSError when the channel breaks."""
        exited = False
        while not self._done:
            left = min(self._cell_end, self._total_end) - time.monotonic()
            if left <= 0:
                self._why = "timeout"
                break
            watched = [self._events] if exited else [self._events, self._control]
            ready = select.select(watched, [], [], 0 if exited else left)[0]
            exited = exited or self._control in ready
            if self._events not in ready:
                if exited and not ready:
                    break  # what it had said before it ended is read
                continue
            chunk = os.read(self._events, _CHUNK)
            if not chunk:
                break
            try:
                for kind, what in self._reader.feed(chunk):
                    self._take(kind, what)
            except Nonsense:
                break
        if not self._done and self._current is not None:
            self._report.culprit, self._report.why = self._current, self._why
        return self._report

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

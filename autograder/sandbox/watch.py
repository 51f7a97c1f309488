"""The grader's eye on one student process: reads its events, keeps its time limits."""

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

GRACE = 1.5  # seconds between asking a cell to stop (SIGINT) and ending its process
_CHUNK = 1 << 20


@dataclass
class Report:
    """`runs`: cells that ended. `culprit`: the cell in which the process died or had to be killed."""

    runs: dict[str, CellRun] = field(default_factory=dict)
    culprit: str | None = None
    why: Literal["timeout", "died"] | None = None


class Watch:
    """Watches one process until it is done, dead, or out of time; killing it is the caller's part.

    Args:
        events: the pipe that the process writes to; not blocking.
        control: readable when the process has ended (any byte of it means just that).
        interrupt: sends it SIGINT.
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
        self._done = False

    def run(self) -> Report:
        """Raises OSError when the channel breaks."""
        started = time.monotonic()
        all_end = total_end = started + self._limits.submission_seconds
        cell_end = total_end
        interrupted = timed_out = exited = False
        while not self._done:
            now = time.monotonic()
            end = min(cell_end, total_end)
            if now >= end:
                timed_out = True
                if interrupted or self._current is None:
                    break
                interrupted = True
                self._interrupt()
                cell_end = total_end = now + GRACE
                continue
            watched = [self._events] if exited else [self._events, self._control]
            ready = select.select(watched, [], [], 0 if exited else end - now)[0]
            exited = exited or self._control in ready
            if self._events not in ready:
                if exited and not ready:
                    break  # what it had said before it ended is read
                continue
            chunk = os.read(self._events, _CHUNK)
            if not chunk:
                break
            try:
                events = self._reader.feed(chunk)
            except Nonsense:
                break
            for kind, what in events:
                if kind == "done":
                    self._done = True
                elif kind == "start":
                    self._current = what
                    cell_end = time.monotonic() + self._limits.cell_seconds
                else:
                    if interrupted:
                        what.status = "timeout"
                        interrupted = timed_out = False
                        total_end = all_end
                    self._report.runs[what.id] = what
                    self._current, cell_end = None, total_end
        if not self._done and self._current is not None:
            self._report.culprit = self._current
            self._report.why = "timeout" if timed_out else "died"
        return self._report

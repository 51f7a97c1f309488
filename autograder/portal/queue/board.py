"""Where every unfinished grading stands, in memory: asked many times a second by waiting browsers."""

from __future__ import annotations

import bisect
import threading
import time
from collections import deque
from dataclasses import dataclass

REMEMBERED = 30  # gradings by which the pace is told


@dataclass(frozen=True)
class Standing:
    """state: `waiting` (then `place` counts from 1), `running`, `done` or `failed`.

    `seconds`: about how long it will still take; None where nothing is known.
    """

    state: str
    place: int = 0
    seconds: int | None = None


class Board:
    """Thread-safe. Jobs are numbers; smaller ones come first."""

    def __init__(self, workers: int) -> None:
        self._workers = max(1, workers)
        self._lock = threading.Lock()
        self._waiting: list[int] = []
        self._running: dict[int, float] = {}
        self._ended: dict[int, str] = {}
        self._took: deque[float] = deque(maxlen=REMEMBERED)

    def waits(self, job: int) -> None:
        """The job is in the queue."""
        with self._lock:
            self._forget(job)
            bisect.insort(self._waiting, job)

    def runs(self, job: int) -> None:
        """Its grading has begun."""
        with self._lock:
            self._forget(job)
            self._running[job] = time.monotonic()

    def ends(self, job: int, state: str) -> None:
        """It is over: `done` or `failed`."""
        with self._lock:
            if job in self._running:
                self._took.append(time.monotonic() - self._running[job])
            self._forget(job)
            self._ended[job] = state
            while len(self._ended) > 2000:  # older ones are asked of the database
                self._ended.pop(next(iter(self._ended)))

    def drops(self, job: int) -> None:
        """Nothing is to be done for it: the database says how it stands."""
        with self._lock:
            self._forget(job)

    def _forget(self, job: int) -> None:
        self._running.pop(job, None)
        self._ended.pop(job, None)
        at = bisect.bisect_left(self._waiting, job)
        if at < len(self._waiting) and self._waiting[at] == job:
            self._waiting.pop(at)

    def standing(self, job: int) -> Standing | None:
        """Where the job stands; None where the board does not know it."""
        with self._lock:
            if job in self._ended:
                return Standing(self._ended[job])
            pace = sum(self._took) / len(self._took) if self._took else None
            if job in self._running:
                return Standing("running", 0, None if pace is None else round(pace + 0.5))
            place = bisect.bisect_left(self._waiting, job)
            if place == len(self._waiting) or self._waiting[place] != job:
                return None
            ahead = place + len(self._running)
            left = None if pace is None else round(pace * (ahead / self._workers + 1) + 0.5)
            return Standing("waiting", ahead + 1, left)

    def load(self) -> tuple[int, int]:
        """How many wait, how many run."""
        with self._lock:
            return len(self._waiting), len(self._running)

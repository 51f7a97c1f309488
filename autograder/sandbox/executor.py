"""The one small door to wherever student code runs.

Grading knows only `Executor`: give it cells, get back what each cell did. That tests
run in a process of their own, and what walls stand around the student's, is behind this door.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from autograder.course import Limits

Kind = Literal["given", "answer", "extra", "test", "carry"]


@dataclass(frozen=True)
class Step:
    """One cell to run.

    `exercise` is set for answer and test cells; `defines` too: the names that the instructor's answer
    defines. `banned` is set for test cells: while a function called like one of `defines` runs, every
    dotted name in `banned` raises. A step `carry` runs in the judge's process only and puts its functions
    `defines` in the place of the student's; they answer while the test cells after it run.
    `after` names a step; when that one hung or died, this one would too and is not run (a hidden
    test after its exercise's public test).
    """

    id: str
    source: str
    kind: Kind
    exercise: str | None = None
    defines: tuple[str, ...] = ()
    banned: tuple[str, ...] = ()
    after: str | None = None


@dataclass
class CellError:
    """What a cell raised. `message` and `hints` are there when it was a `checks.Mistake`.

    `parts` when it was a `checks.Unmet`: what was wrong with each part of the test, "" for nothing.
    """

    name: str
    value: str
    trace: str = ""
    line: int | None = None
    message: str = ""
    hints: list[str] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)


@dataclass
class CellRun:
    """What became of one cell.

    status: `ok`; `error` (it raised); `timeout` (it was interrupted, or had to be killed, after its
    time); `died` (the process ended in it: memory, `os._exit`); `not_run` (no time was left).
    `outputs` are nbformat outputs. `banned` is the first banned name that was called. `limit` says which
    time a `timeout` was beyond: the cell's, or that of one call of a student's function.
    """

    id: str
    status: Literal["ok", "error", "timeout", "died", "not_run"]
    outputs: list[dict] = field(default_factory=list)
    error: CellError | None = None
    seconds: float = 0.0
    banned: str | None = None
    limit: Literal["cell", "call"] = "cell"


class ExecutorFailed(Exception):
    """Our fault, not the student's: the warm process is gone or does not answer."""


class Executor(Protocol):
    """Runs cells in order in fresh processes; one cell's failure never stops the ones after it.

    Cells of kind `test` run in a process that the others cannot reach; `given` cells run in both.
    """

    def run(
        self, steps: Sequence[Step], files: Mapping[str, bytes], limits: Limits
    ) -> list[CellRun]:
        """Runs `steps` in a private folder that holds `files` (relative name → bytes).

        Returns one CellRun per step, in order.

        Raises:
            ExecutorFailed: the machinery broke; nothing is known about the cells.
        """
        ...

    def close(self) -> None:
        """Ends every process that belongs to this executor."""
        ...

"""What a student's cells showed, as text that every file, database and page can hold.

Halves of character pairs cannot be written as UTF-8, and PostgreSQL takes no NUL: one cell that
prints such a thing would stop the grading of a whole class.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any

from autograder.sandbox.executor import CellError, CellRun

_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")


def writable(runs: Iterable[CellRun]) -> list[CellRun]:
    """The runs, with a sign for the unreadable in place of what cannot be written."""
    return [
        replace(
            run,
            outputs=_clean(run.outputs),
            error=run.error and CellError(**_clean(asdict(run.error))),
        )
        for run in runs
    ]


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return _UNWRITABLE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_clean(each) for each in value]
    if isinstance(value, dict):
        return {_clean(key): _clean(each) for key, each in value.items()}
    return value

"""What the judge's process says about the cells, and some of it was said by the student's.

Everything is checked, nothing may grow without bound.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import fields

from autograder.sandbox.cells import MAX_PARTS
from autograder.sandbox.executor import CellError, CellRun

OVERHEAD = 256 * 1024  # of one event, besides the outputs: the error, its trace
ESCAPES = 6  # one character may become six bytes of JSON
MAX_CELL_ERROR = 20_000  # characters of one field

_ERROR = {field.name for field in fields(CellError)}
_STREAM = {"output_type", "name", "text"}
_DATA = {"output_type", "data", "metadata", "execution_count"}


class Nonsense(Exception):
    """The channel says what our code never says."""


class Reader:
    """Takes bytes, gives events.

    ("start", id); ("run", CellRun); ("interrupt", None): the student's process is to be interrupted;
    ("lost", why): it is no more; ("done", None).

    Args:
        ids: the cells there are.
        output_kb: what one cell may print.
    """

    def __init__(self, ids: Collection[str], output_kb: float) -> None:
        self._ids = set(ids)
        self._limit = int(output_kb * 1024) * ESCAPES + OVERHEAD
        self._buffer = bytearray()
        self._told: set[str] = set()

    def feed(self, chunk: bytes) -> list[tuple[str, str | CellRun | None]]:
        """The events that are complete now. Raises Nonsense."""
        self._buffer += chunk
        *lines, rest = self._buffer.split(b"\n")
        if len(rest) > self._limit or any(len(line) > self._limit for line in lines):
            raise Nonsense("too long")
        self._buffer = bytearray(rest)
        return [self._event(bytes(line)) for line in lines]

    def _event(self, line: bytes) -> tuple[str, str | CellRun | None]:
        try:
            event = json.loads(line)
            if "done" in event:
                return "done", None
            if "interrupt" in event:
                return "interrupt", None
            if "lost" in event:
                return "lost", "timeout" if event["lost"] == "timeout" else "died"
            if "start" in event:
                return "start", self._known(event["start"])
            return "run", self._run(event["run"])
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise Nonsense(str(error)) from None

    def _known(self, name: str) -> str:
        if name not in self._ids:
            raise Nonsense("no such cell")
        return name

    def _run(self, data: dict) -> CellRun:
        run = CellRun(
            self._known(data["id"]),
            data["status"],
            [_output(each) for each in data["outputs"]],
            None if data["error"] is None else _error(data["error"]),
            min(max(float(data["seconds"]), 0.0), 1e6),
            None if data["banned"] is None else str(data["banned"])[:200],
            "call" if data.get("limit") == "call" else "cell",
        )
        if run.id in self._told or run.status not in ("ok", "error", "timeout"):
            raise Nonsense("no such outcome")
        if (run.status == "error") != (run.error is not None) and run.status != "timeout":
            raise Nonsense("an error without one")
        self._told.add(run.id)
        return run


def _output(data: dict) -> dict:
    kind = data["output_type"]
    if kind == "stream" and set(data) == _STREAM and data["name"] in ("stdout", "stderr"):
        if isinstance(data["text"], str):
            return data
    if kind in ("display_data", "execute_result") and set(data) <= _DATA:
        texts = [*data["data"], *data["data"].values()]
        if data["metadata"] == {} and all(isinstance(text, str) for text in texts):
            if (kind == "execute_result") == ("execution_count" in data):
                if data.get("execution_count") is None:
                    return data
    raise Nonsense("no such output")


def _error(data: dict) -> CellError:
    if set(data) != _ERROR:
        raise Nonsense("no such error")
    texts = [data["name"], data["value"], data["trace"], data["message"]]
    texts += [*data["hints"], *data["parts"]]
    many = len(data["hints"]) > 5 or len(data["parts"]) > MAX_PARTS
    if not all(isinstance(text, str) for text in texts) or many:
        raise Nonsense("no such error")
    if not (data["line"] is None or type(data["line"]) is int):
        raise Nonsense("no such line")
    data["name"] = data["name"][:200]
    for key in ("value", "trace", "message"):
        data[key] = data[key][:MAX_CELL_ERROR]
    return CellError(**data)

"""What the student's process says of a cell, made harmless: only what is expected, in the expected types."""

from __future__ import annotations

from autograder.sandbox.recorder import Recorder

_MANY = 100_000  # outputs of one cell; the recorder stops long before
_NOTE = 512  # bytes, for the student's recorder to say that it cut


def _text(value: object, limit: int = 2000) -> str:
    return str(value)[:limit] if type(value) is str else ""


def error(value: object) -> dict:
    """CellError's fields out of whatever was said."""
    value = value if isinstance(value, dict) else {}
    line, hints = value.get("line"), value.get("hints")
    return {
        "name": _text(value.get("name"), 80) or "Exception",
        "value": _text(value.get("value")),
        "trace": _text(value.get("trace"), 8000),
        "line": line if type(line) is int and 0 < line < 10**6 else None,
        "message": _text(value.get("message")),
        "hints": [_text(hint) for hint in hints[:5]] if isinstance(hints, list) else [],
        "parts": [],  # of a test of ours only
    }


def add(value: object, recorder: Recorder) -> None:
    """Adds outputs to ours, within our own limit."""
    for output in value[:_MANY] if isinstance(value, list) else ():
        if not isinstance(output, dict):
            continue
        kind, data = output.get("output_type"), output.get("data")
        if kind == "stream" and output.get("name") in ("stdout", "stderr"):
            recorder.text(output["name"], _text(output.get("text"), recorder.limit + 1))
        elif kind in ("display_data", "execute_result") and isinstance(data, dict):
            whole = {m: d for m, d in data.items() if type(m) is type(d) is str}
            recorder.data(kind, whole)


def run(value: object, step: str, limit: int) -> dict:
    """CellRun's fields of a cell that the student's process ran; `limit` bytes may be shown."""
    value = value if isinstance(value, dict) else {"error": {}}
    recorder = Recorder(limit + _NOTE)
    add(value.get("outputs"), recorder)
    told = value.get("error")
    return {
        "id": step,
        "status": "ok" if told is None else "error",
        "outputs": recorder.finished(),
        "error": None if told is None else error(told),
        "banned": None,
    }

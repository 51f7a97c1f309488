"""Why a submission is graded (again): words that the history keeps."""

from __future__ import annotations

from autograder.results import Result

# Part of a result's key -> what is said when it differs.
_CHANGED = {
    "tests": "tests changed",
    "files": "files changed",
    "answers": "answers rebuilt",
    "limits": "limits changed",
    "environment": "environment changed",
    "grader": "grader changed",
}


def cause(previous: Result | None, result: Result, parts: dict[str, str]) -> str:
    """Why `result` differs from what was saved `previous`ly; several causes are joined by commas.

    Args:
        parts: the parts of the present key (`one.parts`), also of a result that failed.
    """
    if previous is None:
        return "first"
    if (previous.sha256, previous.handed_in) != (result.sha256, result.handed_in):
        return "new hand-in"
    if previous.status == "failed":
        return "retried"
    changed = [
        word
        for name, word in _CHANGED.items()
        if name in previous.parts and previous.parts[name] != parts.get(name)
    ]
    if not previous.parts:  # saved before parts were
        changed = ["tests changed"] if previous.key != result.key else []
    if previous.attempt != result.attempt:
        changed.append("renumbered")
    return ", ".join(changed) or "forced"

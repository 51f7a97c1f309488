"""What grading says about one submission: the data that gradebook, feedback and JSON are made of."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Literal

SCHEMA = 1

Status = Literal["graded", "refused", "failed"]


@dataclass
class Check:
    """One test cell's verdict.

    `message` is a Korean sentence for the student (empty when passed); `hints` come after it, folded.
    `trace` is the TA's: it may show hidden tests and never goes to a student. `parts`, where the cell
    gives its points in parts (judge.points): title, points, passed, message of each.
    """

    grade_id: str
    kind: Literal["public", "hidden"]
    passed: bool
    score: float
    max_score: float
    message: str = ""
    hints: list[str] = field(default_factory=list)
    trace: str = ""
    parts: list[dict] = field(default_factory=list)


@dataclass
class Exercise:
    """One exercise: its checks, and what the student's own cells of it printed (nbformat outputs)."""

    score: float
    max_score: float
    reason: str = ""
    checks: list[Check] = field(default_factory=list)
    outputs: list[dict] = field(default_factory=list)
    seconds: float = 0.0
    carried: list[str] = field(
        default_factory=list
    )  # names that were the reference's (judge.carry)


@dataclass
class Manual:
    """The written question: `score` is None until a TA has read the answer."""

    score: float | None
    max_score: float
    answer: str = ""


@dataclass
class Carried:
    """A result as the gradebook counts it: with the TA's own scores that are kept.

    `kept` and `dropped` are the TA's scores by cell; `dropped` were of an earlier hand-in.
    """

    score: float | None = None
    exercises: dict[str, float] = field(default_factory=dict)
    kept: dict[str, float] = field(default_factory=dict)
    dropped: dict[str, float] = field(default_factory=dict)


@dataclass
class Result:
    """One submission. `reason` is one Korean line; scores are None unless `status` is graded."""

    student: str | None
    lab: str | None
    file: str
    sha256: str
    attempt: int | None
    status: Status
    reason: str = ""
    score: float | None = None
    max_score: float = 100
    manual: Manual | None = None
    exercises: dict[str, Exercise] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    handed_in: str = ""  # ISO 8601, UTC
    key: str = ""  # hash of answers, tests and environment: equal keys, equal scores
    parts: dict[str, str] = field(
        default_factory=dict
    )  # the hashes behind `key`, by what they are of
    entry: int = 0  # number of this result's line in history.jsonl
    seconds: float = 0.0
    memory_mb: float | None = None  # what the student's process took beyond the warm one, at most

    def to_dict(self) -> dict:
        """Everything, for result.json in autograded/."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict) -> Result:
        """The inverse of `to_dict`. Raises TypeError or KeyError on another shape."""
        data = dict(data)
        data["manual"] = Manual(**data["manual"]) if data.get("manual") else None
        data["exercises"] = {
            name: Exercise(**{**each, "checks": [Check(**check) for check in each["checks"]]})
            for name, each in data.get("exercises", {}).items()
        }
        return cls(**data)

    def summary(self) -> dict:
        """The entry of `grade --json` (format: autograder/README.md). Nothing secret is in it."""
        return {
            "student": self.student,
            "lab": self.lab,
            "file": self.file,
            "sha256": self.sha256,
            "attempt": self.attempt,
            "status": self.status,
            "reason": self.reason,
            "score": self.score,
            "max_score": self.max_score,
            "manual": (
                {"score": self.manual.score, "max_score": self.manual.max_score}
                if self.manual
                else None
            ),
            "exercises": {
                name: {"score": each.score, "max_score": each.max_score, "reason": each.reason}
                for name, each in self.exercises.items()
            },
        }

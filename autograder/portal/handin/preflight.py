"""What is wrong with a notebook, told before it is handed in. Nothing is kept of it here."""

from __future__ import annotations

from dataclasses import dataclass, field

from autograder.course import Course, UsageError
from autograder.intake.notebook import lab_named_in, parse
from autograder.intake.refused import Refused
from autograder.intake.submission import rebuild_for


@dataclass(frozen=True)
class Preflight:
    """`refused`: why it cannot be handed in at all, or "". `missing` and `doubled`: exercises whose
    answer cell is not there, or there several times with different answers: the student is asked.
    """

    lab: str
    refused: str = ""
    missing: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    @property
    def asks(self) -> bool:
        """Whether the student should say that this is what they mean."""
        return bool(self.missing or self.doubled)

    def data(self) -> dict:
        """For a program."""
        return {
            "lab": self.lab,
            "refused": self.refused,
            "missing": self.missing,
            "doubled": self.doubled,
            "notices": self.notices,
            "asks": self.asks,
        }


def look(course: Course, data: bytes, lab: str) -> Preflight:
    """Reads a notebook as the grader will.

    Args:
        data: the file as it came.
        lab: the lab that it is for; "": what the notebook says.
    """
    try:
        notebook = parse(data, course.limits)
        lab = lab or lab_named_in(notebook) or ""
        if lab not in {each.name for each in course.labs}:
            return Preflight("", "어느 실습의 노트북인지 알 수 없습니다.")
        rebuilt = rebuild_for(course, lab, notebook)
    except Refused as no:
        return Preflight(lab, str(no))
    except UsageError:
        return Preflight(lab, "아직 배포하지 않은 실습입니다.")
    return Preflight(lab, "", rebuilt.missing, rebuilt.doubled, rebuilt.notices)

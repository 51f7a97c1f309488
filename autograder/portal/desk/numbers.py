"""What a class's scores look like: a histogram, pass rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autograder.portal.desk.klass import Member

BINS = 10


@dataclass(frozen=True)
class Bin:
    """`low` to `high` percent of the points (the last bin has its upper end too)."""

    low: int
    high: int
    count: int


@dataclass(frozen=True)
class Rate:
    """One exercise: how many got all its points, some of them, none; the mean share of points."""

    name: str
    max_score: float
    full: int
    part: int
    none: int
    mean: float

    @property
    def count(self) -> int:
        """How many were graded."""
        return self.full + self.part + self.none

    @property
    def percent(self) -> int:
        """Of the graded, those with all points."""
        return round(100 * self.full / self.count) if self.count else 0


def histogram(graded: Sequence[Member]) -> list[Bin]:
    """How many got how much, in tenths of the points."""
    counts = [0] * BINS
    for member in graded:
        if member.score is not None and member.line.max_score:
            share = member.score / member.line.max_score
            counts[max(0, min(BINS - 1, int(share * BINS + 1e-9)))] += 1
    width = 100 // BINS
    return [Bin(n * width, (n + 1) * width, count) for n, count in enumerate(counts)]


def rates(graded: Sequence[Member]) -> list[Rate]:
    """Exercise by exercise, in the lab's order."""
    shares: dict[str, list[float]] = {}
    most: dict[str, float] = {}
    for member in graded:
        for name, (score, points) in member.line.exercises.items():
            most[name] = points
            if score is not None and points:
                shares.setdefault(name, []).append(score / points)
    return [
        Rate(
            name,
            most[name],
            full=sum(each >= 1 - 1e-9 for each in found),
            part=sum(1e-9 < each < 1 - 1e-9 for each in found),
            none=sum(each <= 1e-9 for each in found),
            mean=sum(found) / len(found),
        )
        for name, found in shares.items()
    ]


def median(scores: Sequence[float]) -> float | None:
    """The middle one; None of none."""
    if not scores:
        return None
    ordered = sorted(scores)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2

"""What a late submission loses. The rule's numbers stand in course.toml."""

from __future__ import annotations

import math

from autograder.course import LatePolicy

DAY = 24 * 60 * 60


def late_penalty(score: float, seconds_late: float, policy: LatePolicy) -> float:
    """Points to take away from `score` for a submission `seconds_late` seconds after the deadline.

    Every day begun costs `policy.percent_per_day` percent of the score; after `policy.days` days
    nothing is left. Never negative, never more than the score.
    """
    if seconds_late <= 0:
        return 0.0
    days = math.ceil(seconds_late / DAY)
    if days > policy.days:
        return score
    return min(score, score * policy.percent_per_day / 100 * days)

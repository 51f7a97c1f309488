"""Archives as hostile as they come, and what holds for all of them."""

from __future__ import annotations

import stat

from autograder.intake.inbox import Inbox
from tests.intake.test_archive import entry, make_zip
from tests.threats.handins.court import HONEST, RIGHT_BYTES, Court, Outcome

__all__ = ["LINK", "RIGHT_BYTES", "entry", "make_zip", "refused_all", "try_zip"]
LINK = stat.S_IFLNK | 0o777


def try_zip(court: Court, *entries, name: str = "m50_toy.zip") -> Outcome:
    """Hands in a zip with these entries as m50's."""
    return court(make_zip(*entries), name)


def refused_all(outcome: Outcome, says: str, count: int) -> None:
    """So many lines, each saying why; no points for anybody but the honest."""
    assert len(outcome.refusals) == count, outcome.refusals
    assert all(says in line for line in outcome.refusals), outcome.refusals
    assert set(outcome.points) == set(HONEST)
    kept = [each for each in Inbox(outcome.course).records() if each.status == "refused"]
    assert kept  # the same bytes of one student are kept once

"""Names that are one name on some machines: toy.ipynb and TOY.ipynb, a01 and A01."""

from __future__ import annotations

import pytest

from tests.threats.handins.court import WRONG, as_bytes, notebook
from tests.threats.handins.zips import RIGHT_BYTES, try_zip


def test_all_are_kept_and_the_last_counts(court):
    wrong = as_bytes(notebook(WRONG))
    outcome = try_zip(
        court, ("TOY.ipynb", RIGHT_BYTES), ("Toy.IPYNB", RIGHT_BYTES), ("toy.ipynb", wrong)
    )
    outcome.assert_graded("m50", 60)
    assert outcome.results["m50"].attempt == 2  # the same bytes again are no new attempt


@pytest.mark.parametrize("roster", [True, False])
def test_anothers_name_in_other_letters(court, roster):
    if roster:
        court.roster("m50")
    outcome = try_zip(court, ("A01/toy.ipynb", RIGHT_BYTES), ("Z99/TOY.ipynb", RIGHT_BYTES))
    outcome.assert_graded("m50", 100)
    assert set(outcome.points) == {"a01", "m50", "z99"}


def test_a_roster_with_both_is_refused(court):
    from autograder.course import UsageError
    from autograder.intake.roster import read

    court.roster("A01")
    with pytest.raises(UsageError, match="번째 줄에도"):
        read(court.course.roster)
    (court.course.root / "roster.csv").unlink()
    court()

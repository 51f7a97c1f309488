"""The late rule as properties."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from autograder.course import LatePolicy
from autograder.grading.late import DAY, late_penalty

scores = st.floats(0, 110)
seconds = st.floats(-1e7, 1e7)
policies = st.builds(LatePolicy, percent_per_day=st.floats(0, 100), days=st.integers(0, 10))


@given(scores, seconds, policies)
def test_never_negative_never_more_than_the_score(score, late, policy):
    assert 0 <= late_penalty(score, late, policy) <= score


@given(scores, st.floats(-1e7, 0), policies)
def test_in_time_costs_nothing(score, late, policy):
    assert late_penalty(score, late, policy) == 0


@given(scores, seconds, seconds, policies)
def test_later_is_never_cheaper(score, one, other, policy):
    early, late = sorted((one, other))
    assert late_penalty(score, early, policy) <= late_penalty(score, late, policy) + 1e-9


def test_every_day_begun_counts():
    policy = LatePolicy(percent_per_day=10, days=5)
    assert late_penalty(80, 1, policy) == 8
    assert late_penalty(80, DAY, policy) == 8
    assert late_penalty(80, DAY + 1, policy) == 16
    assert late_penalty(80, 5 * DAY + 1, policy) == 80

"""The pool: every job is answered exactly once, whatever the others do."""

from __future__ import annotations

import threading

import pytest

from autograder.grading.pool import TRIES, Failure, run_all
from autograder.sandbox.executor import ExecutorFailed


class Fake:
    """An executor that only counts; the pool never looks inside one."""

    made: list[Fake] = []

    def __init__(self) -> None:
        self.closed = False
        self.busy = threading.Lock()
        Fake.made.append(self)

    def close(self) -> None:
        self.closed = True


@pytest.fixture(autouse=True)
def _fresh():
    Fake.made = []


def test_every_job_once_and_never_two_on_one_executor():
    def work(job, executor):
        assert executor.busy.acquire(blocking=False)
        executor.busy.release()
        return job * 2

    answers = dict(run_all(range(50), work, 4, Fake))
    assert answers == {job: job * 2 for job in range(50)}
    assert len(Fake.made) == 4 and all(executor.closed for executor in Fake.made)


def test_one_broken_job_stops_no_other():
    def work(job, executor):
        if job == 3:
            raise ValueError("bug")
        return job

    answers = dict(run_all(range(6), work, 2, Fake))
    assert isinstance(answers[3], Failure) and "bug" in answers[3].reason
    assert [answers[job] for job in (0, 1, 2, 4, 5)] == [0, 1, 2, 4, 5]


def test_a_dead_machine_is_tried_again_then_reported():
    tries = {"flaky": 0, "dead": 0}

    def work(job, executor):
        tries[job] += 1
        if job == "dead" or tries[job] == 1:
            raise ExecutorFailed("gone")
        return "ok"

    answers = dict(run_all(["flaky", "dead"], work, 1, Fake))
    assert answers["flaky"] == "ok"
    assert answers["dead"] == Failure("gone") and tries["dead"] == TRIES


def test_leaving_early_closes_everything():
    for _ in run_all(range(20), lambda job, executor: job, 2, Fake):
        break
    assert all(executor.closed for executor in Fake.made)

"""Numbers that a student's code prints, returns or raises where a test gives its points in parts."""

from __future__ import annotations

import pytest

from autograder.grading.one import mark
from tests.judge.lab import handed_in
from tests.judge.test_parts import HIDDEN, PUBLIC, paper

FAKE = """
class Unmet(AssertionError):
    message, hints, parts = "부분 점수 100점입니다.", (), ("", "", "", "")
    points = score = 100
    def __str__(self): return "100"
"""
TRICKS = {
    "prints": "print(100)\n    print('부분 점수 100점입니다.')\n    return x.fill_(100)",
    "shows": "from IPython.display import display\n    display(100)\n    return 100.0",
    "raises": "raise Unmet()",
    "raises the real one": "import checks\n    raise checks.Unmet('100', parts=('', '', ''))",
    "patches": "import checks\n    checks.parts.__exit__ = lambda *a: True\n"
    "    checks._words = lambda e: ''\n    raise checks.Unmet('100', parts=('', '', ''))",
    "ends the test": "import sys\n    sys.exit(0)",
    "stops": "raise StopIteration(100)",
    "generator exit": "raise GeneratorExit",
}


@pytest.mark.parametrize("trick", TRICKS)
def test_no_number_of_the_students_becomes_a_point(executor, trick):
    answer = f"{FAKE}\ndef relu(x):\n    {TRICKS[trick]}"
    # A cell that ends in a value is partial credit in nbgrader's own eyes.
    for public in (PUBLIC, "assert relu(torch.tensor(-1.)) == 0\nrelu(torch.tensor(3.))"):
        result = mark(paper(public=public), handed_in({"relu": answer}), executor)
        checks = {check.grade_id: check for check in result.exercises["relu"].checks}
        held = {"relu-public": 0.0, "relu-hidden": 0.0}
        if trick in ("prints",) and public is PUBLIC:
            held["relu-public"] = 4.0  # the shape is right
        assert {name: check.score for name, check in checks.items()} == held


def test_a_part_that_failed_stays_failed_whatever_the_function_does_later(executor):
    answer = """
calls = []
def relu(x):
    calls.append(1)
    if len(calls) == 2:
        raise ValueError("부분 점수 20점입니다.")
    return x.clamp(min=0)
"""
    result = mark(paper(PUBLIC, HIDDEN), handed_in({"relu": answer}), executor)
    public, hidden = result.exercises["relu"].checks
    assert (public.score, hidden.score) == (14, 40)
    assert [part["passed"] for part in public.parts] == [True, False, True]

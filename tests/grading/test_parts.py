"""Points in parts on the way to gradebook, feedback, plain nbgrader and `course verify`."""

from __future__ import annotations

import pytest

from autograder.course import Course
from autograder.feedback.page import Context, page
from autograder.feedback.withhold import Withhold
from autograder.grading.grade import grade
from autograder.grading.gradebook import open_gradebook
from autograder.grading.verify import verify
from tests.feedback.sample import SEOUL
from tests.grading.test_carry import VERIFIED, write_tables
from tests.grading.toycourse import DOUBLE, command, hand_in, make_course, scores, set_lab
from tests.judge.lab import toy
from tests.judge.test_parts import CHECKS, HIDDEN, PUBLIC

HALF = {"double": DOUBLE, "relu": "def relu(x):\n    return x"}


@pytest.fixture
def course(tmp_path) -> Course:
    course = make_course(tmp_path / "course")
    source = toy()
    for cell in source.cells:
        cell.source = {"relu-public": PUBLIC, "relu-hidden": HIDDEN}.get(cell.id, cell.source)
    set_lab(course, source)
    (course.release("toy").parent / "checks.py").write_bytes(CHECKS)
    hand_in(course, "s01", HALF)
    return course


def run(course: Course):
    (result,) = grade(course, course.labs, workers=1, say=lambda line: None, quiet=True)
    return result


def test_the_gradebook_has_the_sum_and_plain_nbgrader_agrees(course):
    assert run(course).exercises["relu"].score == 39
    ours = scores(course)
    assert ours["s01", "relu-public"] == (14, None, False)
    assert ours["s01", "relu-hidden"] == (25, None, False)
    with open_gradebook(course) as gradebook:
        assert gradebook.find_submission("toy", "s01").score == 79
    done = command(course, "nbgrader", "autograde", "toy", "--force")
    assert done.returncode == 0, done.stderr
    assert scores(course) == ours
    assert run(course).score == 79  # read back from what was saved


def test_the_page_shows_which_parts_counted_and_nothing_of_hidden_ones(course):
    result = Withhold([]).result(run(course))
    where = {"colab": "#", "page": "#", "students": "#"}
    shown = page(result, Context("과정", "toy", "장난감", SEOUL, addresses=where))
    assert "✓ 모양</b> (4 / 4점)" in shown and "✕ 음수</b> (0 / 6점): 음수가 남습니다." in shown
    assert "공개 테스트: <b>일부 통과</b> (14 / 20점)" in shown
    assert "숨은 테스트: <b>일부 통과</b> (25 / 40점)" in shown
    assert "비밀" not in shown and "HIDDEN" not in shown


def test_verify_wants_every_part_of_a_right_answer_and_no_point_for_an_empty_one(course):
    double = "def double(x):\n    return x + x"
    relu = {
        "clamp": "def relu(x):\n    return x.clamp(min=0)",
        "where": "def relu(x):\n    return x * (x >= 0)",
    }
    mutants = {
        "double": VERIFIED["MUTANTS"]["double"],
        "relu": {
            "same": "def relu(x):\n    return x",
            "abs": "def relu(x):\n    return abs(x)",
            "zero": "def relu(x):\n    return 0 * x",
        },
    }
    variants = {"double": {"sum": double, "again": double}, "relu": relu}

    def verified() -> list[str]:
        write_tables(course, MUTANTS=mutants, VARIANTS=variants)
        found = verify(course, course.labs, workers=1, say=lambda line: None, quiet=True)
        return [problem.text for problem in found]

    assert verified() == []  # a mutant may keep the points of the parts that it gets right
    relu["where"] = "def relu(x):\n    return x * (x >= 0) if x.dim() else x"
    (line,) = [line for line in verified() if "relu-public" in line]
    assert line.startswith("relu / where: 정답인데 relu-public에서 막힙니다: [음수]")
    source = toy()
    empty = 'import checks\nwith checks.parts() as part:\n    with part(5, "공짜"):\n        pass\n'
    empty += '    with part(15, "값"):\n        assert relu(torch.tensor(-1.)) == 0'
    for cell in source.cells:
        cell.source = {"relu-public": empty}.get(cell.id, cell.source)
    set_lab(course, source)
    del relu["where"]
    assert "빈 답이 통과합니다: relu-public" in verified()

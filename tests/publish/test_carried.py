"""`course.carry`: what `course release` says of it, and that no student gets to see it."""

from __future__ import annotations

import pytest

from autograder import notebooks
from autograder.publish.release import ReleaseError, make, release
from autograder.publish.rules import problems
from tests.judge.lab import toy
from tests.publish import small

CLASS = "class squares:\n    pass\ndef other(numbers, start=0):"


def asking(value, head: str = "def squares(numbers, start=0):", at: str = "root") -> list:
    """The mini lab's cells, where the answer cell `at` asks for `value`."""
    cells = small.lab_cells()
    for cell in cells:
        if cell.id == "squares":
            cell.source = cell.source.replace(small.STUB, head)
        if cell.id == at:
            cell.metadata["course"] = {"carry": value}
    return cells


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (asking(["cubes"]), "root: course.carry: 'cubes'을(를) 정하는 앞 문제가 없습니다"),
        (asking(["root"]), "root: course.carry: 'root'은(는) 이 문제가 만드는 이름입니다"),
        (asking(["root"], at="squares"), "squares: course.carry: 'root'은(는) 뒤 문제의 답입니다"),
        (asking(["math"]), "root: course.carry: 'math'을(를) 정하는 앞 문제가 없습니다"),
        (asking("squares"), "root: course.carry: 함수 이름의 목록이어야"),
        (asking([3]), "root: course.carry: 함수 이름의 목록이어야"),
        (
            asking(["squares"], "class squares:\n    pass\ndef other(numbers, start=0):"),
            "'squares'은(는) 클래스입니다. 함수(def)만",
        ),
        (
            asking(["total"], "total = 3\ndef squares(numbers, start=0):"),
            "'total'은(는) 함수가 아닙니다",
        ),
        (
            asking(["squares"], "def squares(numbers, start=0):\n    yield 1"),
            "내놓는(yield) 함수입니다",
        ),
        (asking(["squares"], "async def squares(numbers, start=0):"), "함수가 아닙니다"),
    ],
)
def test_what_cannot_be_carried_is_named_with_its_file_and_cell(tmp_path, cells, words):
    course = small.small_course(tmp_path)
    small.write_lab(tmp_path, cells)
    with pytest.raises(ReleaseError) as refused:
        release(course, say=lambda line: None)
    (line,) = refused.value.problems
    assert line.startswith("solutions/mini: ") and words in line


def test_a_function_of_an_earlier_exercise_may_be_asked_for():
    inner = (
        "def squares(numbers, start=0):\n    one = lambda: (yield)\n    def two():\n        yield 2"
    )
    for cells in (asking(["squares"]), asking(["squares"], inner), asking([])):
        assert not [line for line in problems("mini", cells) if "carry" in line]


def test_students_do_not_get_the_setting_and_it_makes_no_new_version(tmp_path):
    course = small.small_course(tmp_path)
    lab = course.lab("mini")
    cells = asking(["squares"])
    for cell in cells:
        cell.metadata.pop("course", None)
    small.write_lab(tmp_path, cells)
    plain = make(course, lab)
    small.write_lab(tmp_path, asking(["squares"]))
    asked = make(course, lab)
    assert not asked.problems and asked.files == plain.files
    cells = asking(["squares"])
    for cell in cells:
        if cell.id == "root":
            cell.metadata["course"]["banned"] = ["math.pow"]
    small.write_lab(tmp_path, cells)
    release(course, say=lambda line: None)
    root = next(c for c in notebooks.read(course.release("mini")).cells if c.id == "root")
    assert root.metadata.course == {"banned": ["math.pow"]}


def test_the_toy_lab_of_the_judges_tests_asks_for_something_allowed():
    cells = toy().cells
    next(c for c in cells if c.id == "relu").metadata.course.carry = ["double"]
    assert not [line for line in problems("toy", cells) if "carry" in line]

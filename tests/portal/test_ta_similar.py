"""Similar answers: renamed copies are found; starter code and what the whole class writes are not."""

from __future__ import annotations

import pytest

from autograder import notebooks
from autograder.portal.desk import alike
from tests.grading.toycourse import hand_in, make_course

OWN = """def double(x):
    total = 0
    for step in range(2):
        total = total + x
        if step > 5:
            raise ValueError("never")
    names = [str(each) for each in (total, x)]
    return total if names else None
"""
RENAMED = """# mine
def double(value):
    result = 0
    for i in range(2):
        result = result + value
        if i > 5:
            raise ValueError("not")
    words = [str(w) for w in (result, value)]
    return result if words else None
"""
OTHER = """def double(x):
    import operator
    both = {"left": x, "right": x}
    while len(both) > 2:
        both.popitem()
    return operator.add(*both.values())
"""


@pytest.fixture
def course(tmp_path):
    return make_course(tmp_path / "course")


def found(course, **answers: str) -> list[tuple[str, str]]:
    for student, code in answers.items():
        hand_in(course, student, {"double": code})
    return [(p.one, p.other) for p in alike.pairs(course, "toy", answers)]


def test_a_renamed_copy_is_found_and_its_lines_are_marked(course):
    assert found(course, a=OWN, b=RENAMED, c=OTHER) == [("a", "b")]
    left, right = alike.side_by_side(course, "toy", "a", "b")
    same = "".join(piece.text for piece in left if piece.same)
    assert "for step in range" in same and "NotImplementedError" not in same
    assert "".join(piece.text for piece in right).startswith("# [toy:double]\n# mine")


def test_starter_code_is_no_sign(course):
    release = notebooks.read(course.release("toy"))
    for cell in release.cells:
        if cell.id == "double":
            cell.source = f"# [toy:double]\n{OWN}"
    notebooks.write(course.release("toy"), release)
    assert found(course, a=OWN, b=RENAMED) == []


def test_what_many_write_is_no_sign(course):
    same = {f"s{n:02}": OWN for n in range(8)}
    assert found(course, **same) == []


def test_nothing_and_missing_answers_do_no_harm(course):
    assert found(course, a="", b="x = '", c="def f(") == []
    assert alike.pairs(course, "toy", ["nobody"]) == []
    assert alike.side_by_side(course, "toy", "a", "nobody") is None

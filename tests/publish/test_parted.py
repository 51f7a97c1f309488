"""Points in parts: what `course release` says of them."""

from __future__ import annotations

import pytest

from autograder.publish.rules import problems
from tests.publish import small

RIGHT = """import checks

got = squares([1, 2])
with checks.parts() as part:
    with part(15, "값"):
        for wanted in (5,):
            assert got == wanted
    with part(5, "빈 목록"):
        assert squares([]) == 0"""


def said(source: str, name: str = "squares-public") -> list[str]:
    cells = [*small.HEADER, *small.lab_cells(), *small.FOOTER]
    for cell in cells:
        if cell.id == name:
            cell.source = small.hidden(source) if name.endswith("hidden") else source
    return problems("mini", cells)


def test_parts_that_come_to_the_cells_points_are_right_in_public_and_hidden_tests():
    assert said(RIGHT) == []
    assert said(RIGHT.replace("15", "35.5").replace("part(5", "part(4.5"), "squares-hidden") == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("part(5", "part(6"), "부분 점수를 더하면 21점인데 칸은 20점입니다"),
        (("part(5", "part(True"), "숫자와 제목으로 씁니다"),
        (("part(5", "part(2 + 3"), "숫자와 제목으로 씁니다"),
        ((', "빈 목록"', ""), "숫자와 제목으로 씁니다"),
        (('"빈 목록"', '" "'), "제목이 있어야 합니다"),
        (("part(15", "part(20"), "더하면 25점인데"),
        (("    with part(5", "    for k in range(2):\n      with part(5"), "블록 바로 아래에"),
        ((" as part", ""), "숫자와 제목으로 씁니다"),
        (("got = ", "%time\ngot = "), "파이썬으로만 쓰세요"),
        (("== 0", "== 0\nassert got"), "칸의 마지막에 꼭 하나만"),
        (("got = ", "if got := 1:\n  with checks.parts() as p: pass\ngot = "), "꼭 하나만"),
        (("with checks.parts() as part:", "with checks.parts() as part, open('x'):"), "꼭 하나만"),
    ],
)
def test_what_is_wrong_is_named_with_its_cell(change, words):
    assert change[0] in RIGHT
    lines = said(RIGHT.replace(*change))
    assert any(
        line.startswith("solutions/mini: squares-public: ") and words in line for line in lines
    )

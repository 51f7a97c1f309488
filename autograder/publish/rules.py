"""What must hold in an author's lab before it may be released. Each breach is one Korean line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from nbformat import NotebookNode

from autograder import notebooks
from autograder.publish import carried, parted
from autograder.publish.names import Names, names

TEST_POINTS, WRITTEN_POINTS = 100, 10
_HIDDEN = ("### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS")
_SOLUTION = ("### BEGIN SOLUTION", "### END SOLUTION")


def problems(lab: str, cells: Sequence[NotebookNode]) -> list[str]:
    """Everything that is wrong with a lab.

    Args:
        lab: its name.
        cells: header, the author's cells, footer, in order, as they stand in solutions/.
    """
    found = [
        *_ids(cells),
        *_points(cells),
        *_triples(cells),
        *_setup(cells),
        *(line for cell in cells for line in _cell(lab, cell)),
        *_names(cells),
        *carried.problems(cells),
        *(line for cell in cells for line in parted.problems(cell)),
    ]
    return [f"solutions/{lab}: {line}" for line in found]


def _ids(cells: Sequence[NotebookNode]) -> Iterator[str]:
    for what, values in (
        ("칸의 id", [cell.get("id") for cell in cells]),
        ("grade_id", [name for cell in cells if (name := notebooks.grade_id(cell))]),
    ):
        for value, times in Counter(values).items():
            if value is None:
                yield f"{what}가 없는 칸이 {times}개 있습니다"
            elif times > 1:
                yield f"{value}: {what}가 겹칩니다 ({times}번)"


def _points(cells: Sequence[NotebookNode]) -> Iterator[str]:
    tests = sum(notebooks.points(c) for c in cells if notebooks.role(c) in ("public", "hidden"))
    written = [c for c in cells if notebooks.role(c) == "written"]
    if tests != TEST_POINTS:
        yield f"테스트의 점수를 모두 더하면 {TEST_POINTS}점이어야 하는데 {tests:g}점입니다"
    if [notebooks.grade_id(c) for c in written] != ["reflection"]:
        yield "글 답안 칸(grade_id가 reflection인 칸)이 꼭 하나 있어야 합니다"
    elif notebooks.points(written[0]) != WRITTEN_POINTS:
        yield f"reflection: {WRITTEN_POINTS}점이어야 하는데 {notebooks.points(written[0]):g}점입니다"


def _triples(cells: Sequence[NotebookNode]) -> Iterator[str]:
    """Answer, public test, hidden test: in this order, with nothing graded between."""
    graded = [
        notebooks.grade_id(cell)
        for cell in cells
        if notebooks.role(cell) in ("answer", "public", "hidden")
    ]
    position = 0
    while position < len(graded):
        name = graded[position]
        want = [name, f"{name}-public", f"{name}-hidden"]
        if graded[position : position + 3] == want:
            position += 3
            continue
        yield f"{name}: {', '.join(want)} 세 칸이 이 차례로 와야 합니다"
        position += 1
        while position < len(graded) and graded[position].startswith(f"{name}-"):
            position += 1


def _setup(cells: Sequence[NotebookNode]) -> Iterator[str]:
    count = sum(notebooks.role(cell) == "setup" for cell in cells)
    if count != 1:
        yield f"태그가 setup인 칸이 꼭 하나 있어야 하는데 {count}개입니다"


def _cell(lab: str, cell: NotebookNode) -> Iterator[str]:
    """What a cell of its kind must look like by itself."""
    name, role = notebooks.grade_id(cell) or cell.get("id", "?"), notebooks.role(cell)
    lines = [line.strip() for line in cell.source.strip().split("\n")]
    if role == "answer" and lines[0] != f"# [{lab}:{name}]":
        yield f"{name}: 답 칸의 첫 줄은 `# [{lab}:{name}]`이어야 합니다"
    if role == "written" and lines[0] != f"<!-- [{lab}:{name}] -->":
        yield f"{name}: 글 답안의 첫 줄은 `<!-- [{lab}:{name}] -->`이어야 합니다"
    solution, hidden = (tuple(lines.count(mark) for mark in pair) for pair in (_SOLUTION, _HIDDEN))
    if role in ("answer", "written"):
        if solution[0] != solution[1] or not solution[0]:
            yield f"{name}: 정답은 `{_SOLUTION[0]}`과 `{_SOLUTION[1]}` 사이에 있어야 합니다"
    elif any(solution) or "BEGIN SOLUTION" in cell.source:
        yield f"{name}: 답 칸이 아닌데 정답 표시가 있습니다"
    if role == "hidden":
        if hidden != (1, 1) or (lines[0], lines[-1]) != _HIDDEN:
            yield f"{name}: 숨은 테스트는 첫 줄 `{_HIDDEN[0]}`부터 끝 줄 `{_HIDDEN[1]}`까지여야 합니다"
    elif "HIDDEN TESTS" in cell.source:
        yield f"{name}: 숨은 테스트 칸이 아닌데 숨은 테스트 표시가 있습니다"
    if cell.get("attachments") and role in ("answer", "written", "public", "hidden"):
        yield f"{name}: 채점하는 칸에 붙임 파일을 두지 마세요"


def _names(cells: Sequence[NotebookNode]) -> Iterator[str]:
    """Names that a graded cell needs, and who must define them.

    An answer may use what the set-up, given cells and answers define; a test only what the set-up,
    given cells and its own exercise's answer define (it runs without the other answers).
    """
    known: list[tuple[NotebookNode, Names]] = []
    for cell in cells:
        if cell.cell_type != "code":
            continue
        try:
            known.append((cell, names(cell.source)))
        except SyntaxError as error:
            where = notebooks.grade_id(cell) or cell.get("id")
            yield f"{where}: 파이썬으로 읽을 수 없습니다 ({error.lineno}번째 줄)"
    by_role: dict[str, set[str]] = {role: set() for role in ("setup", "given", "answer", "demo")}
    for cell, its in known:
        by_role.setdefault(notebooks.role(cell), set()).update(its.defined)
    common = by_role["setup"] | by_role["given"]
    answers = {notebooks.exercise(c): n.defined for c, n in known if notebooks.role(c) == "answer"}
    for cell, its in known:
        role = notebooks.role(cell)
        if role in ("public", "hidden"):
            allowed = common | answers.get(notebooks.exercise(cell), frozenset())
        elif role in ("answer", "given", "setup"):
            allowed = common | by_role["answer"]
        else:
            continue
        where = notebooks.grade_id(cell) or cell.get("id")
        for name in sorted(its.needed - allowed):
            if name in by_role["demo"]:
                yield f"{where}: '{name}'은(는) 시연 칸에서만 정해집니다"
            elif name in by_role["answer"]:
                yield f"{where}: '{name}'은(는) 다른 문제의 답입니다. 테스트는 자기 문제의 답만 씁니다"
            else:
                yield f"{where}: '{name}'이(가) 어디에서도 정해지지 않습니다"

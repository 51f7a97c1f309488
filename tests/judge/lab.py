"""A tiny lab for tests: two exercises, a written question, a demo. Notebooks made in code."""

from __future__ import annotations

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook


def _code(id_: str, source: str, course: dict | None = None, **about) -> NotebookNode:
    metadata: dict = {"nbgrader": {"grade_id": id_, "schema_version": 3, **about}} if about else {}
    if course:
        metadata["course"] = course
    return new_code_cell(source, id=id_, metadata=metadata)


def _answer(name: str, source: str, banned=()) -> NotebookNode:
    return _code(
        name,
        f"# [toy:{name}]\n{source}",
        {"banned": list(banned)} if banned else None,
        solution=True,
        grade=False,
        locked=False,
    )


def _test(name: str, source: str, points: float) -> NotebookNode:
    return _code(name, source, solution=False, grade=True, locked=True, points=points)


def toy(hidden: bool = True, answers: bool = True) -> NotebookNode:
    """The instructor's notebook; without `hidden` and `answers` it is the release."""
    stub = "raise NotImplementedError()"
    secret = "HIDDEN_SECRET"
    cells = [
        new_code_cell("import torch\nimport torch.nn.functional as F", id="given"),
        _answer("double", "def double(x):\n    " + ("return 2 * x" if answers else stub)),
        _test("double-public", "assert double(2) == 4, '두 배가 아닙니다.'", 10),
        _test(
            "double-hidden",
            f"assert double(7) == 14, '{secret}'" if hidden else "# 숨은 테스트 30점",
            30,
        ),
        _answer(
            "relu",
            "def relu(x):\n    " + ("return x * (x > 0)" if answers else stub),
            banned=["torch.nn.functional.relu", "torch.relu"],
        ),
        _test("relu-public", "assert relu(torch.tensor(-1.)) == 0", 20),
        _test(
            "relu-hidden",
            "assert torch.equal(relu(torch.tensor([-3., 4.])), torch.tensor([0., 4.]))"
            if hidden
            else "# 숨은 테스트 40점",
            40,
        ),
        new_code_cell("raise RuntimeError('demo ran')", id="demo", metadata={"tags": ["demo"]}),
        new_markdown_cell(
            "<!-- [toy:reflection] -->\n여기에 답을 쓰세요.",
            id="reflection",
            metadata={
                "nbgrader": {
                    "grade_id": "reflection",
                    "schema_version": 3,
                    "solution": True,
                    "grade": True,
                    "locked": False,
                    "points": 10,
                }
            },
        ),
    ]
    return new_notebook(cells=cells, metadata={"course": {"lab": "toy", "release": "0"}})


def handed_in(answers: dict[str, str], extras: dict[str, str] | None = None) -> NotebookNode:
    """The release with these answers; `extras` are own cells after the cell with that id."""
    notebook = toy(hidden=False, answers=False)
    cells = []
    for cell in notebook.cells:
        if cell.id in answers:
            cell.source = f"# [toy:{cell.id}]\n{answers[cell.id]}"
        cells.append(cell)
        if cell.id in (extras or {}):
            own = new_code_cell(extras[cell.id], id=f"extra-{cell.id}")
            own.metadata["course"] = {"extra": True}
            cells.append(own)
    notebook.cells = cells
    return notebook

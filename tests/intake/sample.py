"""A small course with one small lab, for tests of intake that need no torch."""

from __future__ import annotations

import copy
import json
from pathlib import Path

from nbformat import NotebookNode, from_dict

from autograder import notebooks
from autograder.course import Course

SETTINGS = """
[course]
id = "sample"
timezone = "Asia/Seoul"
[limits]
file_mb = 1
[[lab]]
name = "rnn"
title = "표본"
chapter = "easy/rnn"
[[lab]]
name = "other"
title = "다른 실습"
chapter = "easy/other"
"""


def code(name: str, source: str, **metadata) -> dict:
    return {
        "cell_type": "code",
        "id": name,
        "metadata": metadata,
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


def text(name: str, source: str, **metadata) -> dict:
    return {"cell_type": "markdown", "id": name, "metadata": metadata, "source": source}


def graded(name: str, **about) -> dict:
    base = {"grade_id": name, "schema_version": 3, "task": False}
    return {"nbgrader": {**base, "grade": False, "solution": False, "locked": True, **about}}


def release(lab: str = "rnn", version: str = "v2") -> NotebookNode:
    """Two exercises with tests, a written question, a given cell, a demo."""
    cells = [
        text("title", f"# 실습 {lab}"),
        code("setup", "# 준비: 맨 먼저 실행하세요.\nimport math", tags=["setup"]),
        code("given-numbers", "NUMBERS = [3, 1, 2]", **graded("given-numbers")),
    ]
    for name, body in (("double", "2 * x"), ("largest", "max(xs)")):
        argument = body[-2] if "(" in body else "x"
        stub = f'    """{name} 문제의 답을 쓰는 함수입니다."""\n'
        stub += "    # 여기에 답을 쓰세요.\n    raise NotImplementedError()"
        cells += [
            text(f"{name}-text", f"## {name}\n설명입니다."),
            code(
                name,
                f"# [{lab}:{name}]\ndef {name}({argument}):\n{stub}",
                **graded(name, solution=True, locked=False),
            ),
            code(
                f"{name}-public",
                f"# 공개 테스트: {name} (20점)\nassert {name}([3, 1, 2]) is not None, 'None입니다'",
                **graded(f"{name}-public", grade=True, points=20),
            ),
            code(
                f"{name}-hidden",
                "# 숨은 테스트 (30점)",
                **graded(f"{name}-hidden", grade=True, points=30),
            ),
        ]
    cells += [
        code("demo-plot", f"print('{lab} 시연', double(4))", tags=["demo"]),
        text("reflection-text", "## 글로 답하기\n무엇을 보았나요?"),
        text(
            "reflection",
            f"<!-- [{lab}:reflection] -->\n여기에 답을 쓰세요.",
            **graded("reflection", grade=True, solution=True, locked=False, points=10),
        ),
    ]
    return from_dict(
        {
            "cells": cells,
            "metadata": {
                "course": {"lab": lab, "release": version},
                "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            },
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )


ANSWERS = {
    "double": "# [rnn:double]\ndef double(x):\n    return 2 * x",
    "largest": "# [rnn:largest]\ndef largest(xs):\n    return max(xs)",
    "reflection": "<!-- [rnn:reflection] -->\n기울기가 사라졌습니다.",
}


def answered(**other: str) -> NotebookNode:
    """The release with right answers in it, or with others."""
    notebook = release()
    for name, source in {**ANSWERS, **other}.items():
        cell_of(notebook, name).source = source
    return notebook


def cell_of(notebook: NotebookNode, name: str) -> NotebookNode:
    return next(cell for cell in notebook.cells if cell.id == name)


def position(notebook: NotebookNode, name: str) -> int:
    return [cell.id for cell in notebook.cells].index(name)


def stripped(notebook: NotebookNode, ids: bool = True) -> NotebookNode:
    """Without any metadata, and without ids."""
    notebook = copy.deepcopy(notebook)
    notebook.metadata = NotebookNode()
    for cell in notebook.cells:
        cell.metadata = NotebookNode()
        if ids:
            del cell["id"]
    return notebook


def as_bytes(notebook: NotebookNode) -> bytes:
    return json.dumps(notebook, ensure_ascii=False).encode()


def make_course(root: Path) -> Course:
    root.mkdir(parents=True, exist_ok=True)
    (root / "course.toml").write_text(SETTINGS, encoding="utf-8")
    for lab in ("rnn", "other"):
        notebooks.write(root / "labs" / lab / f"{lab}.ipynb", release(lab))
    return Course(root)

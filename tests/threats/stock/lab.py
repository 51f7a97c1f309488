"""A lab in nbgrader's own form, wrong answers to it, and nbgrader's whole way with them."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.api import Gradebook

LAB = "lab"
FULL = 100.0
# A test holds this number and nothing else does: who has it has seen the hidden tests.
SECRET = "31415926"
WRONG = {
    "double": "def double(x):\n    return x * 0",
    "total": "def total(numbers):\n    return None",
}


def _cell(name: str, source: str, **about) -> NotebookNode:
    base = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3}
    return new_code_cell(
        source, id=name, metadata={"nbgrader": {**base, "grade_id": name, **about}}
    )


def _test(name: str, visible: str, hidden: str) -> NotebookNode:
    source = f"{visible}\n### BEGIN HIDDEN TESTS\n{hidden}\n### END HIDDEN TESTS"
    return _cell(name, source, grade=True, locked=True, points=50)


def instructor() -> NotebookNode:
    """Two functions, a test of 50 points for each; the second half of a test is hidden."""

    def answer(name: str, body: str) -> NotebookNode:
        source = f"def {name}\n    ### BEGIN SOLUTION\n    {body}\n    ### END SOLUTION"
        return _cell(name.partition("(")[0], source, solution=True)

    cells = [
        _cell("given", "import torch", locked=True),
        answer("double(x):", "return 2 * x"),
        answer("total(numbers):", "return sum(numbers)"),
        _test(
            "double-test",
            "assert torch.allclose(double(torch.ones(2)), torch.full((2,), 2.0))",
            "assert torch.allclose(double(torch.tensor([7.0])), torch.tensor([14.0]))",
        ),
        _test(
            "total-test",
            "assert total([1, 2]) == 3",
            f"assert total([{SECRET}, 4]) == {int(SECRET) + 4}",
        ),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


@dataclass(frozen=True)
class Graded:
    """What nbgrader made of one submission; `loot` is what the student's code carried away."""

    score: float
    loot: str


class Stock:
    """A course that nbgrader made by itself, with a plain configuration."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.loot = root / "loot"
        self.loot.mkdir()
        (root / "nbgrader_config.py").write_text(
            f"c = get_config()\nc.CourseDirectory.course_id = 'stock'\n"
            f"c.CourseDirectory.root = {str(root)!r}\n",
            encoding="utf-8",
        )
        path = root / "source" / LAB / f"{LAB}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(instructor(), path)
        self.nbgrader("generate_assignment", LAB)
        self.release = nbformat.read(root / "release" / LAB / f"{LAB}.ipynb", 4)
        assert SECRET not in nbformat.writes(self.release)

    def hand_in(
        self,
        student: str,
        answers: dict[str, str],
        tags: Sequence[str] = (),
        files: Mapping[str, str] = {},  # noqa: B006
    ) -> None:
        """Lays the release with these answers, and other files beside it, into submitted/."""
        made = copy.deepcopy(self.release)
        for cell in made.cells:
            cell.source = answers.get(cell.metadata.nbgrader.grade_id, cell.source)
            if tags and cell.metadata.nbgrader.grade:
                cell.metadata["tags"] = list(tags)
        path = self.root / "submitted" / student / LAB / f"{LAB}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(made, path)
        for name, text in files.items():
            (path.parent / name).write_text(text, encoding="utf-8")

    def grade(self) -> dict[str, Graded]:
        """Runs `nbgrader autograde` once over everything."""
        self.nbgrader("autograde", LAB)
        with Gradebook(f"sqlite:///{self.root}/gradebook.db", "stock") as gradebook:
            return {
                each.student.id: Graded(each.score, self.found(each.student.id))
                for each in gradebook.assignment_submissions(LAB)
            }

    def found(self, student: str) -> str:
        """What the student's code has carried away by now."""
        path = self.loot / student
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def nbgrader(self, *arguments: str) -> str:
        """Runs an nbgrader command in the course's folder."""
        environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", *arguments],
            cwd=self.root,
            env={
                **environment,
                "JUPYTER_CONFIG_DIR": str(self.root / "jupyter"),
                "HOME": str(self.root),  # what an attack plants there goes with the folder
                "TOKEN": "of-the-teacher",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stderr

"""Makes hand-ins of the labs after the first, each out of one table: labs/<lab>.toml.

A table is both recipe and expectation, so a further lab needs a table and nothing else. The
notebooks are small to make and are not kept: tests/test_class_labs.py makes, collects and grades them.
"""

from __future__ import annotations

import copy
import importlib.util
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from autograder import notebooks

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WRITTEN = "제 화면에서 본 숫자를 둘 적습니다: 1.00과 0.15."


def module(path: Path) -> Any:
    """A Python file as a module, wherever it lies."""
    spec = importlib.util.spec_from_file_location(f"class_{path.stem}", path)
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = loaded  # dataclasses look their module up there
    spec.loader.exec_module(loaded)
    return loaded


def labs() -> list[str]:
    """The labs that have a table."""
    return sorted(path.stem for path in (HERE / "labs").glob("*.toml"))


def table(lab: str) -> list[dict[str, Any]]:
    """The hand-ins of a lab, as its table tells them."""
    return tomllib.loads((HERE / "labs" / f"{lab}.toml").read_text("utf-8"))["handin"]


def notebook(lab: str, wanted: dict[str, Any]) -> NotebookNode:
    """The release of `lab` with the answers that `wanted` names.

    Raises KeyError when the table names an exercise or a mutant that does not exist.
    """
    mutants = module(ROOT / "tests" / "mutants" / f"{lab}.py")
    answers = _solutions(lab)
    if "variant" in wanted:
        for exercise, choices in mutants.VARIANTS.items():
            answers[exercise] = list(choices.values())[wanted["variant"] % len(choices)]
    for exercise, name in wanted.get("mutants", {}).items():
        answers[exercise] = mutants.MUTANTS[exercise][name]
    for exercise in wanted.get("blank", ()):
        del answers[exercise]
    made = copy.deepcopy(notebooks.read(ROOT / "labs" / lab / f"{lab}.ipynb"))
    for cell in made.cells:
        role, exercise = notebooks.role(cell), notebooks.exercise(cell)
        if role == "written":
            cell.source = f"<!-- [{lab}:{exercise}] -->\n{WRITTEN}"
        elif role == "answer" and exercise in answers:
            cell.source = f"# [{lab}:{exercise}]\n{answers[exercise].rstrip()}"
    return made


def write(lab: str, folder: Path) -> None:
    """Writes every hand-in of `lab` to `folder`/<student>/<lab>.ipynb, as its editor saves it."""
    shape = module(HERE / "shape.py")
    save = {
        "jupyter": shape.by_jupyter,
        "colab": shape.by_colab,
        "bare": shape.without_metadata,
    }
    for wanted in table(lab):
        path = folder / wanted["student"] / f"{lab}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(save[wanted["saved"]](notebook(lab, wanted)))


def _solutions(lab: str) -> dict[str, str]:
    """Exercise → the author's answer, without the first line and the marks around it."""
    found = {}
    for cell in notebooks.read(ROOT / "solutions" / lab / f"{lab}.ipynb").cells:
        if notebooks.role(cell) == "answer":
            marks = r"^# \[.+\]\n|^ *### (?:BEGIN|END) SOLUTION\n?"
            found[notebooks.exercise(cell)] = re.sub(marks, "", cell.source, flags=re.M)
    return found

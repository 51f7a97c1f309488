"""The cell of hard/inference that on Colab loads an open-weight model, run on a tiny one of its class.

The place where the notebook opens, with the model of that name in it, is the one of
tests/test_colab_models.py.
"""

from __future__ import annotations

import json

import pytest

from tests import colabenv
from tests.test_colab_models import folder  # noqa: F401  (a fixture)

pytestmark = [pytest.mark.notebooks, pytest.mark.timeout(300)]
EDITION = colabenv.ROOT / "book" / "hard" / "inference.ipynb"
NEEDED = (
    "TREE = {",
    "def write(",
    "def words(",
    "def beam(",
    "def heat(",
    "def best_k(",
    "def core(",
)


def test_chapter_writes_with_a_tiny_model_of_the_same_class(folder) -> None:  # noqa: F811
    cells = json.loads(EDITION.read_text("utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    named = [next(cell for cell in code if name in cell) for name in NEEDED]
    last = next(cell for cell in code if "def open_model(" in cell)
    setup = [cell for cell in code[:3] if "import kit" in cell]
    node = colabenv.execute([*setup, *named, last], folder)
    said = "".join(o.text for o in node.cells[-1].outputs if o.get("name") == "stdout")
    assert "대신합니다" not in said
    for way in ("[탐욕]", "[샘플링]", "[τ=0.7]", "[k=20]", "[p=0.9]", "[빔 K=4]"):
        assert f"{way} 대한민국의" in said, said

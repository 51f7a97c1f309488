"""Every notebook that a reader opens runs from top to bottom (nbval), each in a place of its own.

A Colab edition gets an empty folder with nothing but itself, as Colab opens it. An instructor's
notebook gets a copy of solutions/ and of the modules that all labs share; that it runs through
means that the reference answers pass all tests, hidden ones too.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def code_cells(notebook: Path) -> int:
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    return sum(cell["cell_type"] == "code" for cell in cells)


def notebooks(*patterns: str) -> list[Path]:
    """Those with something to run: a footer may be prose alone."""
    return sorted(p for pattern in patterns for p in ROOT.glob(pattern) if code_cells(p))


SOLUTIONS = notebooks("solutions/*.ipynb", "solutions/*/*.ipynb")
COLAB = notebooks("book/easy/*.ipynb", "book/hard/*.ipynb")
# Wide on purpose: these end what hangs. How long a notebook may take is said elsewhere.
CELL_SECONDS, NOTEBOOK_SECONDS = 240, 480

pytestmark = [pytest.mark.notebooks, pytest.mark.timeout(NOTEBOOK_SECONDS + 60)]


def environment() -> dict[str, str]:
    """What a reader's kernel would find: nothing of this test run, the quick scale, one thread."""
    ours = ("PYTEST", "COURSE_", "MPLBACKEND", "PYTHONPATH", "COV_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return kept | {"COURSE_QUICK": "1", "OMP_NUM_THREADS": "1", "JUPYTER_PLATFORM_DIRS": "1"}


def run(notebook: Path, root: Path, kernel: str = "", jupyter: Path | None = None) -> None:
    """Runs a notebook in its folder by nbval and fails with nbval's own report.

    `root` is where pytest stops looking for a conftest.py upwards. `kernel` is a kernel described
    under `jupyter`; without one, this environment's own Python runs the cells.
    """
    command = [sys.executable, "-m", "pytest", "--nbval-lax"]
    command += [f"--nbval-kernel-name={kernel}"] if kernel else ["--nbval-current-env"]
    command += [
        f"--nbval-cell-timeout={CELL_SECONDS}",
        "-q",
        f"--rootdir={root}",
        "-p",
        "no:cacheprovider",
    ]
    done = subprocess.run(
        [*command, notebook.name],
        cwd=notebook.parent,
        env=environment() | ({"JUPYTER_PATH": str(jupyter)} if jupyter else {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=NOTEBOOK_SECONDS,
    )
    assert done.returncode == 0, f"{notebook.name}\n{done.stdout[-6000:]}{done.stderr[-2000:]}"
    code = code_cells(notebook)
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed and int(passed[1]) == code, f"{code} code cells, but:\n{done.stdout[-2000:]}"


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_there_is_something_to_run() -> None:
    assert SOLUTIONS, "no solutions/*/*.ipynb"
    assert COLAB, "no Colab edition beside a chapter: make colab"


@pytest.mark.parametrize("notebook", COLAB, ids=name)
def test_colab_edition_runs_alone(notebook: Path, tmp_path: Path) -> None:
    run(Path(shutil.copy(notebook, tmp_path)), tmp_path)


@pytest.mark.parametrize("notebook", SOLUTIONS, ids=name)
def test_reference_passes_its_own_tests(notebook: Path, tmp_path: Path) -> None:
    for folder in ("solutions", "book"):
        leave = shutil.ignore_patterns("_ext", "_static", "__pycache__", ".ipynb_checkpoints")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=leave)
    run(tmp_path / notebook.relative_to(ROOT), tmp_path)

"""A kernel with Colab's own versions (.venv-colab/) for the tests, described in a folder of its own.

The kernel finds no font but matplotlib's and, where asked, the optional font package: what the
machine has installed must not make up for what Colab lacks.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]
COLAB = ROOT / ".venv-colab"
PYTHON = COLAB / "bin" / "python"
FONT = COLAB / "font"
HUB = COLAB / "hub"  # transformers and what it needs (requirements-models.txt)
NAME = "colab"

# Writes matplotlib's own list of fonts with nothing of the system in it.
FONT_LIST = """
import matplotlib as mpl
from pathlib import Path
from matplotlib import font_manager as fonts
find = fonts.findSystemFonts
fonts.findSystemFonts = lambda paths=None, fontext="ttf": find(paths, fontext) if paths else []
name = f"fontlist-v{fonts.FontManager.__version__}.json"
fonts.json_dump(fonts.FontManager(), Path(mpl.get_cachedir()) / name)
"""


def ready() -> None:
    """Make .venv-colab/ where it is missing or old (`make test` has done so before)."""
    done = subprocess.run(
        [ROOT / "scripts" / "ready.sh", "colab"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def kernel(folder: Path, *paths: Path, **variables: str) -> Path:
    """Describe the kernel under `folder`; returns what JUPYTER_PATH must be.

    `paths` are put on the kernel's PYTHONPATH, `variables` into its environment.
    """
    config = folder / "config"
    config.mkdir(parents=True, exist_ok=True)
    environment = {
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
        "MPLCONFIGDIR": str(config),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "IPYTHONDIR": str(config / "ipython"),
        "COURSE_QUICK": "1",
        "OMP_NUM_THREADS": "1",
        **variables,
    }
    subprocess.run(
        [PYTHON, "-c", FONT_LIST],
        env={**os.environ, **environment, "MPLBACKEND": "Agg"},
        check=True,
    )
    described = folder / "kernels" / NAME / "kernel.json"
    described.parent.mkdir(parents=True, exist_ok=True)
    described.write_text(
        json.dumps(
            {
                "argv": [str(PYTHON), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
                "display_name": NAME,
                "language": "python",
                "env": environment,
            }
        )
    )
    return folder


def execute(
    cells: Iterable[str], folder: Path, *, allow_errors: bool = False
) -> nbformat.NotebookNode:
    """Run `cells` by that kernel in `folder` (JUPYTER_PATH must be set); returns the notebook."""
    node = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client = NotebookClient(
        node,
        kernel_name=NAME,
        timeout=120,
        allow_errors=allow_errors,
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute()
    return node

"""Every notebook that Colab opens, run with Colab's own versions and nothing of the course.

tests/test_notebooks.py runs the same Colab editions with the newest versions. Here IPython is 7,
ipywidgets is 7, there is no font but matplotlib's unless the optional package is given, and each
run starts in an empty folder.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import nbformat
import pytest

from tests import colabenv
from tests.test_house import pins
from tests.test_notebooks import COLAB, NOTEBOOK_SECONDS, name, run

ROOT = colabenv.ROOT
LABS = sorted(ROOT.glob("labs/*/*.ipynb"))
COURSE = ("autograder", "kit", "checks", "nbgrader", "jupyterlab", "koreanize_matplotlib", "yaml")
# kit itself gives pip 60 s, which a network that swallows everything would use up.
REFUSED_SECONDS = 60

pytestmark = [pytest.mark.notebooks, pytest.mark.timeout(NOTEBOOK_SECONDS + 60)]


@pytest.fixture(scope="module", autouse=True)
def environment() -> None:
    colabenv.ready()


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder


def code(notebook: Path) -> list[str]:
    cells = nbformat.read(notebook, as_version=4).cells
    return [cell.source for cell in cells if cell.cell_type == "code"]


def said(node: nbformat.NotebookNode, place: int) -> str:
    """What a cell printed."""
    outputs = node.cells[place].outputs
    return "".join(output.text for output in outputs if output.output_type == "stream")


# The environment


def test_versions_are_those_of_colab() -> None:
    wanted = pins("requirements-colab.txt")
    asked = "import json, sys; from importlib.metadata import version; "
    asked += "print(json.dumps({name: version(name) for name in sys.argv[1:]}))"
    done = subprocess.run(
        [colabenv.PYTHON, "-c", asked, *wanted], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == wanted
    assert wanted["ipython"].startswith("7.") and wanted["ipywidgets"].startswith("7.")


def test_nothing_of_the_course_is_installed(empty: Path) -> None:
    asked = "import sys, torch, importlib.util as u; assert float(torch.ones(2).sum()) == 2; "
    asked += "print([name for name in sys.argv[1:] if u.find_spec(name)])"
    done = subprocess.run(
        [colabenv.PYTHON, "-c", asked, *COURSE],
        cwd=empty,
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


# Whole Colab editions


# Put before the kernel's own start: draws each picture that the page draws a first time as if the
# font package were there. A sign that then has no glyph is an error.
WITH_FONT_TOO = """
import io, os, warnings
from pathlib import Path
import matplotlib as mpl
from matplotlib import figure, font_manager
from matplotlib.text import Text

plain = figure.Figure.savefig
families = ["NanumGothic", "DejaVu Sans"]


def savefig(self, target, *arguments, **options):
    if options.get("format") != "svg":
        known = font_manager.fontManager
        without = list(known.ttflist)
        for file in Path(os.environ["FONT"]).rglob("NanumGothic*.ttf"):
            known.addfont(file)
        texts = [text for text in self.findobj(Text) if text.get_fontfamily() == families[1:]]
        for text in texts:
            text.set_fontfamily(families)
        try:
            with mpl.rc_context({"font.family": families}), warnings.catch_warnings():
                warnings.filterwarnings("error", message="Glyph .* missing")
                plain(self, io.BytesIO(), dpi=50, bbox_inches="tight")
        finally:
            for text in texts:
                text.set_fontfamily(families[1:])
            known.ttflist[:] = without
        with open(os.environ["DRAWN"], "a") as log:
            log.write("x")
    return plain(self, target, *arguments, **options)


figure.Figure.savefig = savefig
"""


@pytest.mark.parametrize("notebook", COLAB, ids=name)
def test_edition_runs(notebook: Path, tmp_path: Path, empty: Path) -> None:
    """Without the font; each picture is drawn with it, too."""
    drawn = tmp_path / "drawn"
    (tmp_path / "sitecustomize.py").write_text(WITH_FONT_TOO, "utf-8")
    jupyter = colabenv.kernel(tmp_path, tmp_path, DRAWN=str(drawn), FONT=str(colabenv.FONT))
    run(Path(shutil.copy(notebook, empty)), empty, kernel=colabenv.NAME, jupyter=jupyter)
    shown = sum(source.count("kit.show(") for source in code(notebook)[1:])
    assert drawn.stat().st_size >= shown > 0


@pytest.mark.parametrize("font", [True, False], ids=["with-font", "without-font"])
def test_font_is_used_where_it_is_and_not_missed_where_it_is_not(
    font: bool, tmp_path: Path, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jupyter = colabenv.kernel(tmp_path, *([colabenv.FONT] if font else []))
    monkeypatch.setenv("JUPYTER_PATH", str(jupyter))
    asked = "print(plt.rcParams['font.family'], kit.mpl.__version__)"
    node = colabenv.execute([code(COLAB[0])[0], asked], empty)
    families = "['NanumGothic', 'DejaVu Sans']" if font else "['DejaVu Sans']"
    assert said(node, 1) == f"{families} {pins('requirements-colab.txt')['matplotlib']}\n"


def test_set_up_survives_a_colab_without_network(
    tmp_path: Path, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """google.colab is there, so the font is asked for; no server answers, so it fails quietly."""
    stub = tmp_path / "stub"
    (stub / "google" / "colab").mkdir(parents=True)
    (stub / "google" / "colab" / "__init__.py").write_text('"""Stands for Colab\'s own."""\n')
    # Colab's kernel has imported the package before the first cell runs.
    (stub / "sitecustomize.py").write_text("import google.colab\n")
    log = tmp_path / "pip.log"
    jupyter = colabenv.kernel(
        tmp_path,
        stub,
        PIP_CONFIG_FILE=os.devnull,
        PIP_INDEX_URL="http://127.0.0.1:9/simple",  # the port of «discard»: nobody listens
        PIP_EXTRA_INDEX_URL="",
        PIP_FIND_LINKS="",
        PIP_NO_CACHE_DIR="1",
        PIP_RETRIES="1",
        PIP_LOG=str(log),
    )
    monkeypatch.setenv("JUPYTER_PATH", str(jupyter))
    asked = "import sys, time; started = time.monotonic(); kit.style(); "
    asked += "print('google.colab' in sys.modules, time.monotonic() - started)"
    node = colabenv.execute([code(COLAB[0])[0], asked], empty)
    assert said(node, 0) == "준비되었습니다.\n"
    stubbed, seconds = said(node, 1).split()
    assert stubbed == "True"
    assert float(seconds) < REFUSED_SECONDS
    tried = log.read_text("utf-8")
    assert "koreanize-matplotlib" in tried and "127.0.0.1" in tried, tried[-2000:]


# Sliders: ipywidgets 7 has no Stack, so `explore` draws again in the kernel


def test_explore_is_live(tmp_path: Path, empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_PATH", str(colabenv.kernel(tmp_path, colabenv.FONT)))
    draw = "def draw(slope):\n    plt.figure()\n    plt.plot([0, slope])\n    print('그림', slope)"
    show = "import ipywidgets\nassert not hasattr(ipywidgets, 'Stack')\n"
    show += "widget = kit.explore(draw, '기울기 {slope}', slope=[1, 2])\nwidget"
    move = "widget.children[0].value = 2"
    first = colabenv.execute([code(COLAB[0])[0], draw, show], empty)
    moved = colabenv.execute([code(COLAB[0])[0], draw, show, move], empty)
    shown = [output.get("data", {}) for output in first.cells[2].outputs]
    assert any("application/vnd.jupyter.widget-view+json" in data for data in shown)
    assert _drawn(first)[0] == "그림 1\n"
    assert _drawn(moved)[0] == "그림 2\n"
    assert _drawn(first)[1] != _drawn(moved)[1]


def _drawn(node: nbformat.NotebookNode) -> tuple[str, str]:
    """Text and picture in the widget's output area, as a notebook keeps them."""
    models = node.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"].values()
    areas = [model["state"] for model in models if model["model_name"] == "OutputModel"]
    assert len(areas) == 1
    outputs = areas[0]["outputs"]
    text = "".join(o["text"] for o in outputs if o["output_type"] == "stream")
    pictures = [o["data"]["text/html"] for o in outputs if "text/html" in o.get("data", {})]
    assert len(pictures) == 1
    assert pictures[0].startswith("<img ") and 'alt="기울기 ' in pictures[0]
    return text, pictures[0]


# Released labs


def test_there_are_labs() -> None:
    assert LABS


@pytest.mark.parametrize("notebook", LABS, ids=name)
def test_lab_starts(
    notebook: Path, tmp_path: Path, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The set-up cell and all answer cells run; untouched, every public test fails, as it must."""
    monkeypatch.setenv("JUPYTER_PATH", str(colabenv.kernel(tmp_path)))
    cells = [
        cell
        for cell in nbformat.read(notebook, as_version=4).cells
        if cell.cell_type == "code" and "demo" not in cell.metadata.get("tags", [])
    ]
    node = colabenv.execute([cell.source for cell in cells], empty, allow_errors=True)
    failed = {}
    for cell, done in zip(cells, node.cells, strict=True):
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        errors = [output for output in done.outputs if output.output_type == "error"]
        if grade_id.endswith("-public"):
            failed[grade_id] = bool(errors)
        else:
            assert not errors, f"{grade_id or cell.source[:60]}: {errors[0].evalue}"
    assert failed and all(failed.values()), failed
    assert "setup" in cells[0].metadata.tags
    assert {"kit.py", "checks.py"} <= {path.name for path in empty.iterdir()}

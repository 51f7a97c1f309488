"""The little module that the chapters and the labs import.

Device and scale, seeds, one style for all pictures, sliders that also work in a page
without a kernel, and the texts that ship with the book. Needs nothing but torch, numpy,
matplotlib and (for `explore`) ipywidgets 7 or 8, all of which Colab has.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib import font_manager, ticker

T = TypeVar("T")

FONT = "NanumGothic"
FONT_PACKAGE = "koreanize_matplotlib"  # carries the font file; imports distutils, gone in 3.12
# Okabe & Ito's colours without the yellow, which is too faint on a light ground.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#4D4D4D")
PAPER = "#FCFCFA"  # solid, so that a figure reads the same on a dark page
INK = "#222222"
MAX_FRAMES = 60  # each frame travels inside the page

device: torch.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
if device.type == "cpu":
    torch.set_num_threads(1)  # small matrices: two threads took six times as long


def _quick() -> bool:
    """Small scale on a CPU, full scale on a GPU, unless the environment says otherwise."""
    if device.type == "cuda":
        return os.environ.get("COURSE_QUICK") == "1"
    return os.environ.get("COURSE_FULL") != "1"


QUICK: bool = _quick()


def by_scale(quick: T, full: T) -> T:
    """Return `quick` on a CPU and `full` on a GPU (see QUICK)."""
    return quick if QUICK else full


def seed(n: int = 0) -> torch.Generator:
    """Seed random, numpy and torch with `n`; return a CPU generator seeded with `n`."""
    random.seed(n)
    np.random.seed(n % 2**32)
    torch.manual_seed(n)
    return torch.Generator().manual_seed(n)


def style() -> None:
    """Set the one style of all figures: Korean font, safe colours, nothing below 9 pt."""
    families = [FONT, "DejaVu Sans"] if _register_font() else ["DejaVu Sans"]
    _keep_log_ticks_out_of_text_font()
    mpl.rcParams.update(
        {
            "font.family": families,  # DejaVu has the signs that NanumGothic lacks
            "axes.unicode_minus": False,
            "mathtext.fontset": "cm",
            "figure.figsize": (7.0, 3.4),
            "figure.dpi": 120,
            "figure.constrained_layout.use": True,
            "figure.facecolor": PAPER,
            "savefig.facecolor": PAPER,
            "axes.facecolor": PAPER,
            "axes.prop_cycle": mpl.cycler(color=COLORS),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "grid.color": "#DDDDDD",
            "axes.edgecolor": INK,
            "axes.labelcolor": INK,
            "text.color": INK,
            "xtick.color": INK,
            "ytick.color": INK,
            "font.size": 11,
            "axes.titlesize": 12,
            "axes.labelsize": 11,
            "xtick.labelsize": 10,
            "ytick.labelsize": 10,
            "legend.fontsize": 10,
            "legend.frameon": False,
            "lines.linewidth": 2,
        }
    )


def _keep_log_ticks_out_of_text_font() -> None:
    """Set the numbers of log axes in the math font: NanumGothic has no minus sign U+2212.

    Text falls back to DejaVu Sans glyph by glyph; mathtext, which writes 10⁻³, does not.
    """
    original = ticker.LogFormatterMathtext.__call__
    if original.__module__ == __name__:
        return  # style() was called before

    def call(self: ticker.LogFormatterMathtext, x: float, pos: int | None = None) -> str:
        return original(self, x, pos).replace(r"\mathdefault", r"\mathsf")

    ticker.LogFormatterMathtext.__call__ = call


def _register_font() -> bool:
    """Make NanumGothic known to matplotlib; False where it cannot be had."""
    if not _font_files() and "google.colab" in sys.modules:
        # No network or no such package: the figures then lack Hangul, the page still runs.
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            wanted = "koreanize-matplotlib==0.1.1"
            command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", wanted]
            subprocess.run(command, check=True, capture_output=True, timeout=60)
            importlib.invalidate_caches()
    known = {font.name for font in font_manager.fontManager.ttflist}
    if FONT not in known:
        for file in _font_files():
            font_manager.fontManager.addfont(str(file))
            known.add(FONT)
    return FONT in known


def _font_files() -> list[Path]:
    """The regular and the bold face inside the font package, found without importing it."""
    spec = importlib.util.find_spec(FONT_PACKAGE)
    places = spec.submodule_search_locations if spec else None
    names = (f"{FONT}.ttf", f"{FONT}Bold.ttf")
    files = [Path(place) / "fonts" / name for place in places or () for name in names]
    return [file for file in files if file.exists()]


def data(name: str) -> str:
    """Text of a data file: beside kit.py, in ./data, or next to the notebook.

    Raises FileNotFoundError naming the places that were looked in.
    """
    here = Path(__file__).resolve().parent
    places = [here / "data", here.parent / "data", Path("data"), Path(".")]
    for place in places:
        if (place / name).is_file():
            return (place / name).read_text(encoding="utf-8")
    raise FileNotFoundError(f"{name}: {', '.join(str(place) for place in places)}에 없습니다.")


def explore(draw: Callable[..., Any], **sliders: Iterable[Any]) -> Any:
    """A figure with sliders that works with and without a kernel.

    Args:
        draw: `draw(**values)` draws one matplotlib figure, always of the same size.
        sliders: for each argument of `draw` the values its slider takes, in order.

    Returns:
        A widget to display. With ipywidgets 8 every frame is drawn now and the page needs
        no kernel; with ipywidgets 7 (Colab) each move of a slider draws anew.

    Raises ValueError when there is no slider, an empty one, or more than MAX_FRAMES frames.
    """
    import ipywidgets as widgets

    values = {name: list(choices) for name, choices in sliders.items()}
    frames = int(np.prod([len(choices) for choices in values.values()])) if values else 0
    if not 1 <= frames <= MAX_FRAMES:
        raise ValueError(f"explore: {frames}장입니다. 1–{MAX_FRAMES}장이어야 합니다.")
    controls = {
        name: widgets.SelectionSlider(
            options=[(_label(choice), choice) for choice in choices],
            value=choices[0],
            description=name,
        )
        for name, choices in values.items()
    }
    if not hasattr(widgets, "Stack"):
        return _live(widgets, draw, controls)
    picture = _stack(widgets, draw, values, controls, {})
    rows = [widgets.HBox(_with_play(widgets, slider)) for slider in controls.values()]
    return widgets.VBox([*rows, picture])


def _live(widgets: Any, draw: Callable[..., Any], controls: dict[str, Any]) -> Any:
    """Draw again at each move, in the kernel."""

    def show(**chosen: Any) -> None:
        draw(**chosen)
        plt.show()

    output = widgets.interactive_output(show, controls)
    return widgets.VBox([*controls.values(), output])


def _stack(
    widgets: Any,
    draw: Callable[..., Any],
    values: dict[str, list[Any]],
    controls: dict[str, Any],
    chosen: dict[str, Any],
) -> Any:
    """One Stack per slider, nested in order; the browser links sliders and stacks."""
    if len(chosen) == len(values):
        return widgets.Image(
            value=_png(draw, chosen), format="png", layout={"width": "100%", "max_width": "760px"}
        )
    name = list(values)[len(chosen)]
    children = [
        _stack(widgets, draw, values, controls, {**chosen, name: choice}) for choice in values[name]
    ]
    stack = widgets.Stack(children, selected_index=0)
    widgets.jslink((controls[name], "index"), (stack, "selected_index"))
    return stack


def _with_play(widgets: Any, slider: Any) -> list[Any]:
    """A play button that moves the slider, in the browser alone."""
    play = widgets.Play(min=0, max=len(slider.options) - 1, interval=700)
    widgets.jslink((play, "value"), (slider, "index"))
    return [play, slider]


def _png(draw: Callable[..., Any], chosen: dict[str, Any]) -> bytes:
    """The figure that `draw` makes, as PNG; it is closed so that it is not shown twice."""
    made = draw(**chosen)
    figure = made if isinstance(made, mpl.figure.Figure) else plt.gcf()
    target = io.BytesIO()
    figure.savefig(target, format="png", dpi=110)
    plt.close(figure)
    return target.getvalue()


def _label(choice: Any) -> str:
    return f"{choice:g}" if isinstance(choice, float) else str(choice)

"""The little module that the chapters and the labs import.

Device and scale, seeds, one style for all pictures, sliders that also work in a page
without a kernel, and the texts that ship with the book. Needs nothing but torch, numpy,
matplotlib (with Pillow) and ipywidgets 7 or 8, all of which Colab has.
"""

from __future__ import annotations

import base64
import colorsys
import contextlib
import gzip
import html
import importlib
import importlib.util
import io
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import PIL.Image
import torch
from matplotlib import font_manager, ticker
from matplotlib.collections import Collection
from matplotlib.colors import to_hex, to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text

T = TypeVar("T")

FONT = "NanumGothic"
FONT_PACKAGE = "koreanize_matplotlib"  # carries the font file; imports distutils, gone in 3.12
_font_asked = False
# Okabe & Ito's colours without the yellow, which is too faint on a light ground.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#4D4D4D")
DARK_COLORS = ("#56A8E8", "#FF8C42", "#2DC79B", "#E3A3CB", "#F5B942", "#8CD0F5", "#B3B3B3")
PAPER = "#FCFCFA"
INK = "#222222"
CSS_DPI = 100  # a figure 7 inches wide is 700 px wide on the page
MAX_FRAMES, MAX_KB = 60, 1500  # what explore() may put into one page
IN_BOOK = os.environ.get("COURSE_BOOK") == "1"  # set by the book's build

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
            "savefig.facecolor": "auto",
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
    global _font_asked
    if not _font_files() and "google.colab" in sys.modules and not _font_asked:
        _font_asked = True  # once: without a network pip takes its time to give up
        # No network or no such package: the figures then lack Hangul, the page still runs.
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            wanted = "koreanize-matplotlib==0.1.1"
            command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--retries=1"]
            command.append(wanted)
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


def show(alt: str, figure: Figure | None = None) -> None:
    """Show `figure` (or the current one) with words for those who do not see it, and close it.

    In the book's build the picture is written twice, for the light and for the dark page, as SVG
    or PNG, whichever travels in fewer bytes; elsewhere once. Raises ValueError when `alt` is empty.
    """
    from IPython.display import HTML, display

    display(HTML(_picture(figure or plt.gcf(), alt)))


def _picture(figure: Figure, alt: str) -> str:
    """The figure as <img> with its alt text; it is closed so that it is not shown twice."""
    if not alt.strip():
        raise ValueError("그림에는 보이는 것을 말해 주는 대체 글(alt)이 있어야 합니다.")
    pictures = [_image(figure, alt, "only-light" if IN_BOOK else "")]
    if IN_BOOK:
        _darken(figure)
        pictures.append(_image(figure, alt, "only-dark"))
    plt.close(figure)
    return "".join(pictures)


def _image(figure: Figure, alt: str, theme: str) -> str:
    drawn, png, svg = io.BytesIO(), io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, dpi=2 * CSS_DPI, bbox_inches="tight")  # twice: sharp on a phone
    picture = PIL.Image.open(drawn).convert("RGB")
    # 256 colours look the same here and take a third of the bytes.
    picture.quantize(256, dither=PIL.Image.Dither.NONE).save(png, "png", optimize=True)
    kind, content = "png", png.getvalue()
    if not any(axes.images for axes in figure.axes):  # an SVG smooths the edges of heat maps
        figure.savefig(svg, format="svg", bbox_inches="tight", metadata={"Date": None})
        lean = re.sub(r"([1-9]\d*\.\d\d)\d+|<!--.*?-->|\n *", r"\1 ", svg.getvalue().decode())
        if len(gzip.compress(lean.encode())) < len(content):  # as a web server sends it
            kind, content = "svg+xml", lean.encode()
    data = base64.b64encode(content).decode()
    width, height = picture.width // 2, picture.height // 2
    return (
        f'<img class="kit-figure {theme}" alt="{html.escape(alt)}" width="{width}"'
        f' height="{height}" style="max-width:100%;height:auto"'
        f' src="data:image/{kind};base64,{data}">'
    )


def _darken(figure: Figure) -> None:
    """Recolour a drawn figure for a dark page; what a colour map painted stays as it is."""
    on_pictures = {text for axes in figure.axes if axes.images for text in axes.texts}
    for artist in set(figure.findobj()) - on_pictures:
        if isinstance(artist, Text):
            artist.set_color(_dark(artist.get_color()))
            for patch in (artist.get_bbox_patch(), getattr(artist, "arrow_patch", None)):
                if patch is not None:
                    _darken_patch(patch)
        elif isinstance(artist, Line2D):
            parts = ("color", "markerfacecolor", "markeredgecolor")
            # All are read before one is set: a marker may take its colour from the line.
            mpl.artist.setp(artist, **{p: _dark(mpl.artist.getp(artist, p)) for p in parts})
        elif isinstance(artist, Patch):
            _darken_patch(artist)
        elif isinstance(artist, Collection) and artist.get_array() is None:
            artist.set_facecolor([_dark(color) for color in artist.get_facecolor()])
            artist.set_edgecolor([_dark(color) for color in artist.get_edgecolor()])


def _darken_patch(patch: Patch) -> None:
    face, edge = _dark(patch.get_facecolor()), _dark(patch.get_edgecolor())
    patch.set_facecolor(face)
    patch.set_edgecolor(edge)


def _dark(color: Any) -> tuple[float, float, float, float]:
    """The colour that does on a dark page what `color` does on a light one."""
    *rgb, alpha = to_rgba(color)
    name = to_hex(rgb).upper()
    if name in COLORS:
        return (*to_rgba(DARK_COLORS[COLORS.index(name)])[:3], alpha)
    hue, light, saturation = colorsys.rgb_to_hls(*rgb)
    if max(rgb) - min(rgb) < 0.04:  # ink, paper, grey
        return (*[1.0 - 0.91 * light] * 3, alpha)
    light = 1 - 0.91 * light if light > 0.8 else max(light, 0.6)  # a pale ground, a strong line
    return (*colorsys.hls_to_rgb(hue, light, saturation), alpha)


def explore(draw: Callable[..., Any], alt: str, /, **controls: Iterable[Any]) -> Any:
    """A figure with controls that works with and without a kernel.

    Args:
        draw: `draw(**values)` draws one matplotlib figure, always of the same size.
        alt: what one sees, in words; `{name}` in it stands for the value of that control.
        controls: for each argument of `draw` the values it takes, in order. Numbers get a slider
            with a play button, words a drop-down list.

    Returns:
        A widget to display. With ipywidgets 8 every frame is drawn now and the page needs
        no kernel; with ipywidgets 7 (Colab) each move of a control draws anew.

    Raises ValueError when there is no control, an empty one, more than MAX_FRAMES frames, or
    when the frames together are larger than MAX_KB.
    """
    import ipywidgets as widgets

    values = {name: list(choices) for name, choices in controls.items()}
    frames = int(np.prod([len(choices) for choices in values.values()])) if values else 0
    if not 1 <= frames <= MAX_FRAMES:
        raise ValueError(f"explore: {frames}장입니다. 1–{MAX_FRAMES}장이어야 합니다.")
    rows = {name: _control(widgets, name, choices) for name, choices in values.items()}
    if not hasattr(widgets, "Stack"):
        return _live(widgets, draw, alt, rows)
    pictures: list[str] = []
    stack = _stack(widgets, draw, alt, values, rows, {}, pictures)
    size = sum(map(len, pictures)) // 1024
    if size > MAX_KB:
        raise ValueError(f"explore: 그림이 모두 {size} KB입니다. {MAX_KB} KB를 넘을 수 없습니다.")
    if IN_BOOK:
        from IPython.display import HTML, display

        display(HTML(f'<noscript><div class="explore-static">{pictures[0]}</div></noscript>'))
    plays = [_with_play(widgets, control) for control in rows.values()]
    box = widgets.VBox([*(widgets.HBox(row) for row in plays), stack])
    return box.add_class("explore")


def _control(widgets: Any, name: str, choices: list[Any]) -> Any:
    """A slider for numbers, a drop-down list for everything else."""
    numbers = all(isinstance(choice, (int, float)) for choice in choices)
    kind = widgets.SelectionSlider if numbers and len(choices) > 1 else widgets.Dropdown
    options = [(_label(choice), choice) for choice in choices]
    return kind(options=options, value=choices[0], description=name)


def _live(widgets: Any, draw: Callable[..., Any], alt: str, rows: dict[str, Any]) -> Any:
    """Draw again at each move, in the kernel."""

    def redraw(**chosen: Any) -> None:
        show(alt.format(**chosen), draw(**chosen))

    output = widgets.interactive_output(redraw, rows)
    return widgets.VBox([*rows.values(), output])


def _stack(
    widgets: Any,
    draw: Callable[..., Any],
    alt: str,
    values: dict[str, list[Any]],
    rows: dict[str, Any],
    chosen: dict[str, Any],
    pictures: list[str],
) -> Any:
    """One Stack per control, nested in order; the browser links controls and stacks."""
    if len(chosen) == len(values):
        pictures.append(_picture(draw(**chosen) or plt.gcf(), alt.format(**chosen)))
        return widgets.HTML(pictures[-1])
    name = list(values)[len(chosen)]
    children = [
        _stack(widgets, draw, alt, values, rows, {**chosen, name: choice}, pictures)
        for choice in values[name]
    ]
    stack = widgets.Stack(children, selected_index=0)
    widgets.jslink((rows[name], "index"), (stack, "selected_index"))
    return stack


def _with_play(widgets: Any, control: Any) -> list[Any]:
    """A play button that moves a slider, in the browser alone."""
    if isinstance(control, widgets.Dropdown):
        return [control]
    play = widgets.Play(min=0, max=len(control.options) - 1, interval=700)
    widgets.jslink((play, "value"), (control, "index"))
    return [play, control]


def _label(choice: Any) -> str:
    return f"{choice:g}" if isinstance(choice, float) else str(choice)

"""book/kit.py: seeds, scale, Korean pictures, sliders and data."""

from __future__ import annotations

import base64
import hashlib
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib import font_manager
from matplotlib.font_manager import FontProperties

BOOK = Path(__file__).parents[1] / "book"
sys.path.insert(0, str(BOOK))

import kit


@pytest.fixture
def styled() -> Iterator[None]:
    """The book's style for one test only."""
    with matplotlib.rc_context():
        kit.style()
        yield
        plt.close("all")


def _draws() -> tuple[float, float, float]:
    return random.random(), float(np.random.rand()), float(torch.rand(()))


def test_seed_fixes_all_three_libraries_and_the_generator() -> None:
    one = kit.seed(7)
    first = (*_draws(), float(torch.rand((), generator=one)))
    two = kit.seed(7)
    assert first == (*_draws(), float(torch.rand((), generator=two)))
    kit.seed(8)
    assert first[:3] != _draws()
    assert one.device.type == "cpu"


def _in_new_process(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", f"import kit; {code}"],
        cwd=BOOK,
        env={"PATH": "", "CUDA_VISIBLE_DEVICES": "", **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_scale_follows_device_and_environment() -> None:
    show = "print(kit.device.type, kit.QUICK, kit.by_scale(1, 2))"
    assert _in_new_process(show) == "cpu True 1"
    assert _in_new_process(show, COURSE_FULL="1") == "cpu False 2"


def test_by_scale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kit, "QUICK", True)
    assert kit.by_scale("small", "large") == "small"
    monkeypatch.setattr(kit, "QUICK", False)
    assert kit.by_scale("small", "large") == "large"


def test_style_registers_a_font_with_hangul_without_importing_its_package(styled: None) -> None:
    file = font_manager.findfont(FontProperties(family=kit.FONT), fallback_to_default=False)
    face = font_manager.get_font(file)
    assert face.family_name == "NanumGothic"
    assert face.get_char_index(ord("한")) != 0
    assert (
        _in_new_process(f"import sys; kit.style(); print('{kit.FONT_PACKAGE}' in sys.modules)")
        == "False"
    )


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("text", ["한글", "−1 → ρ·‖∂L‖ ₜ"])
def test_text_is_drawn_without_missing_glyphs(styled: None, text: str) -> None:
    figure = plt.figure()
    blank = _pixels(figure)
    figure.text(0.1, 0.5, text, fontsize=20)
    assert (_pixels(figure) != blank).any()


def test_log_axes_draw_their_minus_signs(styled: None, caplog: pytest.LogCaptureFixture) -> None:
    kit.style()  # twice, as in a chapter that imports a lab's cell
    plt.semilogy([1, 2], [1e-13, 1e5])
    plt.title("$W_h$를 고칩니다")
    plt.gcf().canvas.draw()
    assert "does not have a glyph" not in caplog.text


def _pixels(figure: plt.Figure) -> np.ndarray:
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba()).copy()


def test_han_is_not_the_box_for_a_missing_glyph(styled: None) -> None:
    def drawn(letter: str) -> np.ndarray:
        figure = plt.figure(figsize=(1, 1))
        figure.text(0.2, 0.2, letter, fontsize=40)
        return _pixels(figure)

    assert (drawn("한") != drawn("글")).any()  # two boxes would be alike


def test_style_survives_without_the_font(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kit, "_font_files", list)
    monkeypatch.setattr(kit.font_manager.fontManager, "ttflist", [])
    with matplotlib.rc_context():
        kit.style()
        assert plt.rcParams["font.family"] == ["DejaVu Sans"]


def test_nothing_is_smaller_than_nine_points(styled: None) -> None:
    names = ("font.size", "axes.titlesize", "axes.labelsize", "xtick.labelsize",
             "ytick.labelsize", "legend.fontsize")  # fmt: skip
    assert min(plt.rcParams[name] for name in names) >= 9


def _line(slope: float, shift: int = 0) -> None:
    plt.figure(figsize=(2, 1))
    plt.plot([0, slope + shift])


def _descendants(widget: ipywidgets.Widget) -> list[ipywidgets.Widget]:
    inner = [w for child in getattr(widget, "children", ()) for w in _descendants(child)]
    return [widget, *inner]


def test_explore_precomputes_every_frame(styled: None) -> None:
    parts = _descendants(kit.explore(_line, slope=[0.5, 1.0, 2.0]))
    images = [w for w in parts if isinstance(w, ipywidgets.Image)]
    assert len({bytes(image.value) for image in images}) == 3
    assert all(bytes(image.value)[:4] == b"\x89PNG" for image in images)
    slider = next(w for w in parts if isinstance(w, ipywidgets.SelectionSlider))
    assert slider.description == "slope"
    assert [label for label, _ in slider.options] == ["0.5", "1", "2"]
    assert not plt.get_fignums(), "a frame left open would be shown twice"


def test_explore_links_in_the_browser(styled: None) -> None:
    widget = kit.explore(_line, slope=[1, 2], shift=range(3))
    state = ipywidgets.Widget.get_manager_state()["state"].values()
    links = {
        (entry["state"]["source"][1], entry["state"]["target"][1])
        for entry in state
        if entry["model_name"] == "LinkModel"
    }
    assert {("index", "selected_index"), ("value", "index")} <= links
    stacks = [w for w in _descendants(widget) if isinstance(w, ipywidgets.Stack)]
    assert sorted(len(stack.children) for stack in stacks) == [2, 3, 3]


@pytest.mark.parametrize("sliders", [{}, {"slope": []}, {"slope": range(1000)}])
def test_explore_refuses_what_a_page_cannot_hold(sliders: dict) -> None:
    with pytest.raises(ValueError, match="explore"):
        kit.explore(_line, **sliders)


def test_explore_is_live_where_there_is_no_stack(
    monkeypatch: pytest.MonkeyPatch, styled: None
) -> None:
    monkeypatch.delattr(ipywidgets, "Stack")
    seen = []
    widget = kit.explore(lambda slope: seen.append(slope), slope=[3, 4])
    slider = widget.children[0]
    assert seen == [3]
    slider.value = 4
    assert seen == [3, 4]


def test_data_beside_the_module_and_near_the_notebook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert kit.data("constitution.txt").startswith("대한민국헌법\n")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "near.txt").write_text("안녕", encoding="utf-8")
    (tmp_path / "here.txt").write_text("하세요", encoding="utf-8")
    assert (kit.data("near.txt"), kit.data("here.txt")) == ("안녕", "하세요")
    with pytest.raises(FileNotFoundError, match=r"none\.txt"):
        kit.data("none.txt")


def test_constitution_is_what_its_data_sheet_says() -> None:
    raw = (BOOK / "data" / "constitution.txt").read_bytes()
    text, sheet = raw.decode("utf-8"), (BOOK / "data" / "DATA.md").read_text("utf-8")
    assert hashlib.sha256(raw).hexdigest() in sheet
    assert f"{len(text):,}자" in sheet
    assert f"{len(set(text))}종" in sheet
    assert "\r" not in text
    assert not [line for line in text.split("\n") if line != line.strip()]


def test_module_can_travel_inside_a_notebook() -> None:
    source = (BOOK / "kit.py").read_text("utf-8")
    assert "'''" not in source, "the set-up cell of a Colab edition quotes it with '''"
    assert len(base64.b64encode(source.encode())) < 20_000

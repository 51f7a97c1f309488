"""book/kit.py: seeds, scale, Korean pictures, sliders and data."""

from __future__ import annotations

import base64
import hashlib
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import matplotlib

matplotlib.use("Agg")

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from bs4 import BeautifulSoup
from matplotlib import font_manager
from matplotlib.colors import to_hex, to_rgb
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


@pytest.fixture
def displayed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The HTML that is displayed during a test."""
    import IPython.display

    seen: list[str] = []
    monkeypatch.setattr(IPython.display, "display", lambda shown: seen.append(shown.data))
    return seen


def _pictures(shown: str) -> list[tuple[dict[str, str], bytes]]:
    """(attributes, content) of each <img>."""
    found = []
    for image in BeautifulSoup(shown, "html.parser").find_all("img"):
        kind, _, data = image["src"].partition(";base64,")
        content = base64.b64decode(data)
        if kind == "data:image/png":
            assert content[:4] == b"\x89PNG"
        else:
            assert kind == "data:image/svg+xml"
            ElementTree.fromstring(content)
        found.append((image.attrs, content))
    return found


def test_show_shows_once_with_alt_text(styled: None, displayed: list[str]) -> None:
    _line(1.0)
    kit.show('선이 "오른쪽 위"로 오릅니다 <a>')
    [(attributes, _)] = _pictures(displayed[0])
    assert attributes["alt"] == '선이 "오른쪽 위"로 오릅니다 <a>'
    assert not plt.get_fignums(), "a figure left open would be shown twice"
    assert int(attributes["width"]) == pytest.approx(200, abs=30)  # 2 inches


@pytest.mark.parametrize("alt", ["", " \n"])
def test_show_refuses_a_figure_without_words(styled: None, alt: str) -> None:
    _line(1.0)
    with pytest.raises(ValueError, match="alt"):
        kit.show(alt)


def test_book_gets_a_dark_twin(
    styled: None, displayed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kit, "IN_BOOK", True)
    _line(1.0)
    kit.show("선")
    (light, light_file), (dark, dark_file) = _pictures(displayed[0])
    assert "only-light" in light["class"] and "only-dark" in dark["class"]
    assert light["alt"] == dark["alt"] == "선"
    assert light_file != dark_file


@pytest.mark.parametrize("color", [*kit.COLORS, kit.INK, "#555555", "#888888", "#B04A00"])
def test_lines_stand_out_on_both_papers(color: str) -> None:
    """3 : 1 in the dark; on light paper Okabe & Ito's paler colours stay at 2 : 1 and more."""
    assert _contrast(to_rgb(color), to_rgb(kit.PAPER)) >= (2.0 if color in kit.COLORS else 3)
    assert _contrast(kit._dark(color)[:3], kit._dark(kit.PAPER)[:3]) >= 3


def _contrast(one: tuple, two: tuple) -> float:
    def light(rgb: tuple) -> float:
        parts = [v / 12.92 if v <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4 for v in rgb]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    low, high = sorted((light(one), light(two)))
    return (high + 0.05) / (low + 0.05)


def test_dark_twin_leaves_what_a_colour_map_painted(styled: None) -> None:
    figure, (left, right) = plt.subplots(1, 2)
    left.imshow([[0, 1]], cmap="Blues")
    kept = left.text(0, 0, "글", color="#222222")
    changed = right.text(0, 0, "글", color="#222222", bbox={"fc": "#E3EEF6", "ec": "#0072B2"})
    line = right.plot([0, 1], "o-", color=kit.COLORS[2])[0]
    painted = left.images[0].to_rgba(left.images[0].get_array())
    kit._darken(figure)
    assert kept.get_color() == "#222222"
    assert (left.images[0].to_rgba(left.images[0].get_array()) == painted).all()
    box = changed.get_bbox_patch().get_facecolor()[:3]
    assert _contrast(to_rgb(changed.get_color()), box) >= 4.5
    assert to_hex(line.get_color()) == to_hex(line.get_markerfacecolor()) == "#2dc79b"
    assert _contrast(figure.get_facecolor()[:3], to_rgb(kit.PAPER)) > 12


def test_the_smaller_file_is_taken(styled: None, displayed: list[str]) -> None:
    def kind() -> str:
        return displayed[-1].split("data:image/")[1].split(";")[0]

    _line(1.0)
    kit.show("선")
    assert kind() == "svg+xml"
    plt.plot(np.random.default_rng(0).normal(size=40_000).cumsum())
    kit.show("긴 선")
    assert kind() == "png"
    plt.imshow([[0, 1], [1, 0]])
    kit.show("칸")
    assert kind() == "png"


def test_svg_is_thinned_without_moving_anything(styled: None, displayed: list[str]) -> None:
    """Small factors such as scale(0.015625) must survive: they set the size of letters."""
    _line(1.0)
    plt.title("글")
    kit.show("선")
    [(_, content)] = _pictures(displayed[0])
    scales = re.findall(rb"scale\(([\d.]+)", content)
    assert b"0.015625" in scales


def test_explore_precomputes_every_frame(styled: None) -> None:
    parts = _descendants(kit.explore(_line, "기울기가 {slope}인 선", slope=[0.5, 1.0, 2.0]))
    frames = [_pictures(w.value)[0] for w in parts if isinstance(w, ipywidgets.HTML)]
    assert len({content for _, content in frames}) == 3
    assert [image["alt"] for image, _ in frames] == [f"기울기가 {s}인 선" for s in (0.5, 1.0, 2.0)]
    slider = next(w for w in parts if isinstance(w, ipywidgets.SelectionSlider))
    assert slider.description == "slope"
    assert [label for label, _ in slider.options] == ["0.5", "1", "2"]
    assert any(isinstance(w, ipywidgets.Play) for w in parts)
    assert not plt.get_fignums(), "a frame left open would be shown twice"


def test_words_get_a_dropdown(styled: None) -> None:
    def draw(kind: str) -> None:
        _line(len(kind))

    parts = _descendants(kit.explore(draw, "{kind}의 선", kind=["RNN", "LSTM"]))
    chosen = next(w for w in parts if isinstance(w, ipywidgets.Dropdown))
    assert [label for label, _ in chosen.options] == ["RNN", "LSTM"]
    assert not any(isinstance(w, ipywidgets.Play) for w in parts)


def test_explore_links_in_the_browser(styled: None) -> None:
    widget = kit.explore(_line, "선", slope=[1, 2], shift=range(3))
    state = ipywidgets.Widget.get_manager_state()["state"].values()
    links = {
        (entry["state"]["source"][1], entry["state"]["target"][1])
        for entry in state
        if entry["model_name"] == "LinkModel"
    }
    assert {("index", "selected_index"), ("value", "index")} <= links
    stacks = [w for w in _descendants(widget) if isinstance(w, ipywidgets.Stack)]
    assert sorted(len(stack.children) for stack in stacks) == [2, 3, 3]


def test_book_shows_the_first_frame_where_no_script_runs(
    styled: None, displayed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kit, "IN_BOOK", True)
    widget = kit.explore(_line, "선", slope=[1, 2])
    first = next(w for w in _descendants(widget) if isinstance(w, ipywidgets.HTML))
    assert displayed == [f'<noscript><div class="explore-static">{first.value}</div></noscript>']


@pytest.mark.parametrize("sliders", [{}, {"slope": []}, {"slope": range(1000)}])
def test_explore_refuses_what_a_page_cannot_hold(sliders: dict) -> None:
    with pytest.raises(ValueError, match="explore"):
        kit.explore(_line, "선", **sliders)


def test_explore_refuses_frames_that_are_too_heavy(
    styled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kit, "MAX_KB", 5)
    with pytest.raises(ValueError, match="5 KB를 넘을 수 없습니다"):
        kit.explore(_line, "선", slope=[1, 2, 3, 4])


def test_explore_is_live_where_there_is_no_stack(
    monkeypatch: pytest.MonkeyPatch, styled: None, displayed: list[str]
) -> None:
    monkeypatch.delattr(ipywidgets, "Stack")
    seen = []

    def draw(slope: int) -> None:
        seen.append(slope)
        _line(slope)

    widget = kit.explore(draw, "기울기 {slope}", slope=[3, 4])
    slider = widget.children[0]
    assert seen == [3]
    slider.value = 4
    assert seen == [3, 4]
    assert [_pictures(shown)[0][0]["alt"] for shown in displayed] == ["기울기 3", "기울기 4"]


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

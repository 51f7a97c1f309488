"""Pictures on their way into a page: data becomes files, and nothing passes without words."""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path

import pytest

from tests import booksite

sys.path.insert(0, str(booksite.ROOT / "book" / "_ext"))

import bookconfig  # noqa: E402
import figures  # noqa: E402
import pagecheck  # noqa: E402

PNG = b"\x89PNG" + bytes(range(256)) * 20
DATA = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
IMAGE = f'<img class="kit-figure only-light" alt="선" src="{DATA}">'


def test_data_becomes_a_file(tmp_path: Path) -> None:
    text = figures.extract(f"<p>{IMAGE}</p>", tmp_path / "_images", "../_images/")
    [file] = (tmp_path / "_images").iterdir()
    assert file.read_bytes() == PNG
    assert text == f"<p>{IMAGE.replace(DATA, '../_images/' + file.name)}</p>"


def test_frames_of_widgets_become_files_and_stay_json(tmp_path: Path) -> None:
    state = json.dumps({"value": IMAGE + IMAGE.replace("only-light", "only-dark")})
    text = figures.extract(state, tmp_path, "_images/")
    assert DATA not in text
    assert json.loads(text)["value"].count('src="_images/') == 2


def test_pictures_of_earlier_runs_are_deleted(tmp_path: Path) -> None:
    images = tmp_path / "_images"
    images.mkdir()
    shown, old, other = "0" * 20 + ".svg", "1" * 20 + ".png", "rnn.png"
    for name in (shown, old, other):
        (images / name).write_bytes(b"")
    (tmp_path / "a.html").write_text(f'<img src="_images/{shown}">')
    figures.tidy(tmp_path, images)
    assert {path.name for path in images.iterdir()} == {shown, other}


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ('<img src="a.png">', "대체 글(alt)이 없는 그림: a.png"),
        ('<img src="a.png" alt=" ">', "대체 글(alt)이 없는 그림: a.png"),
        (f"<p>{'글' * 400_000}</p>", "1 MB를 넘을 수 없습니다"),
        ('<img src="big.png" alt="큰 그림">', "2.0 MB입니다. 1 MB를"),
    ],
)
def test_page_is_refused_by_name(tmp_path: Path, html: str, words: str) -> None:
    (tmp_path / "easy").mkdir()
    (tmp_path / "easy" / "big.png").write_bytes(bytes(2 * pagecheck.MB))
    [problem] = pagecheck.problems(html, "easy/one", tmp_path)
    assert problem.startswith("easy/one: ")
    assert words in problem


@pytest.mark.parametrize(
    "html",
    [
        '<img src="a.png" alt="선">',
        '<img src="../_static/logo.svg" alt="">',
        # The other theme's twin is never fetched, and a page with widgets may weigh more.
        '<img class="kit-figure only-dark" src="big.png" alt="큰 그림">',
        f'<img src="big.png" alt="큰 그림"><script type="{pagecheck.WIDGETS}">{{}}</script>',
    ],
)
def test_page_is_accepted(tmp_path: Path, html: str) -> None:
    (tmp_path / "easy").mkdir()
    (tmp_path / "easy" / "big.png").write_bytes(bytes(2 * pagecheck.MB))
    assert pagecheck.problems(html, "easy/one", tmp_path) == []


def test_frames_of_widgets_count(tmp_path: Path) -> None:
    (tmp_path / "f.png").write_bytes(bytes(4 * pagecheck.MB))
    state = json.dumps({"value": '<img class="kit-figure only-light" alt="선" src="f.png">'})
    html = f'<script type="{pagecheck.WIDGETS}">{state}</script>'
    [problem] = pagecheck.problems(html, "one", tmp_path)
    assert "4.0 MB입니다. 3 MB를" in problem


def test_built_pages_keep_both_promises() -> None:
    site = booksite.site()
    pages = bookconfig.load().pages
    found = [pagecheck.problems((site / f"{p}.html").read_text("utf-8"), p, site) for p in pages]
    assert found == [[]] * len(pages)


def test_no_picture_is_left_as_data_or_fetched_before_it_is_seen() -> None:
    html = (booksite.site() / "easy" / "rnn.html").read_text("utf-8")
    assert "data:image/" not in html
    assert html.count('<img loading="lazy" decoding="async" class="kit-figure') >= 20

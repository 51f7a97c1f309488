"""Scripts and handlers in what is printed, shown, raised and written."""

from __future__ import annotations

import pytest

from tests.threats.handins.pages import BEACON, JS, assert_harmless, raised, shown, written

PAYLOADS = [
    f"<script>{JS}</script>",
    f"<SCRIPT SRC={BEACON}/a.js></SCRIPT>",
    f'<img src=x onerror="{JS}">',
    f'</pre></details></section></main><body onload="{JS}">',
    f'<details open ontoggle="{JS}"><summary>x',
    f'<input autofocus onfocus="{JS}">',
    f'<textarea></textarea><img src=x onerror="{JS}">',
]


def test_they_bite(window, tmp_path):
    assert all(window.raw(tmp_path, each) for each in PAYLOADS)


@pytest.mark.parametrize("way", [shown, written, raised])
def test_nothing_happens_on_the_page(court, window, way):
    assert_harmless(way(court, *PAYLOADS), window, 60 if way is raised else 100)

"""Styles that cover the page, load something or pretend to be a part of it."""

from __future__ import annotations

import pytest

from tests.threats.handins.pages import BEACON, assert_harmless, raised, shown, written

PAYLOADS = [
    f"<style>body {{ background: url({BEACON}/css) }}</style>",
    f"<style>@import url({BEACON}/import);</style>",
    f'<div style="background: url({BEACON}/attribute)">x</div>',
    '<div style="position: fixed; inset: 0">점수 100</div>',
    "<style>main { position: fixed }</style><main>x</main>",
    f"<table background={BEACON}/table><tr><td>x</table>",
]


def test_they_bite(window, tmp_path):
    assert all(window.raw(tmp_path, each) for each in PAYLOADS)


@pytest.mark.parametrize("way", [shown, written, raised])
def test_nothing_happens_on_the_page(court, window, way):
    assert_harmless(way(court, *PAYLOADS), window, 60 if way is raised else 100)

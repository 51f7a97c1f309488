"""Frames, objects, forms, refreshes and other elements that load or send something."""

from __future__ import annotations

import pytest

from tests.threats.handins.pages import BEACON, assert_harmless, raised, shown, written

PAYLOADS = [
    f"<iframe srcdoc='<img src={BEACON}/srcdoc>'></iframe>",
    f'<iframe src="{BEACON}/frame"></iframe>',
    f'<object data="{BEACON}/object"></object>',
    f'<embed src="{BEACON}/embed">',
    f'<meta http-equiv=refresh content="0;url={BEACON}/refresh">',
    f"<link rel=stylesheet href={BEACON}/style>",
    f"<video autoplay src={BEACON}/video></video>",
    f'<form action="{BEACON}/form"><button>보내기</button></form>',
    f"<img src={BEACON}/pixel>",
]


def test_they_bite(window, tmp_path):
    assert all(window.raw(tmp_path, each) for each in PAYLOADS)


@pytest.mark.parametrize("way", [shown, written, raised])
def test_nothing_happens_on_the_page(court, window, way):
    assert_harmless(way(court, *PAYLOADS), window, 60 if way is raised else 100)

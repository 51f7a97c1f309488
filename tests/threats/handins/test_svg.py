"""SVG with handlers, scripts and foreign objects, in the page and as a picture."""

from __future__ import annotations

import pytest

from tests.threats.handins.pages import BEACON, JS, assert_harmless, raised, shown, written

PAYLOADS = [
    f'<svg xmlns="http://www.w3.org/2000/svg" onload="{JS}"></svg>',
    f'<svg xmlns="http://www.w3.org/2000/svg"><script>{JS}</script></svg>',
    f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{BEACON}/svg"/></svg>',
    f'<svg xmlns="http://www.w3.org/2000/svg"><foreignObject>'
    f'<iframe xmlns="http://www.w3.org/1999/xhtml" src="{BEACON}/foreign"></iframe>'
    "</foreignObject></svg>",
    f'<svg xmlns="http://www.w3.org/2000/svg"><animate onbegin="{JS}" attributeName=x /></svg>',
]


def test_they_bite(window, tmp_path):
    assert all(window.raw(tmp_path, each) for each in PAYLOADS)


@pytest.mark.parametrize("way", [shown, written, raised])
def test_nothing_happens_on_the_page(court, window, way):
    assert_harmless(way(court, *PAYLOADS), window, 60 if way is raised else 100)

"""MathML that hides elements from a cleaner, and links in it."""

from __future__ import annotations

import pytest

from tests.threats.handins.pages import JS, assert_harmless, raised, shown, written

PAYLOADS = [
    f'<math><mtext></mtext><mi xlink:href=x><img src=x onerror="{JS}"></mi></math>',
    f'<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 '
    f'onerror=alert(1)&gt;"><img src=x onerror="{JS}">',
    f'<math><annotation-xml encoding="text/html"><img src=x onerror="{JS}">'
    "</annotation-xml></math>",
    f'<math><mtext><a href="javascript:{JS}">x</a></mtext></math>',
]


def test_they_bite(window, tmp_path):
    assert all(window.raw(tmp_path, each) for each in PAYLOADS)


@pytest.mark.parametrize("way", [shown, written, raised])
def test_nothing_happens_on_the_page(court, window, way):
    assert_harmless(way(court, *PAYLOADS), window, 60 if way is raised else 100)

"""Links that run something when one clicks."""

from __future__ import annotations

import pytest

from tests.threats.handins.pages import JS, assert_harmless, raised, shown, written

PAYLOADS = [
    f'<a href="javascript:{JS}">x</a>',
    f'<a href=" jav&#x09;ascript:{JS}">x</a>',
    f'<a href="JAVASCRIPT:{JS}" target=_self>x</a>',
    f'<form><button formaction="javascript:{JS}">x</button></form>',
    f'<svg><a href="javascript:{JS}"><text y=20>x</text></a></svg>',
]


def test_they_bite(window, tmp_path):
    assert all(window.raw(tmp_path, each) for each in PAYLOADS)


@pytest.mark.parametrize("way", [shown, written, raised])
def test_nothing_happens_on_the_page(court, window, way):
    assert_harmless(way(court, *PAYLOADS), window, 60 if way is raised else 100)

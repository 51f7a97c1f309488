"""JSON nested so deeply that reading it would use up the stack."""

from __future__ import annotations

import pytest

from tests.threats.handins.court import RIGHT_BYTES

DEPTH = 500_000


@pytest.mark.parametrize(
    "deep", [b"[" * DEPTH + b"]" * DEPTH, b'{"a":' * DEPTH + b"1" + b"}" * DEPTH, b"[" * DEPTH]
)
@pytest.mark.parametrize("inside", [False, True])
def test_it_is_refused(court, deep, inside):
    data = RIGHT_BYTES[:-1] + b', "x": ' + deep + b"}" if inside else deep
    court(data).assert_refused("지나치게 깊거나")

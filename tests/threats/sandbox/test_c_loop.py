"""Time spent inside C, where no interrupt is looked at."""

from __future__ import annotations

import pytest

from tests.threats.sandbox.attack import printed


@pytest.mark.parametrize(
    "source",
    [
        "import torch; a = torch.rand(3000, 3000)\ntorch.linalg.svd(a)",
        "9 ** 9 ** 9",
        "import re; re.match('(a+)+$', 'a' * 64 + 'b')",
    ],
)
def test_it_costs_its_own_cell(attack, source):
    loop, after = attack(source, "print('after')")
    assert loop.status == "timeout"
    assert printed(after) == "after\n"

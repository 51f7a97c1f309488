"""Modules in the working folder that are called like torch and numpy."""

from __future__ import annotations

from tests.threats.sandbox.attack import printed


def test_the_real_ones_stay(attack):
    plant = (
        "for name in ('torch', 'numpy', 'json', 'os', 'matplotlib_inline'):\n"
        "    open(name + '.py', 'w').write('raise SystemExit')"
    )
    check = "import json, numpy, os, torch\nprint(float(torch.ones(2).sum()), numpy.__name__)"
    planted, same = attack(plant, check)
    assert planted.status == "ok" and printed(same) == "2.0 numpy\n"
    assert attack.says(check) == "2.0 numpy\n"

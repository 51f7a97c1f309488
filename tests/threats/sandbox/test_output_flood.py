"""200 MB of output: in lines, in one line, as pictures, past Python."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.threats.sandbox.attack import LIMITS, printed

LONG = replace(LIMITS, cell_seconds=6, submission_seconds=20)


@pytest.mark.parametrize(
    "source",
    [
        "line = 'x' * 99\nfor _ in range(2_000_000): print(line)",
        "print('x' * 200_000_000)",
        "for _ in range(2000): display({'image/png': 'x' * 100_000}, raw=True)",
        "for _ in range(300_000): display({'text/plain': ''}, raw=True)",
    ],
)
def test_it_is_cut(attack, source):
    flood, after = attack(source, "print('after')", limits=LONG)
    assert flood.status in ("ok", "timeout")
    assert len(json.dumps(flood.outputs)) < 400_000
    assert (
        "잘랐습니다" in json.dumps(flood.outputs, ensure_ascii=False) or flood.status == "timeout"
    )
    assert printed(after) == "after\n"


def test_past_python_it_goes_nowhere(attack):
    (run,) = attack("import os\nfor _ in range(200): os.write(1, bytes(10**6))")
    assert run.status == "ok" and run.outputs == []

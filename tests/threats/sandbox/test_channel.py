"""The channel to the judge, found among the descriptors and written to."""

from __future__ import annotations

import pytest

from tests.threats.sandbox.attack import printed

FIND = """
import os, stat
for number in range(3, 256):
    try:
        if stat.S_ISSOCK(os.fstat(number).st_mode):
            break
    except OSError:
        pass
"""


@pytest.mark.parametrize(
    "words",
    [
        r"b'not json\n'",
        r"""b'{"start": "no such cell"}\n'""",
        r"""b'{"run": {"id": "c0", "status": "timeout"}}\n'""",
        r"b'[' * 10**5 + b'\n'",
        r"b'x' * 10**8",
        r"b'\xff\xfe\n'",
    ],
)
def test_nonsense_is_that_cells_death(attack, words):
    forged, after = attack(FIND + f"os.write(number, {words})\nwhile True: pass", "print('after')")
    assert forged.status == "died"
    assert printed(after) == "after\n"


def test_closing_it_ends_the_run(attack):
    closed, after = attack(FIND + "os.close(number)", "print('after')")
    assert closed.status == "died" and printed(after) == "after\n"

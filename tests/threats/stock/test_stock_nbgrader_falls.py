"""Every threat of running code bites: stock nbgrader gives points or hidden tests away to it.

One autograde for all; the table goes to _build/reports/threats.md.
"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest

from autograder.notebooks import write_text
from tests.threats.stock.attacks import ATTACKS
from tests.threats.stock.lab import FULL, SECRET, WRONG, Graded, Stock

pytestmark = pytest.mark.soak

REPORT = Path(__file__).parents[3] / "_build" / "reports" / "threats.md"
HONEST = {
    "wrong": WRONG,
    "right": {
        "double": "def double(x):\n    return x + x",
        "total": "def total(numbers):\n    return sum(numbers)",
    },
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory) -> dict[str, Graded]:
    stock = Stock(tmp_path_factory.mktemp("stock"))
    for name, answers in HONEST.items():
        stock.hand_in(name, answers)
    for name, attack in ATTACKS.items():
        code = attack.code.replace("LOOT", str(stock.loot / name)).replace("ROOT", str(stock.root))
        answers = {**WRONG, "total": f"{WRONG['total']}\n{code}"}
        stock.hand_in(name, answers, list(attack.tags))
    found = stock.grade()
    write_text(REPORT, table(found))
    return found


def table(found: dict[str, Graded]) -> str:
    """The report: what was tried, what an honest wrong answer gets, what this one got."""
    lines = [
        "# Threats against stock nbgrader",
        "",
        f"nbgrader {version('nbgrader')} with a plain configuration; the answers are wrong and worth 0 "
        f"of {FULL:g} points. `course grade` is held against the same threats in `tests/threats/`.",
        "",
        "| Threat | What it does | Points | Hidden test carried away |",
        "|---|---|---|---|",
    ]
    for name, attack in ATTACKS.items():
        result = found[name]
        leaked = "yes" if SECRET in result.loot else "no"
        lines.append(f"| {name} | {attack.what} | {result.score:g} | {leaked} |")
    return "\n".join(lines) + "\n"


@pytest.mark.timeout(1800)
def test_honest_work_is_graded_rightly(graded):
    assert (graded["wrong"].score, graded["right"].score) == (0, FULL)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", ATTACKS)
def test_it_falls(graded, name):
    attack = ATTACKS[name]
    assert attack.wins or attack.leaks
    assert graded[name].score >= attack.wins
    assert not attack.leaks or SECRET in graded[name].loot

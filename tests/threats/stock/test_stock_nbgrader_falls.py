"""Every threat of running code bites: stock nbgrader gives points or hidden tests away to it.

One autograde for all; the table goes to _build/reports/threats.md.
"""

from __future__ import annotations

import functools
import http.server
import threading
import time
from dataclasses import replace
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
def port(tmp_path_factory):
    """A service that listens on this machine only."""
    folder = tmp_path_factory.mktemp("service")
    (folder / "said").write_text("only for this machine", encoding="utf-8")
    serve = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture(scope="module")
def stock(tmp_path_factory) -> Stock:
    return Stock(tmp_path_factory.mktemp("stock"))


@pytest.fixture(scope="module")
def graded(stock, port) -> dict[str, Graded]:
    for name, answers in HONEST.items():
        stock.hand_in(name, answers)
    for name, attack in ATTACKS.items():
        code = attack.code.replace("LOOT", str(stock.loot / name))
        code = code.replace("ROOT", str(stock.root)).replace("PORT", str(port))
        answers = {**WRONG, "total": f"{WRONG['total']}\n{code}"}
        stock.hand_in(name, answers, attack.tags, attack.files)
    found = stock.grade()
    time.sleep(2)  # for what outlives the grading
    found = {name: replace(each, loot=stock.found(name)) for name, each in found.items()}
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
        "| Threat | What it does | Points | Hidden test carried away | Did it otherwise |",
        "|---|---|---|---|---|",
    ]
    for name, attack in ATTACKS.items():
        result = found[name]
        leaked = "yes" if SECRET in result.loot else "no"
        other = "" if not attack.proof else "yes" if attack.proof in result.loot else "no"
        lines.append(f"| {name} | {attack.what} | {result.score:g} | {leaked} | {other} |")
    return "\n".join(lines) + "\n"


@pytest.mark.timeout(1800)
def test_honest_work_is_graded_rightly(graded):
    assert (graded["wrong"].score, graded["right"].score) == (0, FULL)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", ATTACKS)
def test_it_falls(graded, name):
    attack = ATTACKS[name]
    assert attack.wins or attack.leaks or attack.proof
    assert graded[name].score >= attack.wins
    assert not attack.leaks or SECRET in graded[name].loot
    assert attack.proof in graded[name].loot


@pytest.mark.timeout(1800)
def test_its_feedback_page_carries_a_script(stock, graded):
    script = "<script>document.title = 'taken'</script>"
    shows = f"from IPython.display import HTML, display\ndisplay(HTML({script!r}))"
    stock.hand_in("z-script", {**WRONG, "total": f"{WRONG['total']}\n{shows}"})
    stock.nbgrader("autograde", "lab", "--student", "z-script")
    stock.nbgrader("generate_feedback", "lab", "--student", "z-script")
    (page,) = (stock.root / "feedback" / "z-script").rglob("*.html")
    assert script in page.read_text(encoding="utf-8")

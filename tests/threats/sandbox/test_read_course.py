"""Solutions, gradebook, inbox, records and others' submissions, sought on disk."""

from __future__ import annotations

import sys
from dataclasses import replace

from tests.threats.sandbox.attack import LIMITS
from tests.threats.sandbox.ordinary import ROOT

LONG = replace(LIMITS, cell_seconds=10, submission_seconds=20)
SHOWN = str(ROOT) in sys.prefix  # the environment lies in the checkout


SECRET = "the-secret-of-the-course"
PLACES = [
    "solutions/rnn/rnn.ipynb",
    "gradebook.db",
    "inbox/00/record.json",
    "records/s01/rnn/result.json",
    "submitted/s01/rnn/rnn.ipynb",
]


def test_by_path_and_by_search(attack, open_folder):
    for place in PLACES:
        path = open_folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(SECRET, encoding="utf-8")
    read = (
        f"import os\nfor place in {PLACES}:\n"
        f"    path = os.path.join({str(open_folder)!r}, place)\n"
        "    print(open(path).read() if os.path.exists(path) else '-')\n"
    )
    assert attack.bare(read).count(SECRET) == len(PLACES)
    assert attack.says(read) == "-\n" * len(PLACES)
    words = ["gradebook.db", "course.toml", "nbgrader_config.py", "solutions", "submitted", "inbox"]
    search = (
        f"import os\nwords = {words}\n"
        "top = [d for d in os.listdir('/') if d != 'proc']\n"
        "print([n for d in top for at, a, b in os.walk('/' + d) for n in a + b\n"
        "       if n in words and '/site-packages/nbgrader/' not in at])  # its manual has examples"
    )
    assert attack.says(search, limits=LONG) == "[]\n"


def test_the_grader_itself_is_not_there(attack):
    tried = f"import os; print(os.path.exists({str(ROOT / 'autograder')!r}))"
    assert attack.bare(tried) == "True\n"
    assert attack.says(tried) == "False\n"
    assert attack.says(
        f"import os; print(os.listdir({str(ROOT)!r}))" if SHOWN else "print([])"
    ) in (
        "['.venv']\n",
        "[]\n",
    )

"""The grader's environment: database address, tokens."""

from __future__ import annotations


def test_nothing_of_it_arrives(attack, monkeypatch):
    source = (
        "import os\n"
        "print(sorted(os.environ))\n"
        "print(open('/proc/self/environ').read())\n"
        "import subprocess; print(subprocess.run(['env'], capture_output=True, text=True).stdout)"
    )
    text = attack.says(source)
    assert "SECRET" not in text and "COURSE" not in text
    assert "PATH" in text and "HOME=/notebook" in text

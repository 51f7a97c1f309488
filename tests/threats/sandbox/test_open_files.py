"""Descriptors without end."""

from __future__ import annotations


def test_they_are_counted(attack):
    source = (
        "held = []\n"
        "try:\n"
        "    while True: held.append(open('/dev/null'))\n"
        "except OSError as error:\n"
        "    number, errno = len(held), error.errno\n"
        "held.clear()\n"
        "print(errno == 24, number <= 256)"
    )
    assert attack.says(source) == "True True\n"

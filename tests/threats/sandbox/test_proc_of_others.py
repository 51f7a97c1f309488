"""Other processes, sought in /proc: their memory, environment, files, command lines."""

from __future__ import annotations


def test_only_init_and_itself_are_there(attack):
    source = "import os; print(sorted(int(n) for n in os.listdir('/proc') if n.isdigit()))"
    assert len(attack.bare(source).split(",")) > 2
    assert attack.says(source) == "[1, 2]\n"


def test_init_is_closed(attack):
    source = (
        "import os\n"
        "for name in ('environ', 'mem', 'maps', 'fd/0', 'root', 'cwd', 'exe'):\n"
        "    try:\n"
        "        path = '/proc/1/' + name\n"
        "        os.listdir(path) if name in ('root', 'cwd') else open(path, 'rb').read(1)\n"
        "        print(name)\n"
        "    except PermissionError:\n"
        "        pass"
    )
    assert attack.says(source) == ""

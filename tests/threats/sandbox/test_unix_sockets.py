"""Unix sockets of the test: an abstract one, and one with a name on disk."""

from __future__ import annotations

import os
import socket


def test_neither_is_reachable(attack, open_folder):
    path = str(open_folder / "door")
    with socket.socket(socket.AF_UNIX) as abstract, socket.socket(socket.AF_UNIX) as named:
        abstract.bind(f"\0course-{attack.token}")
        named.bind(path)
        os.chmod(path, 0o777)
        abstract.listen()
        named.listen()
        source = (
            "import socket\n"
            f"for name in ('\\0course-{attack.token}', {path!r}):\n"
            "    try:\n"
            "        socket.socket(socket.AF_UNIX).connect(name); print('connected')\n"
            "    except OSError:\n"
            "        print('refused')"
        )
        assert attack.bare(source) == "connected\n" * 2
        assert attack.says(source) == "refused\n" * 2

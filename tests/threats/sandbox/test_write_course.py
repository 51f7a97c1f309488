"""Grades written straight into the gradebook, or an own submission put in another's place."""

from __future__ import annotations


def test_nothing_outside_changes(attack, open_folder):
    book = open_folder / "gradebook.db"
    book.write_text("40", encoding="ascii")
    book.chmod(0o666)
    source = (
        "import os\n"
        f"os.makedirs({str(open_folder)!r}, exist_ok=True)\n"
        f"open({str(book)!r}, 'w').write('100')"
    )
    attack(source)
    assert book.read_text(encoding="ascii") == "40"
    attack.bare(source)
    assert book.read_text(encoding="ascii") == "100"


def test_the_interpreter_is_read_only(attack):
    source = (
        "import errno, os, sys, torch\n"
        "places = [sys.prefix + '/lib', os.path.dirname(torch.__file__), '/usr/lib', '/etc', '/', '/dev']\n"
        "for place in places:\n"
        "    try:\n"
        "        open(place + '/planted.py', 'w')\n"
        "        print('written', place)\n"
        "    except OSError as error:\n"
        "        print(error.errno in (errno.EROFS, errno.EACCES, errno.EPERM))"
    )
    assert attack.says(source) == "True\n" * 6

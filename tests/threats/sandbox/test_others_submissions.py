"""One student's work sought by the next: files left behind, and inherited memory."""

from __future__ import annotations

from dataclasses import replace

from tests.threats.sandbox.attack import LIMITS

WORD = "answer-of-the-first-student"
SCAN = """
import re
word = re.compile(b"[a]nswer-of-the-first-student")  # so spelt, it does not find itself
found = 0
with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
    for line in maps:
        span, rights = line.split()[:2]
        if "rw" not in rights:
            continue
        low, high = (int(end, 16) for end in span.split("-"))
        try:
            memory.seek(low)
            found += len(word.findall(memory.read(high - low)))
        except (OSError, ValueError, OverflowError):
            pass
print(found)
"""


def test_no_file_of_the_first_is_left(attack):
    attack.run("open('mine', 'w'); open('/tmp/mine', 'w'); open('/dev/shm/mine', 'w')")
    source = (
        "import os; print([os.listdir(d) for d in ('.', '/dev/shm')], os.path.exists('/tmp/mine'))"
    )
    assert attack.says(source) == "[[], []] False\n"


def test_no_word_of_the_first_is_in_memory(attack):
    long = replace(LIMITS, cell_seconds=20, submission_seconds=30)
    own = attack.says(f"known = {WORD!r}\n{SCAN}", limits=long)
    assert int(own) > 0, "the scan finds what is there"
    attack.run(f"x = {WORD!r}; print(x); 1 / 0", files={"notes": WORD.encode() * 100})
    assert attack.says(SCAN, limits=long) == "0\n"

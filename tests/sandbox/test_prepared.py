"""Cells that open a lab run before the fork, once for all submissions; nobody can tell."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

import pytest

from autograder.course import Limits
from autograder.sandbox import pids
from autograder.sandbox.executor import CellRun, Step
from autograder.sandbox.fork import MAX_PREPARED, ForkExecutor
from tests.threats.sandbox.attack import forks
from tests.threats.sandbox.ordinary import OrdinaryExecutor

LIMITS = Limits(cell_seconds=3, submission_seconds=20, memory_gb=1, output_kb=64)

# What a cell can see of the place where it runs.
PLACE = """
import os, sys, glob
status = open("/proc/self/status").read()
wanted = ("Uid", "Gid", "Groups", "CapEff", "CapBnd", "NoNewPrivs", "Seccomp")
for line in status.splitlines():
    if line.split(":")[0] in wanted:
        print(line)
for folder in ("/", "/tmp", "/dev", "/dev/shm", "/etc", os.getcwd()):
    print(folder, sorted(os.listdir(folder)))
print(sorted(os.environ.items()), sys.path, os.getcwd())
mounts = [line.split() for line in open("/proc/self/mountinfo")]
print(sorted({(m[4], m[5]) for m in mounts if not m[4].startswith("/lib")}))
print(sum(name.isdigit() for name in os.listdir("/proc")), sorted(os.listdir("/proc/self/fd"))[:3])
print(sorted(os.listdir("/proc/1/root")) if os.access("/proc/1/root", os.R_OK) else "closed")
"""


@pytest.fixture(scope="module")
def executor() -> Iterator[ForkExecutor]:
    executor = ForkExecutor()
    yield executor
    executor.close()


def steps(given: str, *answers: str) -> list[Step]:
    found = [Step("given", given, "given")]
    return found + [Step(f"c{i}", source, "answer", f"e{i}") for i, source in enumerate(answers)]


def run(executor, given: str, *answers: str, limits=LIMITS, files=None) -> list[CellRun]:
    return executor.run(steps(given, *answers), files or {}, limits)


def text(run: CellRun) -> str:
    return "".join(o["text"] for o in run.outputs if o["output_type"] == "stream")


COUNTED = """
import os, random
from pathlib import Path
process = os.getpid()
Path("note.txt").write_text("as it was")
chance = random.random()
"""


def test_they_run_once_and_every_submission_starts_from_there(executor):
    change = (
        "print(process, chance); Path('note.txt').write_text('mine'); process = None; chance = 2"
    )
    first, second = (run(executor, COUNTED, change)[1] for _ in range(2))
    assert first.status == second.status == "ok"
    assert text(first) == text(second) != ""
    (_, third) = run(
        executor, COUNTED, "print(Path('note.txt').read_text(), os.getpid() == process)"
    )
    assert text(third) == "as it was False\n"


def test_a_module_that_the_opening_cell_writes_is_there_for_all(executor):
    given = "open('helper.py', 'w').write('def f():\\n    return 6')\nimport helper"
    answer = "import helper, inspect\nprint(helper.f() * 7, open('helper.py').read()[:3])"
    for _ in range(2):
        assert text(run(executor, given, answer)[1]) == "42 def\n"
    # Another module can be written and imported beside it, by each anew.
    own = "open('own.py', 'w').write('x = 5')\nimport own\nprint(own.x)"
    for _ in range(2):
        assert text(run(executor, given, own)[1]) == "5\n"


def test_the_judge_has_the_names_of_the_opening_cell_too(executor):
    test = Step("t", "assert base + f() == 7", "test", "e0", ("f",))
    case = [*steps("base = 4", "def f():\n    return base - 1"), test]
    assert [each.status for each in executor.run(case, {}, LIMITS)] == ["ok"] * 3
    # The student's own `base` is the student's: the judge's stays.
    case[1] = replace(case[1], source="base = 40\ndef f():\n    return 3")
    assert [each.status for each in executor.run(case, {}, LIMITS)] == ["ok"] * 3


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ("raise OSError('gone')", "error"),
        ("while True: pass", "timeout"),
        ("import os; os._exit(3)", "died"),
        ("import threading, time\nthreading.Thread(target=time.sleep, args=(9,)).start()", "ok"),
    ],
    ids=["raises", "hangs", "dies", "starts a thread"],
)
def test_an_opening_cell_that_goes_wrong_goes_wrong_in_the_submission(executor, given, status):
    limits = replace(LIMITS, cell_seconds=1)
    first, second = run(executor, given, "print('on')", limits=limits)
    assert first.status == status
    assert text(second) == "on\n"


def test_files_and_opening_cells_both_tell_labs_apart(executor):
    given = "content = open('data.txt').read()"
    for word in ("one", "two", "one"):
        found = run(executor, given, "print(content)", files={"data.txt": word.encode()})
        assert text(found[1]) == f"{word}\n"


def test_no_more_than_a_few_labs_are_kept(executor):
    for number in range(2 * MAX_PREPARED):
        assert text(run(executor, f"n = {number}", "print(n)")[1]) == f"{number}\n"
    # Those let go have ended; the last of them may be waiting to be reaped.
    (inner,) = pids.children(executor._student.process.pid)
    found = forks(inner)
    assert len([pid for pid in found if _state(pid) != "Z"]) <= MAX_PREPARED


def _state(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0]
    except OSError:  # it has just gone
        return "Z"


@pytest.mark.parametrize("kind", ["root", "ordinary"])
def test_a_submission_sees_the_same_as_without(kind):
    if kind == "root" and os.geteuid() != 0:
        pytest.skip("root's walls can only be tried by root")
    ordinary = kind == "ordinary" and os.geteuid() == 0
    executor = OrdinaryExecutor() if ordinary else ForkExecutor()
    try:
        (bare,) = executor.run([Step("c0", PLACE, "answer", "e0")], {}, LIMITS)
        prepared = [run(executor, "import glob", PLACE)[1] for _ in range(2)]
    finally:
        executor.close()
    assert bare.status == "ok", bare.error
    for each in prepared:
        assert text(each) == text(bare)


def test_nothing_is_left_when_it_is_closed():
    executor = ForkExecutor()
    run(executor, "x = 1", "x")
    processes = [each.process.pid for each in (executor._student, executor._judge)]
    below = [child for process in processes for child in pids.children(process)]
    assert below
    executor.close()
    left = [pid for pid in processes + below if os.path.exists(f"/proc/{pid}")]
    assert [pid for pid in left if _state(pid) != "Z"] == []  # the trunk may be about to reap them


def test_a_desks_graders_stand_back_and_a_cell_cannot_push_itself_forward():
    place = "print(os.getpriority(os.PRIO_PROCESS, 0))"
    push = f"import os\n{place}\ntry:\n    os.nice(-5)\nexcept OSError:\n    pass\n{place}"
    executor = ForkExecutor(nice=7)
    try:
        assert text(run(executor, "x = 1", push)[1]).split() == ["7", "7"]
    finally:
        executor.close()

"""How a threat is tried: a hostile notebook, then a look at what it left behind and at the next one."""

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from autograder.course import Limits
from autograder.sandbox import cgroups, pids
from autograder.sandbox.executor import CellRun, Step
from autograder.sandbox.fork import MAX_PREPARED, ForkExecutor
from tests.threats.sandbox.ordinary import UID, OrdinaryExecutor

LIMITS = Limits(cell_seconds=1.5, submission_seconds=12, memory_gb=1, output_kb=64)
_numbers = itertools.count()


def printed(run: CellRun) -> str:
    """What a cell printed."""
    return "".join(o["text"] for o in run.outputs if o["output_type"] == "stream")


class Attack:
    """One executor, as root or as an ordinary user, and ways to attack through it."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        ordinary = kind == "ordinary" and os.geteuid() == 0
        self.executor = OrdinaryExecutor() if ordinary else ForkExecutor(weak=False)
        self.uid = UID if ordinary else os.geteuid()
        self.token = ""
        self.renew()

    def renew(self) -> None:
        """A new word to know a test's processes by: a number of seconds to sleep."""
        self.token = f"{os.getpid()}{next(_numbers):05d}"

    def __call__(
        self,
        *sources: str,
        files: Mapping[str, bytes] | None = None,
        limits: Limits = LIMITS,
    ) -> list[CellRun]:
        """Runs the cells, and asserts what must hold after every attack."""
        runs = self.run(*sources, files=files, limits=limits)
        self.assert_clean()
        (after,) = self.run("import torch\nprint(int(torch.tensor(6) * 7))")
        assert (after.status, printed(after)) == ("ok", "42\n")
        return runs

    def run(self, *sources: str, files=None, limits: Limits = LIMITS) -> list[CellRun]:
        """Runs the cells, in a fork of a process that has run the lab's opening cell, as in a lab."""
        steps = [Step("given", "import math", "given")]
        steps += [
            Step(f"c{i}", source.replace("TOKEN", self.token), "extra")
            for i, source in enumerate(sources)
        ]
        runs = self.executor.run(steps, files or {}, limits)[1:]
        self.executor.settle()
        return runs

    def says(self, source: str, **options) -> str:
        """What a cell that ends well prints."""
        (run,) = self(source, **options)
        assert run.status == "ok", run.error
        return printed(run)

    def bare(self, source: str) -> str:
        """What the same code prints without walls, as the same user: shows that the test bites."""
        options = {} if self.uid == os.geteuid() else {"user": self.uid, "group": self.uid}
        if options:  # it need not be able to read this Python, nor to import anything of ours
            options |= {"extra_groups": []}
        python = "/usr/bin/python3" if options and Path("/usr/bin/python3").exists() else None
        done = subprocess.run(
            [python or sys.executable, "-c", source],
            capture_output=True,
            text=True,
            cwd="/",
            timeout=60,
            check=False,
            **options,
        )
        return done.stdout

    @property
    def warm(self) -> int:
        """The warm process, seen from here."""
        if isinstance(self.executor, OrdinaryExecutor):
            return self.executor.warm
        return self.executor._student.process.pid

    @property
    def home(self) -> Path:
        """The warm process's folder."""
        if isinstance(self.executor, OrdinaryExecutor):
            return Path(self.executor.home)
        return Path(self.executor._student.home)

    def assert_clean(self) -> None:
        """No process, no file, no control group is left of the submission.

        What a process that forks keeps for the next one is a child that stands by, the init of its
        namespace, and the init of one more.
        """
        family = pids.children(self.warm)
        assert len(family) == 1, "the warm process and the one that waits for it"
        serving = [family[0], *forks(family[0])]  # the latter have run an opening cell
        assert len(serving) <= 1 + MAX_PREPARED + 1, "one that was let go may be about to end"
        standing_by = [child for pid in serving for child in set(pids.children(pid)) - set(serving)]
        assert len(standing_by) <= 3 * len(serving)
        assert [pids.children(pid) for pid in standing_by] == [[]] * len(standing_by)
        assert sleepers(self.token) == []
        left = {path.name for path in self.home.iterdir() if path.name[0] != "."}
        assert {"root"} <= left <= {"ipython", "root"}
        assert list((self.home / "root").iterdir()) == []
        for place in cgroups._places(cgroups.ROOT).values():
            groups = list(place.glob(f"{cgroups.PREFIX}{self.home.name}-*"))
            inside = [set((group / "cgroup.procs").read_text().split()) for group in groups]
            assert len(groups) <= len(serving)
            assert all(len(each) <= 1 and each <= set(map(str, standing_by)) for each in inside)


def forks(pid: int) -> list[int]:
    """The children of a serving process that serve, too: those in its own pid namespace."""
    here = os.readlink(f"/proc/{pid}/ns/pid")
    found = []
    for child in pids.children(pid):
        with contextlib.suppress(OSError):  # it has just gone
            if os.readlink(f"/proc/{child}/ns/pid") == here:
                found.append(child)
    return found


def sleepers(token: str) -> list[int]:
    """Processes of this machine whose command line holds the word."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if token.encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found

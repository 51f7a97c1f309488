"""The executor as an ordinary user has it, for tests that run as root: in a process that gave root up.

Run as `python -m tests.threats.sandbox.ordinary`; it answers requests, one JSON line each.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from autograder.course import Limits
from autograder.sandbox import linux
from autograder.sandbox.executor import CellError, CellRun, Step
from autograder.sandbox.fork import ForkExecutor

ROOT = Path(__file__).parents[3]
UID = 54321  # of nobody on this machine
COMMAND = [sys.executable, "-P", "-m", "tests.threats.sandbox.ordinary"]


class OrdinaryExecutor:
    """Speaks to a ForkExecutor that an ordinary user owns."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd="/",
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "SECRET": "of-the-parent"},
            text=True,
        )
        self.warm = 0
        self.home = ""

    def run(
        self, steps: Sequence[Step], files: Mapping[str, bytes], limits: Limits
    ) -> list[CellRun]:
        """See Executor.run."""
        request = {
            "steps": [asdict(step) for step in steps],
            "files": {name: base64.b64encode(data).decode() for name, data in files.items()},
            "limits": asdict(limits),
        }
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        self.warm, self.home = answer["warm"], answer["home"]
        for run in answer["runs"]:
            run["error"] = CellError(**run["error"]) if run["error"] else None
        return [CellRun(**run) for run in answer["runs"]]

    def settle(self) -> None:
        """See ForkExecutor.settle; it is done before an answer comes."""

    def close(self) -> None:
        """See Executor.close."""
        self._process.stdin.close()
        self._process.wait(timeout=30)
        self._process.stdout.close()


def give_up_root() -> None:
    """Becomes UID and starts this module anew; what root alone could read of Python is shown to it."""
    linux.unshare(linux.NEWNS)
    linux.mount("none", "/", flags=linux.MS_REC | linux.MS_PRIVATE)
    for path in {Path(sys.base_prefix).resolve(), Path(sys.prefix).resolve(), ROOT.resolve()}:
        show(path)
    os.setgroups([])
    os.setresgid(UID, UID, UID)
    os.setresuid(UID, UID, UID)
    os.execv(sys.executable, COMMAND)


def show(path: Path) -> None:
    """Where a folder above `path` is closed to others, an open one that holds only `path` covers it."""
    for above in reversed(path.parents):
        if above.stat().st_mode & 0o001:
            continue
        kept = tempfile.mkdtemp()
        linux.mount(str(path), kept, flags=linux.MS_BIND | linux.MS_REC)
        linux.mount("tmpfs", str(above), "tmpfs", data="mode=0755")
        path.mkdir(parents=True)
        linux.mount(kept, str(path), flags=linux.MS_BIND | linux.MS_REC)
        linux.unmount(kept)
        os.rmdir(kept)
        return


def serve() -> None:
    """Answers until standard input ends."""
    executor = ForkExecutor(weak=False)
    for line in sys.stdin:
        request = json.loads(line)
        steps = [Step(**step) for step in request["steps"]]
        files = {name: base64.b64decode(data) for name, data in request["files"].items()}
        runs = executor.run(steps, files, Limits(**request["limits"]))
        executor.settle()
        answer = {"runs": [asdict(run) for run in runs]}
        answer |= {"warm": executor._student.process.pid, "home": executor._student.home}
        print(json.dumps(answer), flush=True)
    executor.close()


if __name__ == "__main__":
    if os.geteuid() == 0:
        give_up_root()
    serve()

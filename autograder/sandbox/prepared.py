"""What the cells that open every submission of a lab did, before the fork; and a child's folder.

The set-up cell of a lab writes and imports our own modules: half of what a right hand-in costs, and the
same for all. So a warm process runs such cells once, in a fork of itself (warm.py), and forks the
submissions from that. Nothing of a student's is ever in it.
"""

from __future__ import annotations

import base64
import contextlib
import os
import sys
import types
from collections.abc import Callable
from pathlib import Path

_runs: dict[tuple[str, str], tuple[dict, dict[str, str]]] = {}  # (id, source) → run, its file names
_codes: dict[tuple[str, str], types.CodeType] = {}  # (file name, source) → a test, compiled
_files: dict[str, str] = {}  # what those cells wrote into their folder (base64)


def run(step: dict) -> tuple[dict, dict[str, str]] | None:
    """What this cell did before the fork, with the file names of its code; told once."""
    return _runs.pop((step["id"], step["source"]), None)


def code(step: dict) -> types.CodeType | None:
    """A test's code, if it was compiled before the fork."""
    return _codes.get((test_file(step), step["source"]))


def test_file(step: dict) -> str:
    """The name under which a test is compiled."""
    return f"<test {step['id']}>"


def prepare(job: dict, run_cell: Callable[[dict, dict[str, str]], dict]) -> bool:
    """Runs the given cells and compiles the tests of a job, in a folder like a child's (walls.visit).

    Args:
        job: steps (given cells, tests), files, environment.
        run_cell: runs one cell; puts the names of its files into the dictionary.

    Returns:
        Whether every given cell did what it should. If not, nothing may be forked from this process.
    """
    enter(job)
    for step in job["steps"]:
        if step["kind"] == "test":
            with contextlib.suppress(SyntaxError, ValueError):
                _codes[test_file(step), step["source"]] = compile(
                    step["source"], test_file(step), "exec"
                )
            continue
        names: dict[str, str] = {}
        done = run_cell(step, names)
        if done["status"] != "ok":
            return False
        _runs[step["id"], step["source"]] = done, names
    for path in Path().rglob("*"):
        if path.is_file() and path.as_posix() not in job["files"]:
            _files[path.as_posix()] = base64.b64encode(path.read_bytes()).decode()
    # What was imported from this folder stays; a child's folder is another one.
    sys.path_importer_cache.pop(sys.path.pop(0), None)
    # A fork of a process with a second thread may hang.
    return len(os.listdir("/proc/self/task")) == 1


def enter(job: dict) -> None:
    """Makes this process the job's: its files, its environment.

    The walls stand already, and the working folder is private. `job`: files (base64), environment.
    """
    for name, content in (_files | job["files"]).items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(content))
    sys.path.insert(0, os.getcwd())
    os.environ.clear()
    os.environ.update(job["environment"])

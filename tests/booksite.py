"""The built book for the tests: built once, by `make book` or by the first test that asks."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HTML = ROOT / "_build" / "html"


def build(output: Path) -> subprocess.CompletedProcess[str]:
    """Build the book under `output`/_build, with every warning an error."""
    book = str(Path(sys.executable).with_name("jupyter-book"))
    command = [book, "build", "book", "--config", "_config.yml", "--toc", str(ROOT / "_toc.yml")]
    command += ["--path-output", str(output)]
    return subprocess.run(
        [*command, "-q", "-W", "--keep-going"], cwd=ROOT, capture_output=True, text=True
    )


def is_whole() -> bool:
    """Whether `make book` has built these very sources from nothing, and no warning came."""
    stamp = ROOT / "_build" / ".whole"
    if not stamp.exists():
        return False
    since = stamp.stat().st_mtime
    places = [ROOT / name for name in ("book", "labs", "_config.yml", "_toc.yml", "course.toml")]
    places += [ROOT / "requirements.txt", ROOT / "constraints.txt"]
    sources = [path for place in places for path in (place, *place.rglob("*")) if path.is_file()]
    return all(path.stat().st_mtime < since for path in sources if path.suffix != ".pyc")


def site() -> Path:
    """The folder of the built pages; built here when `make book` has not run yet."""
    lock = ROOT / "_build" / ".lock"
    lock.parent.mkdir(exist_ok=True)
    # Test workers and `make` wait for each other: two builds at once spoil the cache.
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not (HTML / "index.html").exists():
            result = build(ROOT)
            assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-4000:]
    return HTML


def with_executed_cells(output: Path) -> Path:
    """`output` with a copy of the execution cache, so that a fresh build runs no cell."""
    cache = ROOT / "_build" / ".jupyter_cache"
    if cache.exists():
        shutil.copytree(cache, output / "_build" / ".jupyter_cache")
    return output

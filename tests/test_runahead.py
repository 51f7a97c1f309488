"""Pages whose cells are not in the cache run at the same time, and once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests import booksite

CONF = f"""
import os, sys
sys.path.insert(0, {str(booksite.ROOT / "book" / "_ext")!r})
os.cpu_count = lambda: 2
extensions = ["myst_nb", "runahead"]
nb_execution_mode = "cache"
nb_execution_timeout = 60
nb_execution_raise_on_error = True
exclude_patterns = ["out", ".jupyter_cache", "jupyter_execute"]
"""
# Each writes its own file and waits for the other's: alone, a page would wait in vain.
CELL = """
import time
from pathlib import Path

with Path("{own}").open("a") as file:
    file.write("x")
end = time.monotonic() + 50
while not Path("{other}").exists():
    assert time.monotonic() < end, "the other page does not run"
    time.sleep(0.05)
print("together")
"""


FRONT = """---
file_format: mystnb
kernelspec: {name: python3, display_name: Python 3}
---
"""


def page(folder: Path, name: str, cell: str) -> None:
    text = f"{FRONT}\n# {name}\n\n```{{code-cell}} python\n{cell}\n```\n"
    (folder / f"{name}.md").write_text(text, "utf-8")


def build(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sphinx", "-W", "-b", "html", folder, folder / "out"]
    return subprocess.run(command, capture_output=True, text=True)


def book(folder: Path) -> None:
    (folder / "conf.py").write_text(CONF, "utf-8")
    (folder / "index.md").write_text("# Book\n\n```{toctree}\none\ntwo\n```\n", "utf-8")


def test_two_pages_run_together_and_once(tmp_path: Path) -> None:
    book(tmp_path)
    page(tmp_path, "one", CELL.format(own="1", other="2"))
    page(tmp_path, "two", CELL.format(own="2", other="1"))
    for _ in range(2):
        done = build(tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        for name in ("one", "two"):
            assert "together" in (tmp_path / "out" / f"{name}.html").read_text("utf-8")
            with (tmp_path / f"{name}.md").open("a") as file:  # other prose, the same cells
                file.write("\nMore words.\n")
        assert (tmp_path / "1").read_text() == (tmp_path / "2").read_text() == "x"


def test_a_cell_that_fails_is_still_reported_with_its_page(tmp_path: Path) -> None:
    book(tmp_path)
    page(tmp_path, "one", "1 / 0")
    page(tmp_path, "two", "print('fine')")
    done = build(tmp_path)
    assert done.returncode != 0
    assert "one.md:Executing notebook failed" in done.stderr

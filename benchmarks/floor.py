"""The floor: what cannot be saved. A warm process forks; the child executes the same cells, bare.

python -m benchmarks.floor JOBS: JOBS holds a list of lists of cell sources. Prints, as JSON, the
seconds of every submission with its fork (`forked`) and of its cells alone (`cells`).
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import tempfile
import time
from pathlib import Path


def _bare(cells: list[str], channel: int) -> None:
    space: dict = {"__name__": "__main__"}
    started = time.monotonic()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        for source in cells:
            with contextlib.suppress(Exception):
                exec(source, space)  # noqa: S102
    os.write(channel, json.dumps(time.monotonic() - started).encode())


def main(path: str) -> None:
    """Measures every submission of the file, one after another."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot  # noqa: F401
    import torch

    torch.set_num_threads(1)
    with contextlib.suppress(ImportError):
        import ipywidgets  # noqa: F401
    found: dict[str, list[float]] = {"forked": [], "cells": []}
    for cells in json.loads(Path(path).read_text()):
        started = time.monotonic()
        reader, writer = os.pipe()
        with tempfile.TemporaryDirectory() as folder:
            if os.fork() == 0:
                os.chdir(folder)
                sys.path.insert(0, folder)
                with contextlib.suppress(BaseException):
                    _bare(cells, writer)
                os._exit(0)
            os.close(writer)
            answer = os.read(reader, 100)
            os.close(reader)
            os.wait()
        found["forked"].append(time.monotonic() - started)
        found["cells"].append(float(answer))
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])

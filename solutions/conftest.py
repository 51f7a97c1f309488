"""`pytest --nbval-lax solutions`: the kernels find kit.py and checks.py without the header's set-up.

nbgrader puts header.ipynb, with its set-up cell, in front only when a lab is released; until then
a source notebook has no cell that says where the book's modules lie. One thread: small tensors on
several threads of a busy machine take six times as long (measured on the demos of lab rnn).
"""

import os
from pathlib import Path

BOOK = str(Path(__file__).resolve().parents[1] / "book")
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [BOOK, os.environ.get("PYTHONPATH")]))
os.environ.setdefault("OMP_NUM_THREADS", "1")

"""Run the pages whose cells the cache does not know, several at once, before they are read.

Sphinx reads one page after another, and a page's cells run while it is read: a whole book would
keep one core busy and leave the others idle. What is run here lies in the execution cache when
its page is read. A cell that fails says nothing here: reading the page runs it again and reports
it with its place. One waiting page alone is left to the reading.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from jupyter_cache import get_cache
from myst_nb.core.execute import create_client
from myst_nb.core.read import create_nb_reader
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

# A kernel that has imported torch needs about half a gigabyte.
MOST = 4
logger = logging.getLogger(__name__)


class _Silent:
    """Takes what the execution says: the reading of the page says it again."""

    def info(self, *_: object, **__: object) -> None:
        """Says nothing."""

    warning = debug = info


class _Waiting:
    """A page with cells whose outputs are not in the cache."""

    def __init__(self, app: Sphinx, env: BuildEnvironment, name: str) -> None:
        self.path = env.doc2path(name)
        self.config = env.mystnb_config
        with open(self.path, encoding="utf-8") as file:
            text = [file.read()]
        app.emit("source-read", name, text)
        reader = create_nb_reader(self.path, env.myst_config, self.config, text[0])
        self.format = reader.read_fmt if reader else None
        self.notebook = reader.read(text[0]) if reader else None

    def __bool__(self) -> bool:
        if self.notebook is None or self.config.execution_mode != "cache":
            return False
        try:
            get_cache(self.config.execution_cache_path).match_cache_notebook(self.notebook)
        except KeyError:
            return True
        return False

    def run(self) -> None:
        """Execute the cells and put them into the cache, as reading the page would."""
        client = create_client(self.notebook, self.path, self.config, _Silent(), self.format)
        with suppress(Exception), client:
            pass


def _run_ahead(app: Sphinx, env: BuildEnvironment, names: list[str]) -> None:
    waiting = [page for page in (_Waiting(app, env, name) for name in names) if page]
    at_once = min(len(waiting), os.cpu_count() or 1, MOST)
    if at_once < 2:
        return
    logger.info(f"{len(waiting)}쪽의 칸을 {at_once}쪽씩 함께 실행합니다.")
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(_Waiting.run, waiting))


def setup(app: Sphinx) -> dict[str, bool]:
    """Run when it is known which pages will be read, and before the first one is."""
    app.connect("env-before-read-docs", _run_ahead)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

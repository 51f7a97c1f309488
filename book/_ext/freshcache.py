"""Run the cells again when what they import has changed.

The execution cache knows a page by its cells alone: after an edit of kit.py, of a data file
or of the pinned versions it would still show the old pictures. So those are hashed, and
another hash empties the cache. An edit of prose changes nothing here and runs nothing.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

import bookconfig

STAMP = "course-inputs.sha256"
logger = logging.getLogger(__name__)


def inputs_hash(root: Path, book: Path) -> str:
    """One hash over kit.py, lastrun.py, the data files and the pinned versions."""
    pins = [root / "requirements.txt", root / "constraints.txt"]
    files = [*pins, book / "kit.py", book / "lastrun.py", *sorted((book / "data").glob("*"))]
    digest = hashlib.sha256()
    for path in files:
        if path.is_file():
            content = path.read_bytes()
            digest.update(f"{path.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _cache(app: Sphinx) -> Path:
    configured = app.config.nb_execution_cache_path
    return Path(configured) if configured else Path(app.outdir).parent / ".jupyter_cache"


def _outdated(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """Empty a stale cache; all pages with cells are then read again."""
    config = bookconfig.load(Path(app.srcdir).parent)
    cache = _cache(app)
    stamp = cache / STAMP
    wanted = inputs_hash(config.root, config.book)
    if stamp.exists() and stamp.read_text() == wanted:
        return []
    # global.db says that this folder really is an execution cache.
    if (cache / "global.db").exists():
        logger.info("kit.py, 데이터 또는 판이 바뀌어 모든 칸을 다시 실행합니다.")
        shutil.rmtree(cache)
    cache.mkdir(parents=True, exist_ok=True)
    stamp.write_text(wanted)
    return config.chapters()


def setup(app: Sphinx) -> dict[str, bool]:
    """Look before Sphinx decides which pages to read."""
    app.connect("env-get-outdated", _outdated)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

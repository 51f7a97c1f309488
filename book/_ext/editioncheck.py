"""A page that the Colab converter cannot convert fails the book's build, by file and line.

That an edition is older than its chapter is another matter: `make colab --check` says so.
"""

from __future__ import annotations

from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

import bookconfig
import colab


def _check(app: Sphinx) -> None:
    try:
        colab.editions(bookconfig.load(Path(app.srcdir).parent))
    except ValueError as error:
        raise ExtensionError(f"Colab 편으로 옮길 수 없는 곳이 있습니다.\n{error}") from error


def setup(app: Sphinx) -> dict[str, bool]:
    """Convert all chapters, and throw the result away, before each build."""
    app.connect("builder-inited", _check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

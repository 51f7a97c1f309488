"""The page's download button gives the Colab edition.

The theme offers the notebook that the build executed, in which every directive stands raw.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from sphinx.application import Sphinx

import bookconfig


def _finish(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.format != "html":
        return
    config = bookconfig.load(Path(app.srcdir).parent)
    for page in config.chapters():
        edition = config.source(page).with_suffix(".ipynb")
        offered = Path(app.outdir) / "_sources" / f"{page}.ipynb"
        if edition.exists() and offered.exists():
            shutil.copyfile(edition, offered)


def setup(app: Sphinx) -> dict[str, bool]:
    """Replace the files after each HTML build."""
    app.connect("build-finished", _finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

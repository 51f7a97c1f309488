"""Copy the released labs (notebooks and their data) into the built site, at /labs/."""

from __future__ import annotations

import shutil
from pathlib import Path

from sphinx.application import Sphinx


def copy_labs(labs: Path, destination: Path) -> list[Path]:
    """Replace `destination` by the plain files under `labs`; returns their new paths.

    Hidden files and folders, and links, stay behind: a site serves what was released.
    """
    shutil.rmtree(destination, ignore_errors=True)
    copied = []
    for source in sorted(labs.rglob("*")):
        path = source.relative_to(labs)
        if any(part.startswith(".") for part in path.parts):
            continue
        if source.is_symlink() or not source.is_file():
            continue
        target = destination / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        copied.append(target)
    return copied


def _finish(app: Sphinx, exception: Exception | None) -> None:
    labs = Path(app.srcdir).parent / "labs"
    if exception is None and app.builder.format == "html" and labs.is_dir():
        copy_labs(labs, Path(app.outdir) / "labs")


def setup(app: Sphinx) -> dict[str, bool]:
    """Copy after each HTML build."""
    app.connect("build-finished", _finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

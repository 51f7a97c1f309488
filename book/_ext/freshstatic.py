"""An edited style sheet or script reaches the site, even when no page has changed.

Sphinx copies _static/ only when it writes pages, and puts a checksum of each file into their
links: so the pages are written again.
"""

from __future__ import annotations

from pathlib import Path

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment


def has_news(source: Path, built: Path) -> bool:
    """Whether a file below `source` is missing, or other, below `built`."""
    for file in source.rglob("*"):
        if file.is_file() and not any(part.startswith(".") for part in file.parts):
            copy = built / file.relative_to(source)
            if not copy.is_file() or copy.read_bytes() != file.read_bytes():
                return True
    return False


def _outdated(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    if app.builder.format != "html":
        return []
    built = Path(app.outdir) / "_static"
    folders = [Path(app.confdir) / folder for folder in app.config.html_static_path]
    return sorted(env.found_docs) if any(has_news(each, built) for each in folders) else []


def setup(app: Sphinx) -> dict[str, bool]:
    """Look before Sphinx decides which pages to read."""
    app.connect("env-get-outdated", _outdated)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

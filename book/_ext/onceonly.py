"""A style sheet or script is loaded once: as the extension that registers it wants it.

Jupyter Book adds every .css and .js file of _static/ to every page. One that an extension adds
by itself, with `defer` or `media`, would run, or colour the screen, a second time.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sphinx.application import Sphinx


def once(files: Iterable[Any]) -> list[Any]:
    """Of several entries for one file, the one that says most; inline scripts are all kept."""
    kept: dict[Any, Any] = {}
    for file in files:
        key = str(getattr(file, "filename", None) or id(file))
        if key not in kept:
            kept[key] = file
        elif _wishes(file) >= _wishes(kept[key]):
            del kept[key]  # its place, too, is that of the later entry
            kept[key] = file
    return list(kept.values())


def _wishes(file: Any) -> int:
    return len(getattr(file, "attributes", {}))


def _clear(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    for kind in ("css_files", "script_files"):
        context[kind] = once(context.get(kind, []))


def setup(app: Sphinx) -> dict[str, bool]:
    """Look at the files of each page, after all others have added theirs."""
    app.connect("html-page-context", _clear, priority=950)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

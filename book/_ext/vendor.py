"""Serve the scripts of other people that the pages need (math, widgets) from the book itself.

They are npm packages, pinned in package-lock.json and fetched by `make setup` into node_modules/;
here the few files that a page loads are copied into _static/npm/. Nothing comes from a CDN,
so the book also works without a network, and no third-party file is in the repository.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

# Folder below _static/npm/ → package, and the files that are taken (patterns below its root).
PACKAGES = {
    "mathjax": (
        "mathjax",
        "LICENSE",
        "es5/tex-chtml.js",
        "es5/input/tex/extensions/*.js",  # fetched when a formula asks for one
        "es5/output/chtml/fonts/woff-v2/*.woff",
    ),
    "widgets": (
        "@jupyter-widgets/html-manager",
        "package.json",  # names version and licence: the package has no licence file
        "dist/embed.js",
        "dist/embed.js.LICENSE.txt",
        "dist/*.woff2",
    ),
}
MATHJAX = "npm/mathjax/es5/tex-chtml.js"
WIDGETS = "npm/widgets/dist/embed.js"


def copy(node_modules: Path, destination: Path) -> list[Path]:
    """Copy what PACKAGES names into `destination`; returns the files that it then holds.

    Raises FileNotFoundError naming the package whose file is not there.
    """
    held = []
    for folder, (package, *patterns) in PACKAGES.items():
        root = node_modules / package
        for pattern in patterns:
            sources = sorted(root.glob(pattern))
            if not sources:
                raise FileNotFoundError(f"{package}: {pattern}")
            for source in sources:
                target = destination / folder / source.relative_to(root)
                held.append(target)
                # copy2 keeps the time, by which a later build sees that nothing has changed.
                if not target.exists() or target.stat().st_mtime != source.stat().st_mtime:
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(source, target)
    for path in destination.rglob("*"):
        if path.is_file() and path not in held:
            path.unlink()  # of a version that is no longer used
    return held


def _copy(app: Sphinx) -> None:
    if app.builder.format != "html":
        return
    try:
        # Before the pages are written: Sphinx puts a checksum of each script into its link.
        node_modules = Path(app.srcdir).parent / "node_modules"
        copy(node_modules, Path(app.outdir) / "_static" / "npm")
    except FileNotFoundError as error:
        raise ExtensionError(
            f"node_modules/에 {error}가 없습니다. `make setup`이 다시 받습니다."
        ) from error


def _configure(app: Sphinx, config: object) -> None:
    config.mathjax_path = MATHJAX
    config.nb_ipywidgets_js = {WIDGETS: {"defer": "defer"}}


def setup(app: Sphinx) -> dict[str, bool]:
    """Name the scripts early, so that MyST-NB and Sphinx's math find them; copy before writing."""
    app.connect("config-inited", _configure, priority=100)
    app.connect("builder-inited", _copy)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

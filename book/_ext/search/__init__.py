"""Search that works for Korean readers: Pagefind over the built pages, in the theme's own box.

At the end of each HTML build the pages are indexed (index.py); in the browser site/static/
asks the index and shows what it finds. The scripts lie here and not in book/_static/, because
Jupyter Book puts every script from there into every page, and most of these are modules.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError

import vocabulary

from . import index

SITE = Path(__file__).resolve().parent / "site"


def _add_site(app: Sphinx, config: Config) -> None:
    """Our search.html stands before the theme's; our scripts are copied with the book's."""
    config.templates_path = [*config.templates_path, str(SITE / "templates")]
    config.html_static_path = [*config.html_static_path, str(SITE / "static")]


def _finish(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.format != "html":
        return
    # Pages in the order of their names: the same book gives the same index.
    urls = {name: app.builder.get_target_uri(name) for name in sorted(app.env.found_docs)}
    terms = vocabulary.load(Path(app.srcdir) / "glossary.yml")
    try:
        weights = {urls[name]: weight for name, weight in _weights(app) if name in urls}
        index.build(Path(app.outdir), urls.values(), terms, weights)
    except index.SearchIndexError as error:
        raise ExtensionError(f"찾기의 색인을 만들지 못했습니다. {error}") from error


def _weights(app: Sphinx) -> Iterator[tuple[str, float]]:
    """Pages whose front matter has `search_weight`, between 0 and 1.

    Raises ExtensionError naming the page when it is no such number.
    """
    for name, facts in app.env.metadata.items():
        if said := facts.get("search_weight"):
            try:
                weight = float(said)
            except ValueError:
                weight = 0.0
            if not 0 < weight <= 1:
                where = app.env.doc2path(name, base=False)
                raise ExtensionError(
                    f"{where}: search_weight는 0보다 크고 1 이하여야 합니다: {said}"
                )
            yield name, weight


def setup(app: Sphinx) -> dict[str, bool]:
    """Index after each HTML build; put script and style of the search into every page."""
    app.connect("config-inited", _add_site)
    app.connect("build-finished", _finish)
    app.add_css_file("search/search.css")
    app.add_js_file("search/box.js", loading_method="defer")
    return {"parallel_read_safe": True, "parallel_write_safe": True}

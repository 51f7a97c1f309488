"""Pictures that `kit.show` and `kit.explore` write into a page as data become files of the site.

A page is then small, a browser fetches what it shows, and the light and the dark twin of a
figure cost nothing until they are looked at.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

DATA = re.compile(r"data:image/(png|svg\+xml);base64,([A-Za-z0-9+/=]+)")
NAME = re.compile(r"[0-9a-f]{20}\.(png|svg)")
LAZY = re.compile(r"<img (?=class=\\?\"kit-figure)")


def extract(text: str, images: Path, prefix: str) -> str:
    """`text` with each data URI of a picture replaced by the address of a file in `images`.

    Works on HTML and on the JSON of widgets alike. The file's name is its content's hash.
    """

    def write(match: re.Match[str]) -> str:
        content = base64.b64decode(match[2])
        name = f"{hashlib.sha256(content).hexdigest()[:20]}.{match[1].removesuffix('+xml')}"
        if not (images / name).exists():
            images.mkdir(parents=True, exist_ok=True)
            (images / name).write_bytes(content)
        return prefix + name

    return DATA.sub(write, text)


def _page(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    images = Path(app.outdir) / app.builder.imagedir
    prefix = context["pathto"](app.builder.imagedir, resource=True) + "/"
    if "body" in context:
        context["body"] = LAZY.sub(
            '<img loading="lazy" decoding="async" ', extract(context["body"], images, prefix)
        )
    scripts = []
    for script in context.get("script_files", []):
        attributes = dict(getattr(script, "attributes", {}))
        if "data:image/" in str(attributes.get("body")):
            attributes["body"] = extract(attributes["body"], images, prefix)
            script = type(script)(script.filename, priority=script.priority, **attributes)
        scripts.append(script)
    context["script_files"] = scripts


def tidy(site: Path, images: Path) -> None:
    """Delete the pictures of earlier runs that no page shows any more."""
    ours = [path for path in images.glob("*") if NAME.fullmatch(path.name)]
    shown = "".join(page.read_text("utf-8") for page in site.rglob("*.html")) if ours else ""
    for path in ours:
        if path.name not in shown:
            path.unlink()


def _finish(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.builder.format == "html":
        tidy(Path(app.outdir), Path(app.outdir) / app.builder.imagedir)


def _environment(app: Sphinx) -> None:
    os.environ["COURSE_BOOK"] = "1"  # kernels inherit it; kit then draws the dark twins, too


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell the kernels; then take the pictures out of every page that is written."""
    app.connect("builder-inited", _environment)
    app.connect("html-page-context", _page, priority=800)
    app.connect("build-finished", _finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

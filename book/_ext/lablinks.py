"""`{lab} rnn`: the door from a chapter to its lab (Colab, or the file itself)."""

from __future__ import annotations

from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

import bookconfig

logger = logging.getLogger(__name__)


class Lab(SphinxDirective):
    """A box with the directive's own text and two links."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """The box as nodes; warns when the lab has not been released."""
        lab = self.arguments[0]
        root = Path(self.env.srcdir).parent
        config = bookconfig.load(root)
        if not (root / "labs" / lab / f"{lab}.ipynb").exists():
            logger.warning(
                "labs/%s/%s.ipynb가 없습니다. `course release %s`를 실행하세요.",
                lab,
                lab,
                lab,
                location=self.get_location(),
            )
        box = nodes.container(classes=["lab-door"])
        box += nodes.paragraph("", "", nodes.strong("", f"실습 {lab}"))
        self.state.nested_parse(self.content, self.content_offset, box)
        up = "../" * self.env.docname.count("/")
        links = nodes.paragraph(classes=["lab-door-links"])
        links += nodes.reference(
            "", "Colab에서 열기", refuri=config.lab_url(lab), classes=["lab-door-colab"]
        )
        # `download`, which docutils cannot say: a server may call notebooks JSON, and a browser
        # would then show them.
        address = escape(f"{up}labs/{lab}/{lab}.ipynb")
        file = f'<a class="lab-door-file reference external" href="{address}" download>'
        links += nodes.raw("", f"{file}노트북 내려받기</a>", format="html")
        box += links
        return [box]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive with Sphinx."""
    app.add_directive("lab", Lab)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

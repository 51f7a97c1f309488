"""The badge 「마지막 실행」 under the title of every page with cells.

The run writes it (book/lastrun.py): a last cell is appended to the page before it is executed,
and what that cell says is moved below the title.
"""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx

MARK = '<p class="last-run">'
CELL = """

```{code-cell} python
:tags: [remove-input]

import lastrun

lastrun.show()
```
"""


def append_cell(text: str) -> str:
    """The page's source with the cell at its end, when it has cells at all."""
    return text.rstrip("\n") + CELL if "```{code-cell}" in text else text


def _read(app: Sphinx, page: str, source: list[str]) -> None:
    source[0] = append_cell(source[0])


def _move(app: Sphinx, doctree: nodes.document) -> None:
    for raw in list(doctree.findall(nodes.raw)):
        if raw.astext().startswith(MARK):
            title = next(doctree.findall(nodes.title))
            cell = raw.parent
            while "cell" not in cell.get("classes", ()):
                cell = cell.parent
            cell.parent.remove(cell)
            badge = nodes.raw("", raw.astext(), format="html")
            title.parent.insert(title.parent.index(title) + 1, badge)
            return


def setup(app: Sphinx) -> dict[str, bool]:
    """Append before reading, move after."""
    app.connect("source-read", _read)
    app.connect("doctree-read", _move)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

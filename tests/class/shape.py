"""What editors and learning platforms do to a notebook on its way in."""

from __future__ import annotations

import copy
import hashlib
import io
import json
import stat
import zipfile
from dataclasses import dataclass
from datetime import datetime

from nbformat import NotebookNode

# One grey pixel: enough to show that pictures are thrown away.
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)


@dataclass(frozen=True)
class Entry:
    """One entry of a zip; `mode` is the Unix file mode."""

    name: str
    data: bytes
    date: datetime
    mode: int = stat.S_IFREG | 0o644


def zipped(entries: list[Entry]) -> bytes:
    """A zip whose bytes depend on nothing but its entries."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for entry in entries:
            info = zipfile.ZipInfo(entry.name, entry.date.timetuple()[:6])
            info.create_system = 3
            info.external_attr = entry.mode << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, entry.data)
    return out.getvalue()


def unzipped(data: bytes) -> list[tuple]:
    """What a zip holds, whichever version of zlib packed it."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [
            (info.filename, info.date_time, info.external_attr, archive.read(info))
            for info in archive.infolist()
        ]


def by_jupyter(notebook: NotebookNode) -> bytes:
    """As JupyterLab saves it after all cells have run."""
    notebook = copy.deepcopy(notebook)
    count = 0
    for cell in notebook.cells:
        if cell.cell_type == "code":
            count += 1
            cell.execution_count = count
            if "demo" in cell.metadata.get("tags", []):
                cell.outputs = [_picture(), _printed("0.2초\n")]
    notebook.metadata.kernelspec = {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    }
    notebook.metadata.language_info = {"name": "python", "version": "3.12.4"}
    for cell in notebook.cells:
        cell.source = cell.source.splitlines(keepends=True)
    # Not by nbformat: it would mend ids that stand there twice.
    return json.dumps(notebook, ensure_ascii=False, indent=1).encode() + b"\n"


def by_colab(notebook: NotebookNode) -> bytes:
    """As Colab saves it: nbformat 4.0, ids in the metadata, its own keys, odd widget state."""
    cells = []
    for number, cell in enumerate(notebook.cells):
        metadata = {"id": cell.id, **copy.deepcopy(cell.metadata)}
        raw = {
            "cell_type": cell.cell_type,
            "source": cell.source.splitlines(keepends=True),
            "metadata": metadata,
        }
        if cell.cell_type == "code":
            raw["execution_count"] = number
            raw["outputs"] = []
            if "demo" in cell.metadata.get("tags", []):
                metadata["colab"] = {"base_uri": "https://localhost:8080/", "height": 346}
                metadata["outputId"] = f"{_hex(cell.id, 8)}-{_hex(cell.id, 4)}"
                raw["outputs"] = [_picture(), _widget(cell.id)]
        cells.append(raw)
    model = _hex("widget", 32)
    return json.dumps(
        {
            "nbformat": 4,
            "nbformat_minor": 0,
            "metadata": {
                "colab": {"provenance": [], "gpuType": "T4", "toc_visible": True},
                "kernelspec": {"name": "python3", "display_name": "Python 3"},
                "language_info": {"name": "python"},
                "accelerator": "GPU",
                "course": notebook.metadata.get("course", {}),
                # Jupyter puts this under "state"; with Colab's form nbconvert stops.
                "widgets": {
                    "application/vnd.jupyter.widget-state+json": {
                        model: {
                            "model_module": "@jupyter-widgets/controls",
                            "model_module_version": "1.5.0",
                            "model_name": "VBoxModel",
                            "state": {"_dom_classes": [], "children": []},
                        }
                    }
                },
            },
            "cells": cells,
        },
        ensure_ascii=False,
        indent=2,
    ).encode()


def without_metadata(notebook: NotebookNode) -> bytes:
    """As after a converter that knows only cells: no ids, no nbgrader, no tags."""
    cells = [
        {"cell_type": cell.cell_type, "metadata": {}, "source": cell.source}
        | ({"execution_count": None, "outputs": []} if cell.cell_type == "code" else {})
        for cell in notebook.cells
    ]
    whole = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 2}
    return json.dumps(whole, ensure_ascii=False).encode()


def version_3(notebook: NotebookNode) -> bytes:
    """As IPython 2 saved notebooks."""
    cells = [
        {"cell_type": "code", "input": cell.source, "language": "python", "outputs": []}
        for cell in notebook.cells
        if cell.cell_type == "code" and "setup" not in cell.metadata.get("tags", [])
    ]
    return json.dumps(
        {
            "metadata": {"name": "rnn"},
            "nbformat": 3,
            "nbformat_minor": 0,
            "worksheets": [{"cells": cells[:4], "metadata": {}}],
        },
        ensure_ascii=False,
    ).encode()


def _picture() -> dict:
    data = {"image/png": PIXEL, "text/plain": ["<Figure size 640x340 with 1 Axes>"]}
    return {"output_type": "display_data", "metadata": {}, "data": data}


def _printed(text: str) -> dict:
    return {"output_type": "stream", "name": "stdout", "text": text}


def _widget(name: str) -> dict:
    view = {"version_major": 2, "version_minor": 0, "model_id": _hex(name, 32)}
    data = {"text/plain": ["VBox()"], "application/vnd.jupyter.widget-view+json": view}
    return {"output_type": "display_data", "metadata": {}, "data": data}


def _hex(text: str, length: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]

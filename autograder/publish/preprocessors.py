"""Steps of `nbgrader generate_assignment` that are ours. Each does one thing; RELEASE is the order.

nbgrader runs them with the course folder as the working directory.
"""

from __future__ import annotations

import hashlib
import json

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    IncludeHeaderFooter,
    LockCells,
    NbGraderPreprocessor,
    SaveCells,
)

from autograder import notebooks
from autograder.course import Course
from autograder.publish.addresses import placeholders
from autograder.publish.embed import setup_source
from autograder.publish.material import PRIVATE, data_files

SCHEMA = 1
MODULES = ("kit", "checks")


class FillPlaceholders(NbGraderPreprocessor):
    """Puts the course's facts in place of `{{lab}}`, `{{colab_url}}` and the like (addresses.py)."""

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        """All cells; `{{release}}` is left for StampRelease."""
        course = Course.find()
        facts = placeholders(course, course.lab(resources["nbgrader"]["assignment"]))
        for cell in nb.cells:
            for name, value in facts.items():
                cell.source = cell.source.replace(f"{{{{{name}}}}}", value)
        return nb, resources


class EmbedSetup(NbGraderPreprocessor):
    """Makes the cell tagged `setup` bring kit.py, checks.py and the lab's data along."""

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        """The set-up cell becomes a titled, collapsed form."""
        course, lab = Course.find(), resources["nbgrader"]["assignment"]
        modules = {
            name: (course.root / "book" / f"{name}.py").read_text(encoding="utf-8")
            for name in MODULES
        }
        data = {name: path.read_bytes() for name, path in data_files(course, lab).items()}
        for cell in nb.cells:
            if notebooks.role(cell) == "setup":
                cell.source = setup_source(cell.source, modules, data)
                cell.metadata["cellView"] = "form"  # Colab
                cell.metadata["jupyter"] = {"source_hidden": True}  # JupyterLab
        return nb, resources


class DropCarry(NbGraderPreprocessor):
    """Takes `course.carry` away: it is for the judge, and asking for it makes no new version."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: ResourcesDict, cell_index: int
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Metadata that is empty then goes as well."""
        about = cell.metadata.get("course", {})
        if about.pop("carry", None) is not None and not about:
            del cell.metadata["course"]
        return cell, resources


class CommentHidden(NbGraderPreprocessor):
    """Leaves one comment with its points where a hidden test was."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: ResourcesDict, cell_index: int
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Runs after ClearHiddenTests, which empties the cell."""
        if notebooks.grade_id(cell) and notebooks.role(cell) == "hidden":
            points = notebooks.points(cell)
            comment = f"# 숨은 테스트 {points:g}점: 제출한 뒤에 채점합니다."
            cell.source = f"{cell.source.strip()}\n{comment}".strip()
        return cell, resources


class StampRelease(NbGraderPreprocessor):
    """Writes lab, version and origin into the notebook's metadata, and `{{release}}` into its cells.

    The version is a hash of everything that was released: the same content has the same version.
    """

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        """The notebook's own metadata keeps the kernel and nothing else of the author's."""
        lab = resources["nbgrader"]["assignment"]
        kept = {
            key: nb.metadata[key] for key in ("kernelspec", "language_info") if key in nb.metadata
        }
        version = release_version(nb)
        for cell in nb.cells:
            cell.source = cell.source.replace("{{release}}", version)
        nb.metadata = NotebookNode(kept)
        nb.metadata["course"] = NotebookNode(
            lab=lab,
            release=version,
            schema=SCHEMA,
            generated=(
                f"solutions/{lab}에서 만든 파일입니다. "
                f"고치려면 그곳을 고치고 `course release {lab}`을 실행하세요."
            ),
        )
        return nb, resources


def release_version(nb: NotebookNode) -> str:
    """The first 12 hex digits of a hash of the cells, leaving nbgrader's checksums aside."""
    content = []
    for cell in nb.cells:
        metadata = json.loads(json.dumps(cell.metadata))
        metadata.get("nbgrader", {}).pop("checksum", None)
        content.append([cell.cell_type, cell.get("id"), cell.source, metadata])
    text = json.dumps([SCHEMA, content], ensure_ascii=True, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


# For nbgrader_config.py. `course release` leaves SaveCells out: a release needs no gradebook.
RELEASE = [
    IncludeHeaderFooter,
    FillPlaceholders,
    EmbedSetup,
    LockCells,
    ClearSolutions,
    ClearOutput,
    CheckCellMetadata,
    ComputeChecksums,
    SaveCells,
    ClearHiddenTests,
    ClearMarkScheme,
    CommentHidden,
    DropCarry,
    StampRelease,
    ComputeChecksums,
    CheckCellMetadata,
]


# Also for nbgrader_config.py: what lies in solutions/<lab>/ and stays there.
IGNORED = [".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback", *PRIVATE]

"""Tells nbgrader's gradebook what a lab consists of, straight from solutions/.

nbgrader's own SaveCells refuses to add or remove cells once there are submissions; a course
that mends a test in mid-term needs exactly that, so the rows are brought up to date one by one.
"""

from __future__ import annotations

import json
from datetime import UTC

from nbformat import NotebookNode
from nbgrader.api import Comment, Grade, Gradebook, SolutionCell, SourceCell
from nbgrader.utils import compute_checksum

from autograder import notebooks
from autograder.course import Course, Lab, UsageError


def load_source(course: Course, lab: str) -> NotebookNode:
    """The instructor's notebook.

    Raises:
        UsageError: it is not there.
    """
    path = course.source(lab)
    if not path.is_file():
        raise UsageError(f"{path.relative_to(course.root)}이(가) 없습니다")
    return notebooks.read(path)


def load_release(course: Course, lab: str) -> NotebookNode:
    """The released notebook.

    Raises:
        UsageError: it was not made yet.
    """
    path = course.release(lab)
    if not path.is_file():
        name = path.relative_to(course.root)
        raise UsageError(f"{name}이(가) 없습니다: course release {lab}")
    return notebooks.read(path)


def register(gradebook: Gradebook, course: Course, lab: Lab, source: NotebookNode) -> None:
    """Makes the gradebook's picture of the lab equal to `source`.

    Cells that are new get an empty grade in every submission; cells that are gone take their
    grades with them; points and due date are set anew. Manual scores of cells that stay are kept.
    """
    due = lab.deadline.astimezone(UTC).replace(tzinfo=None) if lab.deadline else None
    gradebook.update_or_create_assignment(lab.name, duedate=due)
    kernel = json.dumps(source.metadata.get("kernelspec", {}), sort_keys=True)
    notebook = gradebook.update_or_create_notebook(lab.name, lab.name, kernelspec=kernel)
    grades, solutions, sources = {}, {}, {}
    for cell in source.cells:
        name = notebooks.grade_id(cell)
        if name is None:
            continue
        about = cell.metadata.nbgrader
        if about.get("grade"):
            grades[name] = {"max_score": notebooks.points(cell), "cell_type": cell.cell_type}
        if about.get("solution"):
            solutions[name] = {}
        sources[name] = {
            "cell_type": cell.cell_type,
            "locked": bool(about.get("locked")) and not about.get("solution"),
            "source": cell.source,
            "checksum": compute_checksum(cell),
        }
    for name, fields in grades.items():
        gradebook.update_or_create_grade_cell(name, lab.name, lab.name, **fields)
    for name, fields in solutions.items():
        gradebook.update_or_create_solution_cell(name, lab.name, lab.name, **fields)
    for name, fields in sources.items():
        gradebook.update_or_create_source_cell(name, lab.name, lab.name, **fields)
    _drop_others(gradebook, notebook, grades, solutions, sources)
    _fill_submissions(gradebook, notebook)
    gradebook.db.commit()


def _drop_others(gradebook: Gradebook, notebook, grades, solutions, sources) -> None:
    database = gradebook.db
    for cell in [*notebook.grade_cells, *notebook.solution_cells]:
        keep = solutions if isinstance(cell, SolutionCell) else grades
        if cell.name not in keep:
            for row in [*cell.grades, *cell.comments]:
                database.delete(row)
            database.flush()
            database.delete(cell)
    for cell in list(notebook.source_cells):
        if isinstance(cell, SourceCell) and cell.name not in sources:
            database.delete(cell)
    database.commit()
    database.expire_all()


def _fill_submissions(gradebook: Gradebook, notebook) -> None:
    for submission in notebook.submissions:
        graded = {grade.cell_id for grade in submission.grades}
        for cell in notebook.grade_cells:
            if cell.id not in graded:
                gradebook.db.add(Grade(cell_id=cell.id, notebook=submission))
        commented = {comment.cell_id for comment in submission.comments}
        for cell in notebook.solution_cells:
            if cell.id not in commented:
                gradebook.db.add(Comment(cell_id=cell.id, notebook=submission))

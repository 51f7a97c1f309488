"""`course export`: the grade table, read back from the gradebook."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from nbgrader.api import Gradebook, MissingEntry

from autograder import notebooks
from autograder.course import Course, Lab
from autograder.grading.gradebook import open_gradebook
from autograder.intake.roster import Person, Roster

Format = Literal["csv", "canvas", "moodle"]


@dataclass(frozen=True)
class Grade:
    """One student's grade in one lab, in points. `score` = tests + written − penalty."""

    tests: float
    written: float | None
    penalty: float
    score: float
    max_score: float


def lab_grade(gradebook: Gradebook, lab: str, student: str) -> Grade | None:
    """The grade, or None where there is nothing to give: no hand-in, or a test without a score."""
    try:
        notebook = gradebook.find_submission_notebook(lab, lab, student)
    except MissingEntry:
        return None
    written = [grade for grade in notebook.grades if grade.cell.cell_type == "markdown"]
    tests = [grade for grade in notebook.grades if grade.cell.cell_type != "markdown"]
    if any(grade.auto_score is None and grade.manual_score is None for grade in tests):
        return None
    marks = [grade.manual_score for grade in written]
    penalty = float(notebook.late_submission_penalty or 0.0)
    return Grade(
        tests=float(sum(grade.score for grade in tests)),
        written=None if None in marks or not marks else float(sum(marks)),
        penalty=penalty,
        score=max(0.0, float(notebook.score or 0.0) - penalty),
        max_score=float(notebook.max_score or 0.0),
    )


def _people(course: Course, gradebook: Gradebook) -> list[Person]:
    """The class by its roster, then anybody else who has a submission."""
    people = list(Roster.load(course).people)
    known = {person.id for person in people}
    others = sorted(student.id for student in gradebook.students if student.id not in known)
    return people + [Person(id=name) for name in others]


def _safe(text: str) -> str:
    """A spreadsheet must not take a name for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _number(value: float | None) -> str:
    return "" if value is None else f"{round(value, 2):g}"


def table(course: Course, labs: Sequence[Lab], form: Format) -> str:
    """The grade table as CSV text. A cell is empty where there is no grade: never a guessed 0."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    with open_gradebook(course) as gradebook:
        people = _people(course, gradebook)
        grades = {
            (person.id, lab.name): lab_grade(gradebook, lab.name, person.id)
            for person in people
            for lab in labs
        }
        maxima = {}
        for lab in labs:
            try:
                maxima[lab.name] = float(gradebook.find_assignment(lab.name).max_score)
            except MissingEntry:
                maxima[lab.name] = 0.0
    names = [lab.name for lab in labs]
    if form == "canvas":
        rows.writerow(["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *names])
        rows.writerow(["    Points Possible", "", "", "", "", *(_number(maxima[n]) for n in names)])
    elif form == "moodle":
        rows.writerow(["ID number", "Full name", "Email address", *names])
    else:
        parts = [f"{n}{suffix}" for n in names for suffix in ("", "_tests", "_written", "_late")]
        rows.writerow(["student", "name", "email", *parts, "weighted_percent"])
    for person in people:
        mine = [grades[person.id, name] for name in names]
        scores = [_number(grade.score) if grade else "" for grade in mine]
        name = _safe(person.name)
        if form == "canvas":
            rows.writerow([name or person.id, person.lms_id, person.id, person.email, "", *scores])
        elif form == "moodle":
            rows.writerow([person.id, name, person.email, *scores])
        else:
            cells = []
            for grade in mine:
                cells += (
                    [_number(v) for v in (grade.score, grade.tests, grade.written, grade.penalty)]
                    if grade
                    else [""] * 4
                )
            rows.writerow([person.id, name, person.email, *cells, _weighted(labs, mine)])
    return out.getvalue()


def _weighted(labs: Sequence[Lab], grades: Sequence[Grade | None]) -> str:
    """Percent over the labs that have a grade, by weight; empty when there is none."""
    pairs = [(lab.weight, g) for lab, g in zip(labs, grades, strict=True) if g and g.max_score]
    total = sum(weight for weight, _ in pairs)
    if not total:
        return ""
    return _number(100 * sum(w * g.score / g.max_score for w, g in pairs) / total)


def export(course: Course, labs: Sequence[Lab], form: Format, to: Path | None) -> Path:
    """Writes the table and returns its path (UTF-8 with BOM, so that Excel shows Korean names)."""
    default = "grades.csv" if form == "csv" else f"grades-{form}.csv"
    path = to or course.root / default
    bom = "" if form == "canvas" else "\ufeff"  # Canvas takes a BOM for a part of its first column
    notebooks.write_text(path, bom + table(course, labs, form))
    return path

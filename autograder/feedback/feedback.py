"""`course feedback`: a page for every student who handed something in.

Scores come from the gradebook (a TA may have changed one), the rest from the saved result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nbgrader.api import Gradebook, MissingEntry

from autograder import notebooks
from autograder.course import Course, Lab
from autograder.feedback.page import Context, page, titles
from autograder.feedback.withhold import SHORTEST, Withhold
from autograder.grading import record
from autograder.grading.gradebook import open_gradebook, refresh
from autograder.grading.todo import refusal
from autograder.intake.inbox import HandIn, Inbox
from autograder.publish.addresses import book_config
from autograder.publish.secrets import hidden_lines


def feedback(
    course: Course, labs: Sequence[Lab] | None = None, say: Callable[[str], None] = print
) -> None:
    """Writes feedback/<student>/<lab>/<lab>.html for these labs (default: all), one line each.

    A hand-in that was refused has a page too, where it is known whose it is. Twice in a row
    writes the same bytes.
    """
    labs = course.labs if labs is None else labs
    with open_gradebook(course) as gradebook:
        for lab in labs:
            count = _lab(course, lab, gradebook)
            say(f"{lab.name}: 피드백 {count}명 (feedback/)")


def withhold_of(course: Course, lab: Lab) -> Withhold:
    """What takes this lab's hidden tests out of a result."""
    return Withhold(hidden_lines(notebooks.read(course.source(lab.name)), SHORTEST))


def _lab(course: Course, lab: Lab, gradebook: Gradebook) -> int:
    withhold = withhold_of(course, lab)
    headings = titles(notebooks.read(course.release(lab.name)))
    refused = _refused(course, lab)
    found = {
        path.parent.parent.name for path in course.root.glob(f"records/*/{lab.name}/result.json")
    }
    students = sorted(found | set(refused))
    for student in students:
        result = record.load(course, student, lab.name)
        later = refused.get(student)
        if result is None and later is None:
            continue  # its record cannot be read: the next `course grade` makes it anew
        if result is None:
            result, later = refusal(later), None
        refresh(gradebook, result)
        said = comments_of(gradebook, lab, student)
        said = {name: withhold.text(text) for name, text in said.items()}
        context = Context(
            course=course.book_config.get("title", ""),
            lab=lab.name,
            title=lab.title,
            timezone=course.timezone,
            titles=headings,
            deadline=lab.deadline,
            penalty=penalty_of(gradebook, lab, student),
            comment=said.get("reflection", ""),
            comments=said,
            later=(later.file, later.reason) if later else None,
            addresses=_addresses(course, lab),
        )
        path = course.feedback(student, lab.name) / f"{lab.name}.html"
        notebooks.write_text(path, page(withhold.result(result), context))
    return len(students)


def _refused(course: Course, lab: Lab) -> dict[str, HandIn]:
    """The last refused hand-in of each student that no accepted one followed."""
    return {
        handin.student: handin
        for handin in Inbox(course).refused()
        if handin.student is not None and handin.lab == lab.name
    }


def penalty_of(gradebook: Gradebook, lab: Lab, student: str) -> float:
    """Points lost for lateness."""
    try:
        notebook = gradebook.find_submission_notebook(lab.name, lab.name, student)
    except MissingEntry:
        return 0.0
    return float(notebook.late_submission_penalty or 0.0)


def comments_of(gradebook: Gradebook, lab: Lab, student: str) -> dict[str, str]:
    """exercise → what a TA wrote beside it, from the desk or in formgrader."""
    try:
        notebook = gradebook.find_submission_notebook(lab.name, lab.name, student)
    except MissingEntry:
        return {}
    return {each.name: each.manual_comment for each in notebook.comments if each.manual_comment}


def _addresses(course: Course, lab: Lab) -> dict[str, str]:
    config = book_config(course)
    return {
        "colab": config.lab_url(lab.name),
        "page": config.page_url(lab.chapter),
        "students": config.page_url("students"),
    }

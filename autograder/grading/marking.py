"""What a TA gives from the desk: a score, a comment. Through the one writer, with a line in the history."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

from nbgrader.api import Gradebook, MissingEntry

from autograder.course import Course, UsageError
from autograder.grading import gradebook as book
from autograder.grading import record
from autograder.grading.grade import note_own_scores

PATIENCE = 5.0  # seconds that a TA waits for a grading that holds the records


@contextmanager
def marking(course: Course) -> Iterator[Gradebook]:
    """The gradebook, to be written by this caller alone.

    Raises:
        UsageError: a grading held the records for longer than PATIENCE, or there is no gradebook.
    """
    end = time.monotonic() + PATIENCE
    with ExitStack() as stack:
        while True:
            try:
                stack.enter_context(record.writing(course))
                break
            except UsageError:
                if time.monotonic() >= end:
                    raise
                time.sleep(0.05)
        yield stack.enter_context(book.open_gradebook(course))


def give_score(
    gradebook: Gradebook,
    course: Course,
    student: str,
    lab: str,
    cell: str,
    score: float | None,
    by: str,
    reason: str = "",
) -> float | None:
    """A TA's own score of one cell; None takes it back. Returns the TA's score before.

    Raises:
        UsageError: no such cell of this student, or more points than it has.
    """
    # What was changed in formgrader before gets its own line, without this TA's name.
    note_own_scores(gradebook, course, lab, student)
    try:
        before = book.give(gradebook, course, student, lab, cell, score)
    except MissingEntry:
        raise UsageError(f"{student}의 {cell} 점수 칸이 없습니다") from None
    note_own_scores(gradebook, course, lab, student, by=by, reason=reason)
    return before


def add_comment(
    gradebook: Gradebook, students: Iterable[str], lab: str, exercise: str, text: str
) -> list[str]:
    """Says the same to all of these about one exercise, after what was said before.

    Returns whom it was said to: not to those who were told it already or have nothing there.
    """
    told = []
    for student in students:
        try:
            before = book.comment(gradebook, student, lab, exercise)
        except MissingEntry:
            continue
        if f"\n\n{text}\n\n" in f"\n\n{before}\n\n":
            continue
        book.say(gradebook, student, lab, exercise, "\n\n".join(filter(None, (before, text))))
        told.append(student)
    return told

"""The written answers of one question side by side: read, scored, answered without the mouse.

Names are left out unless they are asked for, and answers stand in an order that says nothing.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from starlette.responses import RedirectResponse, Response

from autograder import notebooks
from autograder.course import Course, UsageError
from autograder.feedback import clean
from autograder.grading import gradebook as book
from autograder.grading import record
from autograder.grading.marking import marking
from autograder.grading.table import Cell
from autograder.portal.call import Call, Stop
from autograder.portal.desk import klass
from autograder.portal.desk.clusters import keep_saying, sayings
from autograder.portal.desk.submission import BUSY, MOST, points_in, save_score
from autograder.portal.routing import Rules, Who
from autograder.portal.student.view import counts
from autograder.portal.tables import Comment
from autograder.results import Result

rules = Rules()


@dataclass(frozen=True)
class Answer:
    """One student's answer. `member` is not shown where names are left out."""

    member: klass.Member
    cell: Cell
    text: str
    comment: str

    @property
    def receipt(self) -> str:
        """Names the answer in addresses."""
        return self.member.row.receipt


def answers(call: Call, found: klass.Klass, question: str) -> list[Answer]:
    """All answers to one question, in an order that has nothing to do with whose they are."""
    course, key = call.desk.course, call.desk.settings.key
    rows = []
    for member in found.graded:
        cell = member.line.cells.get(question)
        result = record.load(course, member.login, found.lab.name)
        if cell is None or not cell.written or result is None:
            continue
        if result.sha256 != member.row.sha256:
            continue  # graded anew just now
        text = clean.text(answer_of(result, question))
        rows.append(Answer(member, cell, text, member.line.comments.get(question, "")))

    def place(answer: Answer) -> bytes:
        return hmac.digest(key, f"{question} {answer.receipt}".encode(), hashlib.sha256)

    return sorted(rows, key=place)


def answer_of(result: Result, question: str) -> str:
    """The text that answers this question, without its marker line."""
    parts: dict[str, list[str]] = {}
    name = question
    for line in (result.manual.answer if result.manual else "").splitlines():
        if line.startswith("<!--") and (found := notebooks.marker(line)):
            name = found[1]
        else:
            parts.setdefault(name, []).append(line)
    return "\n".join(parts.get(question, [])).strip()


def questions(found: klass.Klass) -> list[str]:
    """The lab's written questions."""
    return list(dict.fromkeys(c.name for each in found.graded for c in each.line.written))


@rules.get("/ta/labs/{lab}/written", Who.TA)
def ta_written(call: Call) -> Response:
    """The first question's answers; `?question=` another one's, `?names=1` with names."""
    lab = call.lab()
    found = klass.load(call, lab)
    there = questions(found)
    asked = call.request.query_params.get("question", "")
    question = asked if asked in there else (there[0] if there else "")
    rows = answers(call, found, question)
    left = [each for each in rows if each.cell.own is None]
    only_left = call.request.query_params.get("left") == "1"
    return call.page(
        "ta/written.html",
        lab=lab,
        question=question,
        questions=there,
        answers=left if only_left else rows,
        all=len(rows),
        left=len(left),
        only_left=only_left,
        names=call.request.query_params.get("names") == "1",
        sayings=sayings(call, lab.name, question),
        task=task(call.desk.course, lab.name, question),
    )


def task(course: Course, lab: str, question: str) -> str:
    """The text above the question in the lab, as it is written there."""
    try:
        cells = notebooks.read(course.release(lab)).cells
    except OSError:
        return ""
    at = next((n for n, c in enumerate(cells) if notebooks.grade_id(c) == question), 0)
    before = [c.source for c in cells[:at][-1:] if c.cell_type == "markdown"]
    return before[0] if before else ""


@rules.post("/ta/handins/{receipt}/written", Who.TA)
def ta_mark(call: Call) -> Response:
    """Gives an answer its points and its comment. As data where a program asks (the page's script)."""
    row = klass.the_handin(call)
    question = call.text("question", 100)
    score, text = points_in(call), call.text("text", MOST, required=False)
    course = call.desk.course
    found = record.load(course, row.student, row.lab)
    if found is None or found.sha256 != row.sha256 or not counts(call.desk.course, row):
        raise Stop(409, "이 학생이 그 사이에 새로 냈습니다. 새로 고친 뒤 다시 보세요.")
    line = klass.grades(course, course.lab(row.lab), row.student).get(row.student)
    if line is None or question not in line.cells or not line.cells[question].written:
        raise Stop(422, "글 답안이 아닙니다.")
    if score != line.cells[question].own:
        save_score(call, row, question, score, "")
    if text != line.comments.get(question, ""):
        try:
            with marking(course) as gradebook:
                book.say(gradebook, row.student, row.lab, question, text)
        except UsageError:
            raise Stop(409, BUSY) from None
        call.audit("comment", row.receipt, exercise=question, text=text)
    if text and call.form.get("keep"):
        keep_saying(call, row.lab, question, text)
    if "application/json" in call.request.headers.get("accept", ""):
        return call.json({"score": score, "text": text})
    back = call.url("ta_written", lab=row.lab)
    more = "&names=1" if call.form.get("names") else ""
    return RedirectResponse(f"{back}?question={question}{more}#answer-{row.receipt}", 303)


@rules.post("/ta/sayings/{saying}/forget", Who.TA)
def ta_forget(call: Call) -> Response:
    """Takes a comment off the list of those that can be used again."""
    number = call.path["saying"]
    found = (
        call.db.get(Comment, int(number))
        if number.isascii() and number.isdigit() and len(number) < 10
        else None
    )
    if found is None:
        raise Stop(404)
    lab, question = found.lab, found.question
    call.db.delete(found)
    call.audit("saying forgotten", f"{lab} {question}", text=found.text)
    return RedirectResponse(f"{call.url('ta_written', lab=lab)}?question={question}", 303)

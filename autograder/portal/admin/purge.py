"""`course purge STUDENT`: takes out of a course all that is about one person.

Files that another student handed in byte for byte as well stay theirs. The audit log keeps that
something was done, and no longer by whom. Backups made before still hold the person: they are the
keeper's to delete (README.md, «Personal data»).
"""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable

from nbgrader.api import MissingEntry
from sqlalchemy import delete, or_, select, update

from autograder.course import Course, UsageError
from autograder.grading import extensions
from autograder.grading.gradebook import open_gradebook
from autograder.intake.inbox import Inbox
from autograder.intake.roster import COLUMNS, Roster, safe_id
from autograder.notebooks import write_text
from autograder.portal.admin.backup import _quiet
from autograder.portal.db import Database
from autograder.portal.settings import database_url
from autograder.portal.tables import Appeal, Audit, Handin, Message, User

GONE = "(지워진 사람)"


def purge(course: Course, student: str, say: Callable[[str], None] = print) -> None:
    """Takes the student out of files, gradebook, desk, roster and extensions.

    Raises:
        UsageError: nobody of this id is known here.
    """
    if safe_id(student) != student:
        raise UsageError(f"'{student}'은(는) 학생 id가 아닙니다")
    with _quiet(course):
        found = _rows(course, student)
        found += _roster(course, student)
        extensions.forget(course, student)
        found += _inbox(course, student)
        found += _folders(course, student)
        found += _gradebook(course, student)
    if not found:
        raise UsageError(f"'{student}'이라는 학생은 없습니다 (명단에도 제출에도)")
    say(f"{student}: 제출물, 점수, 문의, 로그인을 지웠습니다. 전에 만든 백업은 따로 지우세요.")


def _rows(course: Course, student: str) -> int:
    database = Database(database_url(course))
    try:
        with database.session() as db:
            user = db.scalar(select(User).where(User.login == student))
            if user is not None and user.role != "student":
                raise UsageError(
                    f"'{student}'은(는) 학생이 아닙니다: course roster revoke를 쓰세요"
                )
            rows = list(db.scalars(select(Handin).where(Handin.student == student)).unique())
            names = [row.receipt for row in rows]
            for row in rows:
                for asked in db.scalars(select(Appeal).where(Appeal.handin_id == row.id)).unique():
                    names.append(asked.name)
                    db.delete(asked)
                db.delete(row)
            db.execute(delete(Message).where(Message.author == student))
            if user is not None:
                db.delete(user)
            about = or_(Audit.actor == student, Audit.object == student, Audit.object.in_(names))
            db.execute(update(Audit).where(about).values(detail={}, address=""))
            db.execute(update(Audit).where(Audit.actor == student).values(actor=GONE))
            db.execute(update(Audit).where(Audit.object == student).values(object=GONE))
            db.add(Audit(actor="command line", action="purge", object=GONE))
            return len(rows) + (user is not None)
    finally:
        database.close()


def _roster(course: Course, student: str) -> int:
    people = Roster.load(course).people
    left = [person for person in people if person.id != student]
    if len(left) == len(people):
        return 0
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(COLUMNS)
    rows.writerows([getattr(person, key) for key in COLUMNS] for person in left)
    write_text(course.roster, out.getvalue())
    return 1


def _inbox(course: Course, student: str) -> int:
    count = 0
    for path in sorted(course.inbox.glob("*/record.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        left = [each for each in record["receipts"] if each["student"] != student]
        if len(left) == len(record["receipts"]):
            continue
        count += 1
        if left:
            text = json.dumps(record | {"receipts": left}, ensure_ascii=False, indent=1) + "\n"
            write_text(path, text, durable=True)
        else:
            shutil.rmtree(path.parent)
    assert not any(each.student == student for each in Inbox(course).records())
    return count


def _folders(course: Course, student: str) -> int:
    count = 0
    for name in ("submitted", "autograded", "records", "feedback", "feedback-nbgrader"):
        folder = course.root / name / student
        if folder.is_dir():
            shutil.rmtree(folder)
            count += 1
    return count


def _gradebook(course: Course, student: str) -> int:
    with open_gradebook(course) as gradebook:
        try:
            gradebook.find_student(student)
        except MissingEntry:
            return 0
        gradebook.remove_student(student)
    return 1

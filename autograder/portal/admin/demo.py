"""A class to look at: `course serve --demo` makes it in `_build/demo/`, away from any real one.

It is a course of its own, with the same labs, book and rules by links, and its own inbox, gradebook
and desk. What is handed in there by the demonstration comes from the reference answers.
"""

from __future__ import annotations

import copy
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import select

from autograder import notebooks
from autograder.course import Course, Lab
from autograder.portal.admin.people import add_ta, make_links, sync
from autograder.portal.app import open_desk
from autograder.portal.handin.preflight import look
from autograder.portal.handin.take import take
from autograder.portal.settings import Settings
from autograder.portal.tables import Handin, User

SHARED = (
    "course.toml", "_config.yml", "_toc.yml", "nbgrader_config.py",
    "solutions", "labs", "releases", "book",
)  # fmt: skip
STUDENTS = 12
_MARKS = re.compile(r"^\s*### (?:BEGIN|END) SOLUTION *\n?", re.MULTILINE)
_WRITTEN = (
    "그래프를 보면 걸음이 길어질수록 기울기가 줄어듭니다. 그래서 먼 글자는 배우기 어렵습니다.",
    "잘 모르겠습니다. 그래프는 그렸습니다.",
    "값이 커지는 경우와 작아지는 경우를 나누어 보았고, 두 경우 모두 표로 적었습니다.",
)
TA = "ta"


def demo_course(course: Course, root: Path | None = None) -> Course:
    """The demonstration course in `root` (default: `_build/demo/`), made if it is not there."""
    root = root or course.root / "_build" / "demo"
    (root / "_build").mkdir(parents=True, exist_ok=True)
    for name in SHARED:
        _link(root / name, course.root / name)
    _link(root / "_build" / "html", course.html)
    people = [f"demo{n:02},학생 {n:02},demo{n:02}@example.org," for n in range(1, STUDENTS + 1)]
    lines = ["id,name,email,lms_id", *people]
    (root / "roster.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Course(root)


def _link(at: Path, to: Path) -> None:
    if at.is_symlink() and at.readlink() != to:
        at.unlink()
    if not at.is_symlink() and to.exists():
        if at.exists():
            shutil.rmtree(at) if at.is_dir() else at.unlink()
        at.symlink_to(to)


def fill(course: Course, settings: Settings) -> None:
    """Hands in for most of the class, once: everything right, a part of it, nothing yet."""
    desk = open_desk(course, settings)
    try:
        with desk.database.session() as db:
            sync(db, course)
            if db.scalar(select(Handin).limit(1)) is not None:
                return
            users = db.scalars(
                select(User).where(User.role == "student").order_by(User.login)
            ).all()
            for position, lab in enumerate(course.labs[:2]):
                if not (course.source(lab.name).is_file() and course.release(lab.name).is_file()):
                    continue
                for number, user in enumerate(users[: STUDENTS - 2 - 4 * position]):
                    if number == 0 and position == 0:
                        continue  # the first student's lab is left for whoever looks
                    data = _answers(course, lab, skip=number % 4)
                    found = look(course, data, lab.name)
                    take(desk, db, user, data, f"{lab.name}.ipynb", "page", found)
    finally:
        desk.database.close()


def _answers(course: Course, lab: Lab, skip: int) -> bytes:
    """The release with the reference's answers, the last `skip` exercises left open."""
    source = notebooks.read(course.source(lab.name))
    release = copy.deepcopy(notebooks.read(course.release(lab.name)))
    answers = {
        notebooks.exercise(cell): _MARKS.sub("", cell.source)
        for cell in source.cells
        if notebooks.role(cell) == "answer"
    }
    given = list(answers)
    left = set(given[len(given) - skip :])
    for cell in release.cells:
        name = notebooks.exercise(cell)
        if notebooks.role(cell) == "written":
            cell.source = f"<!-- [{lab.name}:{name}] -->\n{_WRITTEN[skip % len(_WRITTEN)]}"
        elif notebooks.role(cell) == "answer" and name in answers and name not in left:
            cell.source = answers[name]
    return notebooks.dumps(release).encode()


def links(course: Course, settings: Settings, say: Callable[[str], None]) -> None:
    """Fills the class and prints a student's and a TA's sign-in link."""
    fill(course, settings)
    desk = open_desk(course, settings)
    try:
        with desk.database.session() as db:
            student = db.scalar(select(User).where(User.role == "student").order_by(User.login))
            users = [student, add_ta(db, TA, "조교")]
            made = make_links(db, users, settings.address, settings.link_days)
    finally:
        desk.database.close()
    for (user, link), word in zip(made, ("학생", "조교"), strict=True):
        say(f"{word}({user.login})의 로그인 링크: {link}")

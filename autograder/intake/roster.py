"""Who is in the class, and whose hand-in this is.

roster.csv has the columns id, name, email, lms_id; only id is required. A hand-in is matched by
exact keys only: a hand-in without an owner can be given one later, a wrong owner does harm.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from autograder.course import Course, UsageError
from autograder.notebooks import write_text

COLUMNS = ("id", "name", "email", "lms_id")
_HEADINGS = {"학번": "id", "아이디": "id", "이름": "name", "성명": "name", "이메일": "email"}
_SAFE_ID = re.compile(r"[0-9A-Za-z가-힣_@+](?:[0-9A-Za-z가-힣_@+.-]{0,62}[0-9A-Za-z가-힣_@+-])?")


@dataclass(frozen=True)
class Person:
    """One row of the roster."""

    id: str
    name: str = ""
    email: str = ""
    lms_id: str = ""


@dataclass(frozen=True)
class Hint:
    """Something in a file's path that may say whose it is.

    kind `any`: id, LMS id, e-mail address, its local part or name. `lms`: the LMS's own number of
    a student. `name`: a full name. `number` is Moodle's number beside a full name; it tells two
    people of one name apart if the roster has it, and means nothing by itself.
    """

    kind: Literal["any", "lms", "name"]
    text: str
    number: str = ""


def safe_id(text: str) -> str | None:
    """`text` in NFC if it may be a student's id (it names folders), else None."""
    text = unicodedata.normalize("NFC", text)
    return text if _SAFE_ID.fullmatch(text) else None


def _folded(text: str) -> str:
    """For comparison: composed Hangul, no case, no white space."""
    return "".join(unicodedata.normalize("NFC", text).casefold().split())


class Roster:
    """The class list, with an index for every key by which a student can be found."""

    def __init__(self, people: Iterable[Person]) -> None:
        self.people = tuple(people)
        self._index: dict[str, dict[str, list[Person]]] = {
            field: defaultdict(list) for field in ("id", "lms_id", "email", "local", "name")
        }
        for person in self.people:
            for field in COLUMNS:
                if value := getattr(person, field):
                    self._index[field][_folded(value)].append(person)
            if person.email:
                self._index["local"][_folded(person.email.split("@")[0])].append(person)

    @classmethod
    def load(cls, course: Course) -> Roster:
        """The course's roster; an empty one where it has none.

        Raises:
            UsageError: roster.csv is there but wrong.
        """
        return cls(read(course.roster) if course.roster.is_file() else ())

    def __bool__(self) -> bool:
        return bool(self.people)

    def __contains__(self, student: str) -> bool:
        return any(each.id == student for each in self.people)

    def find(self, hints: Iterable[Hint]) -> str | None:
        """The id of the student whom the first hint that fits exactly one student means."""
        for hint in hints:
            if (found := self._one(hint)) is not None:
                return found.id
        return None

    def _one(self, hint: Hint) -> Person | None:
        fields = {
            "any": ("id", "lms_id", "email", "local", "name"),
            "lms": ("lms_id",),
            "name": ("name",),
        }[hint.kind]
        for field in fields:
            found = self._index[field].get(_folded(hint.text), [])
            if len(found) > 1 and hint.number:
                found = [each for each in found if each.lms_id == hint.number]
            if len(found) == 1:
                return found[0]
            if found:  # two of that name: nobody, rather than the wrong one
                return None
        return None


def read(path: Path) -> list[Person]:
    """The rows of a roster file.

    Raises:
        UsageError: the file or one of its rows is wrong; names the line.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}을(를) 읽을 수 없습니다: {error.strerror}") from None
    for encoding in ("utf-8-sig", "cp949"):  # cp949 is what Excel writes on Korean Windows
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise UsageError(f"{path.name}: UTF-8이나 CP949로 저장된 CSV가 아닙니다.")
    return _rows(path.name, text)


def _rows(name: str, text: str) -> list[Person]:
    delimiter = "\t" if "\t" in text.partition("\n")[0] else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    students: list[Person] = []
    seen: dict[str, int] = {}
    lms: dict[str, int] = {}
    try:
        headings = [_heading(cell) for cell in next(reader, [])]
        if "id" not in headings:
            raise UsageError(f"{name}: 첫 줄에 열 이름 id,name,email,lms_id가 있어야 합니다.")
        for row in reader:
            line = reader.line_num
            if not any(cell.strip() for cell in row):
                continue
            if len(row) > len(headings):
                raise UsageError(f"{name} {line}번째 줄: 칸이 열 이름보다 많습니다.")
            fields = dict(zip(headings, (_tidy(cell) for cell in row), strict=False))
            student = Person(**{key: fields.get(key, "") for key in COLUMNS})
            if safe_id(student.id) is None:
                raise UsageError(
                    f"{name} {line}번째 줄: id '{_shown(student.id)}'을(를) 쓸 수 없습니다"
                    " (글자, 숫자, . _ - @ + 만, 64자까지)."
                )
            _once(name, line, "id", student.id, seen)
            _once(name, line, "lms_id", student.lms_id, lms)
            students.append(student)
    except csv.Error as error:
        raise UsageError(
            f"{name} {reader.line_num}번째 줄: CSV가 잘못되었습니다 ({error})."
        ) from None
    if not students:
        raise UsageError(f"{name}: 학생이 한 명도 없습니다.")
    return students


def _once(name: str, line: int, field: str, value: str, seen: dict[str, int]) -> None:
    # Ids that differ in case only would share a folder on macOS and Windows.
    if not value:
        return
    if before := seen.get(_folded(value)):
        raise UsageError(
            f"{name} {line}번째 줄: {field} '{_shown(value)}'이(가) {before}번째 줄에도 있습니다."
        )
    seen[_folded(value)] = line


def _heading(cell: str) -> str:
    tidy = _tidy(cell).casefold().replace(" ", "_")
    return _HEADINGS.get(tidy, tidy)


def _tidy(cell: str) -> str:
    return " ".join(unicodedata.normalize("NFC", cell).split())


def _shown(text: str) -> str:
    return "".join(each if each.isprintable() else "�" for each in text[:40])


def import_roster(course: Course, file: Path) -> int:
    """Checks `file`, makes it the course's roster, and returns the number of students.

    Raises:
        UsageError: the file is wrong; the old roster then stays as it was.
    """
    students = read(file)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([getattr(each, key) for key in COLUMNS] for each in students)
    write_text(course.roster, out.getvalue())
    return len(students)

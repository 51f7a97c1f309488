"""The course as its files describe it: where things lie, which labs there are, this term's rules."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml


class UsageError(Exception):
    """Something on the command line or in a settings file is wrong; shown as one line, exit code 2."""


@dataclass(frozen=True)
class Lab:
    """One lab as course.toml names it. `deadline` has a time zone, or is None.

    `hidden`: when the desk tells of hidden tests, where the lab has a rule of its own.
    """

    name: str
    title: str
    chapter: str
    weight: float
    deadline: datetime | None
    hidden: str = ""


@dataclass(frozen=True)
class Limits:
    """What one submission may use: seconds, megabytes, gigabytes, kilobytes as the names say."""

    call_seconds: float = 10
    cell_seconds: float = 20
    submission_seconds: float = 60
    file_mb: float = 20
    memory_gb: float = 2
    output_kb: float = 256


@dataclass(frozen=True)
class LatePolicy:
    """A late submission loses `percent_per_day` for every day begun; after `days` it counts nothing."""

    percent_per_day: float = 0
    days: int = 0


@dataclass(frozen=True)
class Course:
    """A course directory. Paths are computed here and nowhere else."""

    root: Path

    @classmethod
    def find(cls, start: Path | None = None) -> Course:
        """The course whose folder is `start` (default: the current folder) or one above it.

        Raises:
            UsageError: no course.toml there, or it cannot be read.
        """
        start = (start or Path.cwd()).resolve()
        for folder in (start, *start.parents):
            if (folder / "course.toml").is_file():
                course = cls(folder)
                course.labs  # noqa: B018  a broken course.toml is said at once
                return course
        raise UsageError(f"여기에는 course.toml이 없습니다: {start} (과정 폴더 안에서 실행하세요)")

    @cached_property
    def settings(self) -> dict:
        """course.toml as a dictionary."""
        try:
            return tomllib.loads((self.root / "course.toml").read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"course.toml을 읽을 수 없습니다: {error}") from None

    @cached_property
    def book_config(self) -> dict:
        """_config.yml as a dictionary."""
        return yaml.safe_load((self.root / "_config.yml").read_text(encoding="utf-8"))

    @cached_property
    def timezone(self) -> ZoneInfo:
        """The course's own time zone: deadlines and file dates without a zone are meant in it."""
        return ZoneInfo(self.settings["course"]["timezone"])

    @cached_property
    def labs(self) -> tuple[Lab, ...]:
        """The labs in the order in which they are given."""
        try:
            return tuple(
                Lab(
                    name=entry["name"],
                    title=entry["title"],
                    chapter=entry["chapter"],
                    weight=float(entry.get("weight", 1.0)),
                    deadline=self._moment(entry.get("deadline", "")),
                    hidden=str(entry.get("hidden", "")),
                )
                for entry in self.settings.get("lab", [])
            )
        except (KeyError, TypeError, ValueError) as error:
            raise UsageError(f"course.toml의 [[lab]]이 잘못되었습니다: {error}") from None

    def _moment(self, text: str) -> datetime | None:
        if not text:
            return None
        moment = datetime.fromisoformat(str(text))
        return moment if moment.tzinfo else moment.replace(tzinfo=self.timezone)

    @cached_property
    def limits(self) -> Limits:
        """This term's limits for student code."""
        try:
            return Limits(**self.settings.get("limits", {}))
        except TypeError as error:
            raise UsageError(f"course.toml의 [limits]가 잘못되었습니다: {error}") from None

    @cached_property
    def late(self) -> LatePolicy:
        """This term's rule for late submissions."""
        try:
            return LatePolicy(**self.settings.get("late", {}))
        except TypeError as error:
            raise UsageError(f"course.toml의 [late]가 잘못되었습니다: {error}") from None

    @cached_property
    def attempts(self) -> str:
        """Which of a student's attempts counts: `last` or `best`."""
        found = self.settings["course"].get("attempts", "last")
        if found not in ("last", "best"):
            raise UsageError("course.toml의 attempts는 last나 best입니다")
        return found

    @cached_property
    def db_url(self) -> str:
        """SQLAlchemy address of the gradebook: environment, then course.toml, then SQLite here."""
        return (
            os.environ.get("COURSE_DB_URL")
            or self.settings["course"].get("db_url")
            or f"sqlite:///{self.root / 'gradebook.db'}"
        )

    def lab(self, name: str) -> Lab:
        """The lab called `name`.

        Raises:
            UsageError: no such lab.
        """
        for lab in self.labs:
            if lab.name == name:
                return lab
        known = ", ".join(lab.name for lab in self.labs)
        raise UsageError(f"'{name}'이라는 실습은 없습니다 (있는 실습: {known})")

    def chosen(self, names: list[str] | tuple[str, ...]) -> tuple[Lab, ...]:
        """The labs with these names, in course order; all of them where no name is given."""
        wanted = {self.lab(name).name for name in names}
        return tuple(lab for lab in self.labs if not wanted or lab.name in wanted)

    # Paths. nbgrader_config.py uses the same names.
    def source(self, lab: str) -> Path:
        """The instructor's notebook, with solutions and hidden tests."""
        return self.root / "solutions" / lab / f"{lab}.ipynb"

    def release(self, lab: str) -> Path:
        """The notebook that students get."""
        return self.root / "labs" / lab / f"{lab}.ipynb"

    def past_release(self, lab: str, version: str) -> Path:
        """An earlier release that some student may still be working in."""
        return self.root / "releases" / lab / f"{version}.ipynb"

    @property
    def inbox(self) -> Path:
        """Everything that was ever handed in, as it came."""
        return self.root / "inbox"

    @property
    def roster(self) -> Path:
        """Who is in the class: id, name, email, lms_id. May be missing."""
        return self.root / "roster.csv"

    def submitted(self, student: str, lab: str) -> Path:
        """nbgrader's folder of one submission."""
        return self.root / "submitted" / student / lab

    def autograded(self, student: str, lab: str) -> Path:
        """nbgrader's folder of the graded notebook: for TAs only, hidden tests stand in it."""
        return self.root / "autograded" / student / lab

    @property
    def records(self) -> Path:
        """The folder of all records."""
        return self.root / "records"

    def record(self, student: str, lab: str) -> Path:
        """Our result.json and history.jsonl, which nbgrader does not wipe. For TAs only."""
        return self.records / student / lab

    def feedback(self, student: str, lab: str) -> Path:
        """What the student gets back."""
        return self.root / "feedback" / student / lab

    @property
    def html(self) -> Path:
        """The built book."""
        return self.root / "_build" / "html"

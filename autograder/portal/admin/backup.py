"""`course backup FILE` and `course restore FILE`: all of a class in one file, and back.

The file is a gzipped tar: the course's folders of class data, both databases as SQLite (also where they
are PostgreSQL), the definition of the course, and `manifest.json` with the SHA-256 of everything in it.
Secrets are not in it; sign-in links work again, since their hashes are. Restoring signs everybody out.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import sqlite3
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import create_engine, delete, insert, inspect, make_url, select, text
from sqlalchemy.exc import SQLAlchemyError

from autograder.course import Course, UsageError
from autograder.grading import extensions, record
from autograder.grading.gradebook import copy_gradebook
from autograder.intake.inbox import Inbox
from autograder.portal.db import Database
from autograder.portal.settings import database_url
from autograder.portal.tables import Base, SignedIn

SCHEMA = 1
FOLDERS = ("inbox", "submitted", "autograded", "records", "feedback")
FILES = ("roster.csv", extensions.NAME)
# What an empty folder needs to be the same course again; in a checkout it is there already.
DEFINITION = (
    "course.toml",
    "_config.yml",
    "_toc.yml",
    "nbgrader_config.py",
    "solutions",
    "labs",
    "releases",
)
GRADEBOOK, DESK = "databases/gradebook.sqlite", "databases/desk.sqlite"
WAIT_SECONDS = 120  # for a `course grade` to end


def backup(course: Course, file: Path, say: Callable[[str], None] = print) -> None:
    """Writes everything into `file`, whole or not at all, readable by its owner only.

    The server may go on: hand-ins wait while the files are read, so that all fits together.

    Raises:
        UsageError: the file is there already, or a database cannot be read.
    """
    if file.exists():
        raise UsageError(f"{file}이(가) 이미 있습니다: 다른 이름을 쓰세요")
    if not file.parent.is_dir():
        raise UsageError(f"{file.parent} 폴더가 없습니다")
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "wb") as raw:
            with tarfile.open(fileobj=raw, mode="w:gz", compresslevel=6) as tar:
                count = _write(course, tar)
            raw.flush()
            os.fsync(raw.fileno())
        os.replace(temporary, file)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    say(f"백업: {file} (파일 {count}개, {file.stat().st_size / 2**20:.1f} MB)")


def _write(course: Course, tar: tarfile.TarFile) -> int:
    sums: dict[str, str] = {}

    def add(name: str, content: bytes) -> None:
        about = tarfile.TarInfo(name)
        about.size, about.mode, about.mtime = len(content), 0o600, int(time.time())
        tar.addfile(about, io.BytesIO(content))
        sums[name] = hashlib.sha256(content).hexdigest()

    with _quiet(course), tempfile.TemporaryDirectory(prefix="course-backup-") as folder:
        for name, copied in _databases(course, Path(folder)):
            add(name, copied.read_bytes())
        for name in (*FOLDERS, *FILES):
            for path in _files(course.root / name):
                add(f"class/{path.relative_to(course.root).as_posix()}", path.read_bytes())
        for name in DEFINITION:
            for path in _files(course.root / name):
                add(f"course/{path.relative_to(course.root).as_posix()}", path.read_bytes())
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    about = {"schema": SCHEMA, "course": course.settings["course"]["id"], "made": moment}
    add("manifest.json", json.dumps(about | {"sha256": dict(sums)}, indent=1).encode())
    return len(sums)


@contextmanager
def _quiet(course: Course) -> Iterator[None]:
    """Nobody hands in and nobody grades meanwhile: what is read fits together."""
    with ExitStack() as stack:
        stack.enter_context(Inbox(course).writing())
        end = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                stack.enter_context(record.writing(course))
                break
            except UsageError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.2)
        yield


def _databases(course: Course, folder: Path) -> Iterator[tuple[str, Path]]:
    copied = folder / "gradebook.sqlite"
    copy_gradebook(course, f"sqlite:///{copied}")
    if copied.exists():
        yield GRADEBOOK, copied
    copied = folder / "desk.sqlite"
    source = database_url(course)
    if _is_there(source):
        Database(source).close()  # makes what is missing
        copy_tables(source, f"sqlite:///{copied}")
        yield DESK, copied


def _is_there(url: str) -> bool:
    found = make_url(url)
    return found.get_backend_name() != "sqlite" or Path(found.database or "").is_file()


def _files(path: Path) -> Iterator[Path]:
    """The regular files below a path, in order; no links, no locks, nothing half written."""
    if path.is_file() and not (path.is_symlink() and not path.resolve().is_file()):
        yield path
    elif path.is_dir():
        for each in sorted(path.rglob("*")):
            if each.is_file() and not each.is_symlink() and not each.name.startswith("."):
                yield each


def copy_tables(source: str, target: str) -> None:
    """Copies the desk's tables into a database that has none of their rows yet.

    Raises:
        UsageError: one of both cannot be used.
    """
    old, new = create_engine(source), create_engine(target)
    try:
        Base.metadata.create_all(new)
        with old.connect() as reading, new.begin() as writing:
            there = set(inspect(reading).get_table_names())
            for table in Base.metadata.sorted_tables:
                writing.execute(delete(table))
                if table.name not in there:
                    continue
                rows = [dict(row) for row in reading.execute(select(table)).mappings()]
                if rows:
                    writing.execute(insert(table), rows)
                _count_on(writing, table)
    except SQLAlchemyError as error:
        line = (str(error).splitlines() or [""])[0]
        raise UsageError(f"데스크의 데이터베이스를 옮기지 못했습니다: {line}") from None
    finally:
        old.dispose()
        new.dispose()


def _count_on(connection, table) -> None:
    """PostgreSQL counts its ids itself: it has to go on after the copied ones."""
    if connection.dialect.name == "postgresql" and "id" in table.c:
        name = table.name
        connection.execute(
            text(
                f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), "
                f"GREATEST((SELECT COALESCE(MAX(id), 0) FROM {name}), 1))"
            )
        )


def restore(file: Path, to: Path, say: Callable[[str], None] = print) -> Course:
    """Puts a backup into a folder that holds no class yet: an empty one, or a fresh checkout.

    Returns the course. Nothing is written before all of the file has been checked.

    Raises:
        UsageError: it is no backup, it is damaged, or a class is there already.
    """
    try:
        with tarfile.open(file, "r:gz") as tar:
            about = _checked(tar)
            _refuse_other_class(to)
            _refuse_full_databases(tar, to)
            to.mkdir(parents=True, exist_ok=True)
            has_course = (to / "course.toml").is_file()
            with tempfile.TemporaryDirectory(prefix="course-restore-", dir=to) as folder:
                for member in tar.getmembers():
                    kind, _, name = member.name.partition("/")
                    if kind == "databases":
                        _put(tar, member, Path(folder) / name)
                    elif kind == "class" or (kind == "course" and not has_course):
                        _put(tar, member, to / name)
                course = Course(to)
                _restore_databases(course, Path(folder))
    except (tarfile.TarError, EOFError, OSError) as error:
        raise UsageError(f"{file.name}을(를) 되살리지 못했습니다: {error}") from None
    say(f"되살렸습니다: {to} ({about['made']}의 백업, 파일 {len(about['sha256'])}개)")
    return course


def _checked(tar: tarfile.TarFile) -> dict:
    """The manifest, if every file is there and as it was, and no name leads elsewhere."""
    sums, manifest = {}, None
    for member in tar:
        parts = Path(member.name).parts
        if not member.isfile() or ".." in parts or member.name.startswith("/"):
            raise UsageError(f"백업에 있을 수 없는 것이 들어 있습니다: {member.name}")
        content = tar.extractfile(member).read()
        if member.name == "manifest.json":
            manifest = content
        else:
            sums[member.name] = hashlib.sha256(content).hexdigest()
    try:
        about = json.loads(manifest)
        good = about["schema"] <= SCHEMA and about["sha256"] == sums
    except (TypeError, ValueError, KeyError):
        raise UsageError("이 파일은 course backup이 만든 것이 아닙니다") from None
    if not good:
        raise UsageError("백업이 손상되었거나 더 새로운 판입니다: 아무것도 쓰지 않았습니다")
    return about


def _refuse_other_class(to: Path) -> None:
    names = [name for name in (*FOLDERS, *FILES, "gradebook.db", "desk.db") if (to / name).exists()]
    if names:
        raise UsageError(f"{to}에는 이미 반이 있습니다 ({', '.join(names)}): 빈 폴더에 하세요")


def _refuse_full_databases(tar: tarfile.TarFile, to: Path) -> None:
    """Databases that course.toml, or the environment, has elsewhere: a class may be there."""
    with tempfile.TemporaryDirectory(prefix="course-restore-") as folder:
        if not (to / "course.toml").is_file():
            if "course/course.toml" not in tar.getnames():
                raise UsageError("백업에 course.toml이 없습니다: 과정이 있는 폴더에서 하세요")
            _put(tar, tar.getmember("course/course.toml"), Path(folder) / "course.toml")
            to = Path(folder)
        course = Course(to)
        # Where both are the same, the gradebook's variable moves both.
        addresses = {database_url(course): "COURSE_DESK_DB_URL", course.db_url: "COURSE_DB_URL"}
    for url, variable in addresses.items():
        target = make_url(url)
        if target.get_backend_name() == "sqlite":
            is_full = Path(target.database).exists()
        else:
            engine = create_engine(target)
            try:
                is_full = bool({"course", "desk_users"} & set(inspect(engine).get_table_names()))
            except SQLAlchemyError as error:
                raise UsageError(
                    f"데이터베이스에 닿지 못했습니다: {error}".splitlines()[0]
                ) from None
            finally:
                engine.dispose()
        if is_full:
            name = target.database
            raise UsageError(
                f"데이터베이스 {name}에 이미 반이 있습니다: {variable}에 빈 것을 적으세요"
            )


def _put(tar: tarfile.TarFile, member: tarfile.TarInfo, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_bytes(tar.extractfile(member).read())
    to.chmod(0o644)


def _restore_databases(course: Course, folder: Path) -> None:
    copied = folder / "gradebook.sqlite"
    if copied.is_file():
        _into(copied, course.db_url)
    copied = folder / "desk.sqlite"
    if copied.is_file():
        target = database_url(course)
        copy_tables(f"sqlite:///{copied}", target)
        database = Database(target)
        with database.session() as db:
            db.execute(delete(SignedIn))  # who was signed in on some browser signs in anew
        database.close()


def _into(copied: Path, url: str) -> None:
    """The gradebook's copy into the course's own database."""
    target = make_url(url)
    if target.get_backend_name() == "sqlite":
        with sqlite3.connect(copied) as old, sqlite3.connect(target.database) as new:
            old.backup(new)
        return
    copy_gradebook(_Copied(copied), url)


class _Copied:
    """A gradebook alone, as copy_gradebook reads it."""

    def __init__(self, file: Path) -> None:
        self.db_url = f"sqlite:///{file}"

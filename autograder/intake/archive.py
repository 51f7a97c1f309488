"""SOURCE (a file, a folder, a zip) becomes a stream of things that were handed in.

Nothing is ever written under a name that an archive or a student chose, no link is followed, and
whatever looks dangerous is refused by name while everything beside it goes on.
"""

from __future__ import annotations

import functools
import io
import os
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from autograder.course import Course, UsageError
from autograder.intake.naming import (
    DEEPEST,
    LONGEST_NAME,
    Said,
    by_platform,
    is_one_students,
    read_inside,
    read_path,
)

MAX_ENTRIES = 10_000
MAX_TOTAL = 2 * 2**30  # bytes read out of one archive
MAX_OWN_TOTAL = 200 * 2**20  # out of it for one student, or out of a student's own archive
MAX_ENTRY = 256 * 2**20  # an entry above this is not even unpacked for the inbox
MAX_RATIO = 200  # unpacked : packed, for what is larger than a hand-in may be
MAX_FOLDERS = 20  # one in another, on disk
MAX_DEPTH = 2  # the platform's archive, and a student's own in it

# What reading a broken or hostile zip may raise.
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
    OSError,
    MemoryError,
)
# What systems and editors leave behind. `.rnn.ipynb` may be a hand-in, macOS's `._rnn.ipynb` never.
_JUNK = re.compile(
    r"\._|\.(?!.*\.ipynb$)|~\$|__MACOSX$|Thumbs\.db$|desktop\.ini$|timestamp\.txt$",
    re.IGNORECASE | re.DOTALL,
)
_LINK = "심볼릭 링크입니다. 가리키는 파일이 아니라 파일 자체를 내 주세요."


class Unsafe(Exception):
    """An entry of an archive that is not read; its text is the Korean reason."""


@dataclass(frozen=True)
class Incoming:
    """One thing that was handed in.

    `where` is its place for people to read, `open` gives its bytes, `said` what its path says
    about student and lab. `refused` is the reason why it is not even looked into, or empty.
    """

    name: str
    where: str
    said: Said
    handed_in: datetime
    size: int
    open: Callable[[], BinaryIO]
    refused: str = ""


def incoming(course: Course, source: Path) -> Iterator[Incoming]:
    """Everything in `source`, in the order of its names.

    Raises:
        UsageError: `source` is missing, unreadable or a link.
    """
    try:
        about = source.lstat()
    except (OSError, ValueError):
        raise UsageError(f"{source}이(가) 없거나 읽을 수 없습니다.") from None
    if stat.S_ISLNK(about.st_mode):
        raise UsageError(f"{source}은(는) 링크입니다: 실제 경로를 적으세요.")
    if not os.access(source, os.R_OK):
        raise UsageError(f"{source}을(를) 읽을 권한이 없습니다.")
    reader = _Reader(course, source)
    if stat.S_ISDIR(about.st_mode):
        return reader.folder(source)
    if stat.S_ISREG(about.st_mode):
        return reader.file(source, (source.name,), top=True)
    raise UsageError(f"{source}은(는) 파일도 폴더도 아닙니다.")


def readable_name(name: str) -> str:
    """A name as it may be shown in a terminal or a page: one line, no control characters."""
    text = "".join(each if each.isprintable() else "�" for each in name)
    return text if len(text) <= 160 else f"{text[:100]}…{text[-50:]}"


def is_notebook_name(name: str) -> bool:
    """Also `rnn.ipynb.txt` and `rnn.ipynb.json`, as phones and browsers like to save it."""
    return re.search(r"\.ipynb(\.txt|\.json)?$", name, re.IGNORECASE) is not None


class _Reader:
    """Walks through one SOURCE. Remembers nothing but where it began."""

    def __init__(self, course: Course, source: Path) -> None:
        self.source = source
        self.zone = course.timezone
        self.labs = [lab.name for lab in course.labs]
        self.largest = int(course.limits.file_mb * 2**20)

    # On disk

    def folder(self, folder: Path, depth: int = 0) -> Iterator[Incoming]:
        """Every file below a folder; links are refused, never followed."""
        try:
            if depth > MAX_FOLDERS:
                raise OSError(0, "폴더가 너무 깊습니다")
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            yield self._incoming(
                self._parts(folder),
                datetime.now(UTC),
                b"",
                f"폴더를 열 수 없습니다: {error.strerror}",
            )
            return
        for entry in entries:
            if _is_junk(entry.name):
                continue
            path = Path(entry.path)
            if entry.is_symlink():
                target = os.fsencode(os.readlink(path))
                when = _utc(entry.stat(follow_symlinks=False).st_mtime)
                yield self._incoming(self._parts(path), when, target, _LINK)
            elif entry.is_dir(follow_symlinks=False):
                yield from self.folder(path, depth + 1)
            elif entry.is_file(follow_symlinks=False):
                yield from self.file(path, self._parts(path))
            else:
                yield self._incoming(
                    self._parts(path), datetime.now(UTC), b"", "보통 파일이 아닙니다(장치나 소켓)."
                )

    def _parts(self, path: Path) -> tuple[str, ...]:
        return tuple(
            _nfc(os.fsencode(part).decode("utf-8", "replace"))
            for part in path.relative_to(self.source).parts
        ) or (path.name,)

    def file(self, path: Path, parts: tuple[str, ...], top: bool = False) -> Iterator[Incoming]:
        """One plain file: itself, or what is in it if it is a zip."""
        try:
            about = path.lstat()
            with open_plain(path) as file:
                head = file.read(4)
        except OSError as error:
            reason = f"파일을 열 수 없습니다: {error.strerror}"
            yield self._incoming(parts, datetime.now(UTC), b"", reason)
            return
        # Beside a notebook that a platform filed, timestamp.txt would be the student's own.
        is_nbgraders = path.parent.name in self.labs and not by_platform(parts)
        when = time_of(path) if is_nbgraders else _utc(about.st_mtime)
        if _is_zip(head):
            yield from self.archive(lambda: open_plain(path), () if top else parts, parts, when)
            return
        reason = "" if is_notebook_name(parts[-1]) or top else _not_a_notebook(parts[-1])
        yield Incoming(
            name=readable_name(parts[-1]),
            where=readable_name("/".join(parts)),
            said=read_path(parts, self.labs),
            handed_in=when,
            size=about.st_size,
            open=lambda: open_plain(path),
            refused=reason,
        )

    # In a zip

    def archive(
        self,
        opener: Callable[[], BinaryIO],
        outside: tuple[str, ...],
        shown: tuple[str, ...],
        when: datetime,
        depth: int = 1,
    ) -> Iterator[Incoming]:
        """Every entry of a zip, read within limits; the zip itself if it cannot be read.

        Args:
            opener: opens the zip, each time anew.
            outside: the path around its entries that may say whose they are; nothing for a zip
                that a TA names, which may be called anything.
            shown: the path for people to read.
            when: the date of entries that have none.
            depth: 1 for a zip on disk, 2 for a zip in it.
        """

        def whole(reason: str) -> Incoming:
            with opener() as file:
                size = file.seek(0, io.SEEK_END)
            return Incoming(
                name=readable_name(shown[-1]),
                where=readable_name("/".join(shown)),
                said=read_path(shown, self.labs),
                handed_in=when,
                size=size,
                open=opener,
                refused=reason,
            )

        if depth > MAX_DEPTH:
            yield whole("압축 안의 압축 안에 또 압축이 있습니다. 노트북 파일만 내 주세요.")
            return
        try:
            file = opener()
            archive = zipfile.ZipFile(file)
        except _ZIP_ERRORS:
            yield whole("망가진 zip 파일이라 열 수 없습니다.")
            return
        with file, archive:
            if len(archive.infolist()) > MAX_ENTRIES:
                yield whole(f"zip 안의 파일이 {len(archive.infolist()):,}개나 됩니다.")
                return
            entries = [entry for entry in archive.infolist() if not _is_noise(entry)]
            if not entries:
                yield whole("빈 zip 파일입니다.")
                return
            # In a student's own archive, neither dates nor folders are to be believed.
            own = depth > 1 or bool(outside) and is_one_students(outside, self.labs)
            budget = _Budget()
            for entry in sorted(entries, key=_entry_name):
                yield from self._entry(archive, entry, outside, shown, when, depth, own, budget)

    def _entry(
        self,
        archive: zipfile.ZipFile,
        entry: zipfile.ZipInfo,
        outside: tuple[str, ...],
        shown: tuple[str, ...],
        when: datetime,
        depth: int,
        own: bool,
        budget: _Budget,
    ) -> Iterator[Incoming]:
        name = _entry_name(entry)
        inside = tuple(part for part in name.split("/") if part not in ("", ".", "..")) or (name,)
        parts = outside + inside
        said = read_inside(outside, inside, self.labs) if own else read_path(parts, self.labs)
        made = when if own else self._entry_time(entry) or when

        def result(data: bytes, reason: str) -> Incoming:
            where = "/".join((*shown, name))
            return self._incoming(parts, made, data, reason, where, said)

        try:
            share = "" if own else said.guess or said.hints[0].text
            data, reason = self._read(archive, entry, budget, share)
        except Unsafe as no:
            # What is not unpacked is kept as it stands in the archive, packed.
            yield result(_packed(archive, entry), str(no))
        except _ZIP_ERRORS:
            yield result(_packed(archive, entry), "zip 안에서 망가져 있어 풀 수 없습니다.")
        else:
            if _is_zip(data[:4]) and not reason:
                opener = functools.partial(io.BytesIO, data)
                inner = (*shown, *inside)
                yield from self.archive(opener, parts, inner, made, depth + 1)
            elif not reason and not is_notebook_name(parts[-1]):
                yield result(data, _not_a_notebook(parts[-1]))
            else:
                yield result(data, reason)

    def _read(
        self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, budget: _Budget, share: str
    ) -> tuple[bytes, str]:
        """The entry's bytes, and why it is refused all the same (or nothing).

        Raises:
            Unsafe: it is not to be unpacked.
        """
        size = entry.file_size
        if entry.flag_bits & 1:
            raise Unsafe("암호가 걸린 zip입니다. 암호 없이 내 주세요.")
        if size > self.largest and size > MAX_RATIO * max(entry.compress_size, 1):
            raise Unsafe(f"풀면 {size / 2**20:,.0f} MB가 되는 압축 폭탄으로 보여 풀지 않았습니다.")
        if size > MAX_ENTRY:
            raise Unsafe(f"{size / 2**20:,.0f} MB로 너무 커서 풀지 않았습니다.")
        if not budget.take(size, share):
            raise Unsafe("이 zip을 다 풀면 너무 커져서 여기부터는 풀지 않았습니다.")
        kind = stat.S_IFMT(entry.external_attr >> 16)
        reason = _bad_name(_entry_name(entry))
        if kind == stat.S_IFLNK:
            reason = _LINK
        elif kind not in (0, stat.S_IFREG):
            reason = "보통 파일이 아닙니다(장치나 소켓)."
        return _unpack(archive, entry, size), reason

    def _entry_time(self, entry: zipfile.ZipInfo) -> datetime | None:
        """Zips hold local time without a zone. 1980 is what they say when they know none."""
        try:
            moment = datetime(*entry.date_time, tzinfo=self.zone)
        except ValueError:
            return None
        return moment.astimezone(UTC) if moment.year > 1980 else None

    def _incoming(
        self,
        parts: Sequence[str],
        when: datetime,
        data: bytes,
        reason: str,
        where: str = "",
        said: Said | None = None,
    ) -> Incoming:
        return Incoming(
            name=readable_name(parts[-1]),
            where=readable_name(where or "/".join(parts)),
            said=said or read_path(parts, self.labs),
            handed_in=when,
            size=len(data),
            open=lambda: io.BytesIO(data),
            refused=reason,
        )


class _Budget:
    """How many bytes an archive may still unpack to, in all and of one student's.

    Without the second bound, one student's many large files would leave nothing for the others.
    """

    def __init__(self) -> None:
        self.left = MAX_TOTAL
        self.shares: dict[str, int] = {}

    def take(self, size: int, share: str) -> bool:
        """Takes `size` bytes for the student behind `share` if they are still there."""
        own = self.shares.get(share, MAX_OWN_TOTAL)
        if size > min(own, self.left):
            return False
        self.shares[share] = own - size
        self.left -= size
        return True


def open_plain(path: Path) -> BinaryIO:
    """Opens a file for reading, never through a link.

    Raises:
        OSError: it cannot be opened, or is a link.
    """
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb")


def _is_zip(head: bytes) -> bool:
    return head in (b"PK\x03\x04", b"PK\x05\x06")


def _is_junk(name: str) -> bool:
    return _JUNK.match(name) is not None


def _not_a_notebook(name: str) -> str:
    if re.search(r"\.(7z|rar|tar|t?gz|xz|bz2|alz|egg)$", name, re.IGNORECASE):
        return "이 압축 형식은 열지 않습니다. 노트북 파일(.ipynb)이나 zip으로 내 주세요."
    return "노트북 파일(.ipynb)이 아닙니다."


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def time_of(path: Path) -> datetime:
    """When a file on disk was handed in: as nbgrader noted it beside the file, or its own date."""
    return _nbgrader_time(path) or _utc(path.lstat().st_mtime)


def _nbgrader_time(path: Path) -> datetime | None:
    """The moment in nbgrader's timestamp.txt beside the notebook, if there is one."""
    try:
        with open_plain(path.with_name("timestamp.txt")) as file:
            text = file.read(100).decode("utf-8").strip()
    except (OSError, ValueError):
        return None
    from nbgrader.utils import parse_utc  # imports much: only where there is something to parse

    try:
        return parse_utc(text).replace(tzinfo=UTC) if text else None
    except (ValueError, OverflowError):
        return None


def _entry_name(entry: zipfile.ZipInfo) -> str:
    """The entry's name as its maker saw it, separators as `/`, in NFC."""
    name = entry.orig_filename
    if not entry.flag_bits & 0x800:
        # Without this flag the standard says cp437, but macOS means UTF-8 and Korean Windows cp949.
        try:
            raw = name.encode("cp437")
        except UnicodeEncodeError:
            raw = name.encode("utf-8", "replace")
        for encoding in ("utf-8", "cp949"):
            try:
                name = raw.decode(encoding)
                break
            except UnicodeDecodeError:
                continue
    return _nfc(name.replace("\\", "/"))


def _is_noise(entry: zipfile.ZipInfo) -> bool:
    name = _entry_name(entry)
    parts = name.split("/")
    if _bad_name(name):
        return False
    return name.endswith("/") or any(_is_junk(part) for part in parts if part != ".")


def _bad_name(name: str) -> str:
    """Why an entry called so is refused, or nothing."""
    if "\0" in name:
        return "파일 이름에 NUL 문자가 들어 있습니다."
    if name.startswith("/") or re.match(r"[A-Za-z]:", name):
        return "파일 이름이 절대 경로입니다."
    parts = name.split("/")
    if len(parts) > DEEPEST or max(map(len, parts)) > LONGEST_NAME:
        return "파일 이름이 너무 깁니다."
    if ".." in parts:
        return "파일 이름이 바깥 폴더(..)를 가리킵니다."
    return ""


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limit: int) -> bytes:
    """The entry's bytes, never more than `limit` whatever its header says."""
    with archive.open(entry) as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise Unsafe("적힌 크기보다 커서 풀지 않았습니다.")
    return data


def _packed(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """The entry's local record, header and packed bytes, as it stands in the file."""
    file = archive.fp
    try:
        end = file.seek(0, io.SEEK_END)
        file.seek(entry.header_offset)
        header = file.read(30)
        names = sum(struct.unpack("<HH", header[26:30])) if len(header) == 30 else 0
        return header + file.read(min(names + entry.compress_size, end, MAX_ENTRY))
    except (OSError, ValueError, OverflowError, struct.error):
        return b""

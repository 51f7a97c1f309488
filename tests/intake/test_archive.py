"""intake.archive: whatever the container, each thing in it comes out once, safely."""

from __future__ import annotations

import io
import os
import stat
import struct
import time
import unicodedata
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.course import Course, UsageError
from autograder.intake import archive
from autograder.intake.archive import Incoming, incoming
from tests.intake.sample import make_course

SECRET = b"root:x:0:0"


def entry(name: str, mode: int = 0, date: tuple = (2026, 3, 2, 14, 6, 0)) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, date)
    info.external_attr = mode << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def make_zip(*entries: tuple[zipfile.ZipInfo | str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for info, data in entries:
            file.writestr(entry(info) if isinstance(info, str) else info, data)
    return out.getvalue()


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return make_course(tmp_path / "course")


def taken(course: Course, source: Path) -> dict[str, Incoming]:
    return {each.where: each for each in incoming(course, source)}


def from_zip(course: Course, data: bytes) -> dict[str, Incoming]:
    path = course.root.parent / "in.zip"
    path.write_bytes(data)
    return {where.removeprefix("in.zip/"): each for where, each in taken(course, path).items()}


def content(each: Incoming) -> bytes:
    with each.open() as file:
        return file.read()


def test_a_plain_folder(course, tmp_path):
    folder = tmp_path / "in"
    for name in ("s01/rnn.ipynb", "s02/rnn/rnn.ipynb", "s03_rnn.ipynb", "s04/rnn.ipynb.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (folder / "s02/rnn/timestamp.txt").write_text("2026-03-02 14:05:00 Asia/Seoul\n")
    os.utime(folder / "s01/rnn.ipynb", (1_772_000_000, 1_772_000_000))
    for junk in (".DS_Store", "__MACOSX/._x.ipynb", ".ipynb_checkpoints/rnn.ipynb", "Thumbs.db"):
        (folder / "s01" / junk).parent.mkdir(parents=True, exist_ok=True)
        (folder / "s01" / junk).write_text("junk")
    found = taken(course, folder)
    assert list(found) == [
        "s01/rnn.ipynb",
        "s02/rnn/rnn.ipynb",
        "s03_rnn.ipynb",
        "s04/rnn.ipynb.txt",
    ]
    assert all(content(each).decode() == where for where, each in found.items())
    assert not any(each.refused for each in found.values())
    assert found["s01/rnn.ipynb"].handed_in == datetime.fromtimestamp(1_772_000_000, UTC)
    assert found["s02/rnn/rnn.ipynb"].handed_in == datetime(2026, 3, 2, 5, 5, tzinfo=UTC)


def test_one_file_whatever_it_is_called(course, tmp_path):
    (tmp_path / "homework").write_bytes(b"{}")
    (each,) = taken(course, tmp_path / "homework").values()
    assert not each.refused and content(each) == b"{}"


def test_other_files_are_refused_by_name(course, tmp_path):
    for name in ("report.pdf", "rnn.py", "work.7z"):
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / name).write_bytes(b"x")
    found = taken(course, tmp_path / "in")
    assert "노트북 파일(.ipynb)이 아닙니다" in found["report.pdf"].refused
    assert "노트북 파일(.ipynb)이 아닙니다" in found["rnn.py"].refused
    assert "압축 형식" in found["work.7z"].refused


def test_links_on_disk_are_never_followed(course, tmp_path):
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "rnn.ipynb").write_bytes(SECRET)
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "file.ipynb").symlink_to(secret / "rnn.ipynb")
    (folder / "folder").symlink_to(secret)
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe.ipynb")
    found = taken(course, folder)
    assert set(found) == {"file.ipynb", "folder", "loop", "pipe.ipynb"}
    assert all(each.refused for each in found.values())
    assert "심볼릭 링크" in found["file.ipynb"].refused
    assert content(found["folder"]) == os.fsencode(secret)
    (tmp_path / "in2").symlink_to(folder)
    with pytest.raises(UsageError, match="링크"):
        incoming(course, tmp_path / "in2")


def test_a_file_replaced_by_a_link_while_it_was_looked_at(tmp_path):
    (tmp_path / "secret").write_bytes(SECRET)
    (tmp_path / "rnn.ipynb").symlink_to(tmp_path / "secret")
    with pytest.raises(OSError):
        archive.open_plain(tmp_path / "rnn.ipynb")


def test_a_source_that_is_not_there(course, tmp_path):
    for bad in (tmp_path / "none", Path("a\0b")):
        with pytest.raises(UsageError, match="없거나"):
            incoming(course, bad)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="파일도 폴더도"):
        incoming(course, tmp_path / "pipe")


def test_dates_in_zips_are_in_the_courses_time_zone(course):
    found = from_zip(
        course,
        make_zip(
            ("a.ipynb", b"1"),
            (entry("b.ipynb", date=(1980, 1, 1, 0, 0, 0)), b"2"),
        ),
    )
    assert found["a.ipynb"].handed_in == datetime(2026, 3, 2, 5, 6, tzinfo=UTC)
    assert abs(found["b.ipynb"].handed_in.timestamp() - time.time()) < 60


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../s01/rnn.ipynb", "바깥 폴더"),
        ("s01/../../rnn.ipynb", "바깥 폴더"),
        ("..\\s01\\rnn.ipynb", "바깥 폴더"),
        ("../.ssh/authorized_keys", "바깥 폴더"),
        ("/etc/rnn.ipynb", "절대 경로"),
        ("\\\\server\\rnn.ipynb", "절대 경로"),
        ("C:\\rnn.ipynb", "절대 경로"),
    ],
)
def test_paths_that_lead_outside(course, name, reason):
    found = from_zip(course, make_zip((name, b"bytes"), ("ok/rnn.ipynb", b"good")))
    bad = found.pop(name.replace("\\", "/"))
    assert reason in bad.refused
    assert content(bad) == b"bytes"
    assert [content(each) for each in found.values() if not each.refused] == [b"good"]


def test_a_nul_in_a_name(course):
    data = make_zip(("sXX.ipynb", b"bytes")).replace(b"sXX.ipynb", b"s\0X.ipynb")
    (each,) = from_zip(course, data).values()
    assert "NUL" in each.refused
    assert "\0" not in each.name + each.where


def test_links_and_devices_in_zips(course):
    found = from_zip(
        course,
        make_zip(
            (entry("link.ipynb", stat.S_IFLNK | 0o777), b"/etc/passwd"),
            (entry("pipe.ipynb", stat.S_IFIFO | 0o666), b""),
            (entry("rnn.ipynb", stat.S_IFREG | 0o777), b"good"),
        ),
    )
    assert "심볼릭 링크" in found["link.ipynb"].refused
    assert content(found["link.ipynb"]) == b"/etc/passwd"
    assert "보통 파일" in found["pipe.ipynb"].refused
    assert not found["rnn.ipynb"].refused


def test_bombs_are_not_unpacked(course, monkeypatch):
    bomb = bytes(40 * 2**20)
    found = from_zip(course, make_zip(("bomb.ipynb", bomb), ("rnn.ipynb", b"good")))
    assert "폭탄" in found["bomb.ipynb"].refused
    assert len(content(found["bomb.ipynb"])) < 2**17  # kept as it stood there, packed
    assert not found["rnn.ipynb"].refused
    # Small files that unpack to much are what much printing looks like: not a bomb.
    assert not from_zip(course, make_zip(("rnn.ipynb", bytes(2**19))))["rnn.ipynb"].refused
    monkeypatch.setattr(archive, "MAX_TOTAL", 1000)
    found = from_zip(course, make_zip(("a.ipynb", bytes(900)), ("b.ipynb", bytes(900))))
    assert [bool(each.refused) for each in found.values()] == [False, True]


def test_a_header_that_lies_about_the_size(course):
    data = bytearray(make_zip(("rnn.ipynb", b"x" * 5000)))
    at = data.index(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 10)
    (each,) = from_zip(course, bytes(data)).values()
    assert "망가져" in each.refused and each.size < 5000


def test_encrypted_entries(course):
    data = bytearray(make_zip(("rnn.ipynb", b"secret")))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    (each,) = from_zip(course, bytes(data)).values()
    assert "암호" in each.refused
    assert content(each).startswith(b"PK\x03\x04") and b"rnn.ipynb" in content(each)


def test_broken_and_odd_archives(course, monkeypatch):
    good = make_zip(("rnn.ipynb", b"x" * 500))
    (each,) = from_zip(course, good[:-30]).values()
    assert "망가진 zip" in each.refused and content(each) == good[:-30]
    (each,) = from_zip(course, make_zip()).values()
    assert "빈 zip" in each.refused
    at = 30 + len("rnn.ipynb") + 2  # in the packed bytes
    (each,) = from_zip(course, good[:at] + b"\xff" + good[at + 1 :]).values()
    assert "망가져" in each.refused
    monkeypatch.setattr(archive, "MAX_ENTRIES", 3)
    (each,) = from_zip(course, make_zip(*[(f"{n}.ipynb", b"") for n in range(4)])).values()
    assert "4개나" in each.refused


def test_zips_in_zips(course):
    inner = make_zip(("rnn.ipynb", b"good"), ("../x.ipynb", b"bad"))
    deep = make_zip(("once more.zip", inner))
    found = from_zip(course, make_zip(("s01_rnn.zip", inner), ("s02.zip", deep)))
    assert found["s01_rnn.zip/rnn.ipynb"].refused == ""
    assert found["s01_rnn.zip/rnn.ipynb"].said.guess == "s01"
    assert "바깥 폴더" in found["s01_rnn.zip/../x.ipynb"].refused
    assert "압축 안의 압축" in found["s02.zip/once more.zip"].refused
    assert content(found["s02.zip/once more.zip"]) == inner


def test_names_from_everywhere(course):
    def named(raw: bytes) -> bytes:
        return make_zip(("X" * len(raw), b"1")).replace(b"X" * len(raw), raw)

    for raw in (
        "홍길동_rnn.ipynb".encode("cp949"),  # Korean Windows
        "홍길동_rnn.ipynb".encode(),  # macOS, without the flag
        unicodedata.normalize("NFD", "홍길동_rnn.ipynb").encode(),
    ):
        (each,) = from_zip(course, named(raw)).values()
        assert each.name == "홍길동_rnn.ipynb"
        assert each.said.guess == "홍길동"
    (each,) = from_zip(course, make_zip(("홍길동_rnn.ipynb", b"1"))).values()  # with the flag
    assert each.said.guess == "홍길동"


def test_names_cannot_write_to_the_terminal(course):
    found = from_zip(course, make_zip(("a\x1b[2J\n\u202ernn.ipynb", b"1")))
    (each,) = found.values()
    assert each.name.isprintable() and each.where.isprintable()


ENTRY_NAMES = st.text(
    st.sampled_from("ab/\\.. :~홍_-\x1b\u202e") | st.characters(exclude_categories=["Cs"]),
    min_size=1,
    max_size=20,
)


@pytest.mark.filterwarnings("ignore:Duplicate name")  # after zipfile has shortened them
@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(ENTRY_NAMES, st.binary(max_size=30)), max_size=6, unique_by=lambda each: each[0]
    ),
    st.data(),
)
def test_any_archive_comes_out_or_is_refused(tmp_path_factory, entries, data):
    course = make_course(tmp_path_factory.mktemp("c"))
    made = make_zip(*entries)
    if data.draw(st.booleans()):
        at = data.draw(st.integers(4, len(made) - 1))
        made = made[:at] + data.draw(st.binary(min_size=1, max_size=4)) + made[at + 1 :]
    for each in from_zip(course, made).values():
        assert each.where.isprintable()
        content(each)

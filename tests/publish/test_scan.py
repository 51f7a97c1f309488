"""Each secret, in each form in which it could get out, is found and named."""

from __future__ import annotations

import base64
import bz2
import gzip
import html
import io
import json
import lzma
import pickle
import sqlite3
import tarfile
import zipfile
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from autograder.publish.scan import scan
from autograder.publish.secrets import LONG, secrets
from tests.publish import small

SECRETS = {
    "정답": (small.SOLUTION, "mini: squares의 정답"),
    "숨은 테스트": (small.HIDDEN, "mini: squares의 숨은 테스트"),
    "모범 답안": (small.MODEL, "mini: reflection의 정답"),
    "채점 기준": (small.MARKING, "mini: 채점 기준"),
    "오답": (small.MUTANT, "mini: squares의 오답 skips"),
    "다른 풀이": (small.VARIANT, "mini: squares의 다른 풀이 map"),
    "이름": ("홍길동", "명단 1번째 학생의 이름"),
    "학번": ("20261234", "명단 1번째 학생의 학번"),
    "이메일": ("hong.gildong@example.org", "명단 1번째 학생의 이메일"),
}
LINE, ORIGIN = SECRETS["숨은 테스트"]


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return small.small_course(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def known(course):
    return secrets(course)


def found(folder, known) -> str:
    return "\n".join(map(str, scan(folder, known)))


def test_the_secrets_of_a_course(known):
    texts = {line.text: line.origin for line in known.lines.values()}
    for text, origin in list(SECRETS.values())[:6]:
        assert texts[text].startswith(origin)
    assert small.STUB not in texts  # a mutant repeats the line that every student is given
    assert all(len(" ".join(text.split())) >= LONG for text in texts)
    assert len(known.people) == 7


@pytest.mark.parametrize("kind", SECRETS)
def test_every_kind_of_secret_in_a_chapter(tmp_path, known, kind):
    text, origin = SECRETS[kind]
    (tmp_path / "rnn.md").write_text(f"# 장\n\n    {text}\n", encoding="utf-8")
    said = found(tmp_path, known)
    assert said.startswith((f"rnn.md (3번째 줄): {origin}", f"rnn.md: {origin}"))
    assert text not in said or len(text) < 4


def png(**texts) -> bytes:
    info = PngImagePlugin.PngInfo()
    for name, (text, packed) in texts.items():
        if packed is None:
            info.add_itxt(name, text, zip=True)
        else:
            info.add_text(name, text, zip=packed)
    out = io.BytesIO()
    Image.new("RGB", (4, 4)).save(out, "PNG", pnginfo=info)
    return out.getvalue()


def jpeg(comment: bytes = b"", description: bytes = b"", user_comment: bytes = b"") -> bytes:
    exif = Image.Exif()
    if description:
        exif[0x010E] = description
    if user_comment:
        exif.get_ifd(0x8769)[0x9286] = user_comment
    out = io.BytesIO()
    Image.new("RGB", (4, 4)).save(out, "JPEG", comment=comment, exif=exif)
    return out.getvalue()


def zipped(content: bytes, name: str = "a.txt") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return out.getvalue()


def tarred(content: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        info = tarfile.TarInfo("a/b.py")
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def npz(text: str) -> bytes:
    out = io.BytesIO()
    np.savez_compressed(out, words=np.array([text, "x"]))
    return out.getvalue()


def spans(text: str) -> str:
    """As Pygments colours code: a tag around every word, entities, the line broken in two."""
    words = [f'<span class="n">{html.escape(word)}</span>' for word in text.split(" ")]
    return f"<pre>{' '.join(words[:3])}\n   {' '.join(words[3:])}</pre>"


def book_notebook(change) -> bytes:
    made = small.notebook([small.plain("first", "print(1)"), small.plain("second", "print(2)")])
    change(made.cells[1], made)
    return json.dumps(made, ensure_ascii=True).encode()


def in_stream(cell, made):
    cell.outputs = [{"output_type": "stream", "name": "stdout", "text": [LINE[:20], LINE[20:]]}]


def in_html_output(cell, made):
    data = {"text/html": [spans(LINE)]}
    cell.outputs = [{"output_type": "display_data", "data": data, "metadata": {}}]


def in_picture_output(cell, made):
    picture = base64.encodebytes(png(note=(LINE, True))).decode()
    data = {"image/png": picture}
    cell.outputs = [{"output_type": "display_data", "data": data, "metadata": {}}]


def in_attachment(cell, made):
    cell.attachments = {"a.txt": {"text/plain": base64.b64encode(LINE.encode()).decode()}}


def in_cell_metadata(cell, made):
    cell.metadata["note"] = {"deep": [{"er": LINE}]}


def in_metadata(cell, made):
    made.metadata["widgets"] = {"state": {"1": {"value": f"<b>{html.escape(LINE)}</b>"}}}


def in_source(cell, made):
    cell.source = f"import math\n# {LINE}"


def in_packed_source(cell, made):
    packed = base64.b64encode(zlib.compress(f"한 줄\n{LINE}\n".encode() * 3)).decode()
    lines = "\n".join(f'    "{packed[i : i + 30]}"' for i in range(0, len(packed), 30))
    cell.source = f"DATA = (\n{lines}\n)"


FORMS = {
    "utf16.txt": LINE.encode("utf-16"),
    "cp949.txt": f"한글 {LINE}".encode("cp949"),
    "prefix.py": f"x = 1  # {LINE}  # noqa".encode(),
    "tabs.py": LINE.replace(" ", "\t\t").encode(),
    "repr.py": f"SOURCE = {json.dumps(chr(10) + LINE)}".encode(),
    "page.html": spans(LINE).encode(),
    "attribute.html": f'<img alt="{html.escape(LINE)}">'.encode(),
    "comment.html": f"<!-- {LINE} -->".encode(),
    "script.html": f'<script type="application/json">{json.dumps([spans(LINE)])}</script>'.encode(),
    "data.html": b'<img src="data:image/png;base64,' + base64.b64encode(png(a=(LINE, True))) + b'">',
    "picture.svg": f"<svg><text>{html.escape(LINE)}</text></svg>".encode(),
    "text.png": png(Comment=(LINE, False)),
    "ztxt.png": png(Comment=(LINE, True)),
    "itxt.png": png(Description=(LINE, None)),
    "behind.png": png() + zlib.compress(LINE.encode()),
    "zip-behind.png": png() + zipped(LINE.encode()),
    "comment.jpg": jpeg(comment=LINE.encode()),
    "exif.jpg": jpeg(description=LINE.encode()),
    "user-comment.jpg": jpeg(user_comment=b"UNICODE\0" + LINE.encode("utf-16-le")),
    "behind.jpg": jpeg() + gzip.compress(LINE.encode()),
    "a.zip": zipped(LINE.encode()),
    "zip-in-zip.zip": zipped(zipped(LINE.encode(), "b.txt"), "inner.zip"),
    "a.txt.gz": gzip.compress(LINE.encode()),
    "a.bz2": bz2.compress(LINE.encode()),
    "a.xz": lzma.compress(LINE.encode()),
    "a.bin": zlib.compress(LINE.encode()),
    "a.tar.gz": tarred(LINE.encode()),
    "base64.txt": b"see: " + base64.b64encode(LINE.encode() * 2),
    "wrapped.txt": base64.encodebytes(gzip.compress(LINE.encode() * 2)),
    "url.txt": base64.urlsafe_b64encode(zlib.compress(LINE.encode())),
    "hex.txt": LINE.encode().hex().encode(),
    "a.pkl": pickle.dumps({"tests": [LINE]}),
    "a.npz": npz(LINE),
    "stream.ipynb": book_notebook(in_stream),
    "html.ipynb": book_notebook(in_html_output),
    "picture.ipynb": book_notebook(in_picture_output),
    "attachment.ipynb": book_notebook(in_attachment),
    "cell-metadata.ipynb": book_notebook(in_cell_metadata),
    "metadata.ipynb": book_notebook(in_metadata),
    "source.ipynb": book_notebook(in_source),
    "packed.ipynb": book_notebook(in_packed_source),
    "notebook.zip": zipped(book_notebook(in_attachment), "x.ipynb"),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_a_hidden_test_in_every_form(tmp_path, known, name):
    (tmp_path / name).write_bytes(FORMS[name])
    said = found(tmp_path, known)
    assert said.startswith(f"{name} ("), said
    assert ORIGIN in said
    assert LINE not in said


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("stream.ipynb", "셀 1(second) 출력"),
        ("attachment.ipynb", "셀 1(second) 붙임 파일"),
        ("cell-metadata.ipynb", "셀 1(second) 메타데이터"),
        ("source.ipynb", "셀 1(second) 2번째 줄"),
        ("metadata.ipynb", "노트북의 메타데이터"),
        ("ztxt.png", "그림의 메타데이터 Comment"),
        ("a.tar.gz", "a/b.py"),
    ],
)
def test_the_place_is_named(tmp_path, known, name, place):
    (tmp_path / name).write_bytes(FORMS[name])
    assert place in found(tmp_path, known)


@pytest.mark.parametrize("mark", ["### BEGIN SOLUTION", "    ### BEGIN HIDDEN TESTS"])
def test_marks_left_in_a_notebook(tmp_path, known, mark):
    made = small.notebook([small.plain("a", f"x = 1\n{mark}\ny = 2")])
    (tmp_path / "a.ipynb").write_text(json.dumps(made), encoding="utf-8")
    (tmp_path / "guide.md").write_text(f"`{mark.strip()}` 표시", encoding="utf-8")
    assert [leak.path for leak in scan(tmp_path, known)] == ["a.ipynb"]


@pytest.mark.parametrize(
    "name",
    [
        "gradebook.db", "book/x.sqlite", "book/roster.csv", "book/grades-canvas.csv",
        "solutions/rnn/x.txt", "tests/mutants/x.py", "book/mutants/x.py", "submitted/s/x.txt",
        "autograded/s/x.txt", "inbox/x/record.json", "records/s/x.json", "labs/rnn/MARKING.md",
    ],
)  # fmt: skip
def test_files_that_are_secret_as_such(tmp_path, known, name):
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text("아무 글", encoding="utf-8")
    assert [leak.path for leak in scan(tmp_path, known)] == [name]


def test_a_database_by_another_name(tmp_path, known):
    with sqlite3.connect(tmp_path / "plot.png") as database:
        database.execute("create table t (a)")
    assert "데이터베이스" in found(tmp_path, known)


def test_whole_files_of_the_course_by_another_name(tmp_path, course, known):
    (tmp_path / "a.txt").write_bytes((course.root / "tests/mutants/mini.py").read_bytes())
    (tmp_path / "b.txt").write_bytes((course.root / "roster.csv").read_bytes())
    said = found(tmp_path, known)
    assert "a.txt: mini: mini.py 그대로" in said and "b.txt: 명단 그대로" in said


def test_names_and_links(tmp_path, known):
    (tmp_path / "20261234.txt").write_text("", encoding="utf-8")
    (tmp_path / "link").symlink_to("/etc/passwd")
    (tmp_path / "folder").symlink_to("/etc")
    assert {leak.path for leak in scan(tmp_path, known)} == {"20261234.txt", "link", "folder"}


def test_what_cannot_be_looked_into_is_a_leak(tmp_path, known):
    content = bytearray(zipped(b"x"))
    content[6] |= 1  # says that it is encrypted
    content[content.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(content)
    deep = b"x" * 100
    for _ in range(10):
        deep = zlib.compress(deep)
    (tmp_path / "b.bin").write_bytes(deep)
    (tmp_path / "c.zip").write_bytes(b"PK\x03\x04 broken")
    assert {leak.path for leak in scan(tmp_path, known)} == {"a.zip", "b.bin", "c.zip"}
    assert "살펴볼 수 없습니다" in found(tmp_path, known)


def test_people_are_words_not_letters(tmp_path, known):
    text = "s012 xs01 s01_a 120261234 https://x.org/20261234567 남홍길동 s01x"
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    assert scan(tmp_path, known) == []
    for number, text in enumerate(
        ["홍길동이 씀", "(s01은", "S01", "id=20261234&", "s01@EXAMPLE.org"]
    ):
        (tmp_path / f"b{number}.txt").write_text(text, encoding="utf-8")
    assert {leak.path for leak in scan(tmp_path, known)} == {f"b{n}.txt" for n in range(5)}


def test_short_names_and_numbers_are_ordinary_words(tmp_path):
    course = small.small_course(tmp_path / "course")
    rows = "id,name,email,lms_id\n12,이산,,\n,Kim,,\n"
    course.roster.write_text(rows, encoding="utf-8")
    assert secrets(course).people == []


def test_a_short_id_in_a_pictures_pixels_is_chance_and_in_its_metadata_a_leak(tmp_path):
    course = small.small_course(tmp_path / "course")
    course.roster.write_text("id,name,email,lms_id\ns05,,,\n", encoding="utf-8")
    known = secrets(course)
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "a.png").write_bytes(png() + b"\x00\xd4 s05 \x9a\x00")
    (tree / "b.bin").write_bytes(bytes(range(256)) + b" s05 " + bytes(range(256)))
    assert scan(tree, known) == []
    (tree / "c.png").write_bytes(png(Author=("s05", False)))
    assert [leak.path for leak in scan(tree, known)] == ["c.png"]


def test_students_without_a_roster_are_known_by_their_hand_ins(tmp_path):
    course = small.small_course(tmp_path / "course")
    course.roster.unlink()
    (course.root / "submitted" / "g2026-77" / "mini").mkdir(parents=True)
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "a.md").write_text("g2026-77의 답", encoding="utf-8")
    assert "제출한 학생의 학번" in found(tree, secrets(course))


def test_a_clean_tree_of_every_form_passes(tmp_path, known):
    clean = (
        "assert squares([1, 2]) == 5  # 공개된 줄은 얼마든지 길어도 괜찮습니다. 비밀이 아닙니다."
    )
    (tmp_path / "a.md").write_text(f"{clean}\n{small.STUB}\nprint(3)", encoding="utf-8")
    (tmp_path / "a.zip").write_bytes(zipped(clean.encode()))
    (tmp_path / "a.png").write_bytes(png(Software=("Matplotlib", True)))
    (tmp_path / "a.jpg").write_bytes(jpeg(comment=b"made with care"))
    (tmp_path / "a.npz").write_bytes(npz("word"))
    (tmp_path / "a.ipynb").write_bytes(book_notebook(lambda cell, made: None))
    (tmp_path / "a.bin").write_bytes(bytes(range(256)) * 50)
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "x").write_text(LINE, encoding="utf-8")
    assert scan(tmp_path, known) == []


MAGIC = [b"", b"PK\x03\x04", b"\x1f\x8b", b"\x89PNG\r\n\x1a\n", b"\xff\xd8", b"%PDF-stream\n"]
MAGIC += [b"BZh9", b"\xfd7zXZ", b"x\x9c", b'{"cells": [']


@given(content=st.binary(max_size=400), magic=st.sampled_from(MAGIC))
def test_no_bytes_stop_the_search(tmp_path_factory, known, content, magic):
    folder = tmp_path_factory.mktemp("any")
    (folder / "a").write_bytes(magic + content)
    (folder / "b.txt").write_text(LINE, encoding="utf-8")
    assert "b.txt" in {leak.path for leak in scan(folder, known)}

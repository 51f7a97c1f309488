"""A file's bytes, whatever its form, as the pieces of text that stand in it.

Knows text in several encodings, notebooks, pictures with their metadata, archives, compressed and
base64-coded parts, one inside the other. What cannot be looked into (encrypted, too deep, too big)
is said, never passed over. What a picture *shows* is not read.
"""

from __future__ import annotations

import base64
import binascii
import bz2
import io
import json
import lzma
import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

DEPTH = 6
MOST_BYTES = 300 * 2**20  # unpacked, of one file
_PLAIN_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_BLOB = re.compile(
    r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{16,}={0,2}"
    r"(?:(?:[\"'\s,()]|\\n|\\){1,60}[A-Za-z0-9+/_-]+={0,2})*"
)
_HEX = re.compile(r"(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{2}){40,}(?![0-9A-Fa-f])")
_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)
_SHORTEST_BLOB = 60


@dataclass(frozen=True)
class Piece:
    """A text and its place in the file, for example `셀 3(bptt) 출력`.

    `is_cell` marks the source of a notebook's cell. `noise` is a binary file read as text: anything
    short stands in it by chance. In a `raw` reading of it there is no markup to be undone.
    `opaque` pieces have no text: `where` could not be looked into.
    """

    where: str
    text: str
    is_cell: bool = False
    noise: bool = False
    raw: bool = False
    opaque: bool = False


class _Budget:
    """Bytes that may still be unpacked from one file."""

    def __init__(self) -> None:
        self.left = MOST_BYTES

    def take(self, size: int) -> bool:
        self.left -= size
        return self.left >= 0


def pieces(content: bytes) -> Iterator[Piece]:
    """The pieces of one file."""
    yield from _bytes(content, "", 0, _Budget())


def _bytes(content: bytes, where: str, depth: int, budget: _Budget) -> Iterator[Piece]:
    if not content:
        return
    if depth > DEPTH or not budget.take(len(content)):
        yield Piece(where, "", opaque=True)
        return
    below = depth + 1
    packed = _decompressed(content, budget)
    if packed is not None:
        yield from _bytes(packed, f"{where} 압축 안", below, budget)
        return
    if content[257:262] == b"ustar":
        yield from _tar(content, where, below, budget)
        return
    if content[:2] == b"PK" or (b"PK\x05\x06" in content and _is_zip(content)):
        yield from _zip(content, where, below, budget)
        if content[:2] == b"PK":
            return
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        yield from _png(content, where, below, budget)
    elif content.startswith(b"\xff\xd8"):
        end = content.rfind(b"\xff\xd9")
        yield from _bytes(content[end + 2 :] if end > 0 else b"", f"{where} 그림 뒤", below, budget)
    elif content.startswith(b"%PDF"):
        for stream in _STREAM.findall(content):
            if (text := _inflate(stream.strip(b"\r\n"), budget)) is not None:
                yield from _bytes(text, f"{where} PDF 안", below, budget)
    text = _as_text(content)
    if text is None:
        yield from _noise(content, where)
    else:
        yield from _text(text, where, below, budget)


# Text


def _as_text(content: bytes) -> str | None:
    """The text of a text file; None for anything else."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif b"\0" in content[:4096]:
        return None
    else:
        encodings = ["utf-8-sig", "cp949"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if len(_PLAIN_CONTROL.findall(text[:4096])) > 8 else text
    return None


def _noise(content: bytes, where: str) -> Iterator[Piece]:
    """Every reading of a binary file in which a text could show: metadata, comments, strings."""
    where = where or "파일 안"
    yield Piece(where, content.decode("utf-8", "replace"), noise=True)
    yield Piece(where, content.decode("cp949", "replace"), noise=True, raw=True)
    wide = [("utf-16-le", 2), ("utf-16-be", 2)]
    if content.count(0) > len(content) / 4:
        wide += [("utf-32-le", 4), ("utf-32-be", 4)]
    for encoding, width in wide:
        for offset in range(width):
            yield Piece(where, content[offset:].decode(encoding, "replace"), noise=True, raw=True)


def _text(text: str, where: str, depth: int, budget: _Budget) -> Iterator[Piece]:
    if text.lstrip()[:1] == "{" and '"cells"' in text:
        try:
            notebook = json.loads(text)
        except (ValueError, RecursionError):
            notebook = None
        if isinstance(notebook, dict) and isinstance(notebook.get("cells"), list):
            yield from _notebook(notebook, where, depth, budget)
            return
    yield Piece(where, text)
    yield from _coded(text, where, depth, budget)


def _coded(text: str, where: str, depth: int, budget: _Budget) -> Iterator[Piece]:
    """What stands in base64 or hex within a text, wrapped over lines or not."""
    for found in _BLOB.finditer(text):
        if len(found[0]) < _SHORTEST_BLOB:
            continue
        for candidate in _base64_readings(found[0]):
            if _is_something(candidate):
                yield from _bytes(candidate, f"{where} base64 안", depth, budget)
                break
    for found in _HEX.finditer(text):
        content = bytes.fromhex(found[0])
        if _is_something(content):
            yield from _bytes(content, f"{where} 16진수 안", depth, budget)


def _base64_readings(text: str) -> Iterator[bytes]:
    """The run decoded as one blob, then each of its parts by itself."""
    parts = re.findall(r"[A-Za-z0-9+/_-]+={0,2}", text.replace("\\n", " ").replace("\\", " "))
    for candidate in ("".join(parts), *(p for p in parts if len(p) >= _SHORTEST_BLOB)):
        clean = candidate.replace("-", "+").replace("_", "/").replace("=", "")
        clean = clean[: len(clean) // 4 * 4 + (len(clean) % 4 if len(clean) % 4 > 1 else 0)]
        try:
            yield base64.b64decode(clean + "=" * (-len(clean) % 4), validate=True)
        except (binascii.Error, ValueError):
            continue


def _is_something(content: bytes) -> bool:
    """Whether decoded bytes are a known form or a text, and not the noise of a word mistaken for a code."""
    magic = (b"\x89PNG", b"\xff\xd8", b"GIF8", b"RIFF", b"PK", b"\x1f\x8b", b"BZh", b"\xfd7zXZ")
    if content.startswith((*magic, b"%PDF", b"SQLite", b"\x80\x04", b"\x80\x05", b"\x93NUMPY")):
        return True
    if _looks_deflated(content):
        return True
    text = _as_text(content)
    return text is not None and len(_PLAIN_CONTROL.findall(text)) == 0


# Notebooks


def _notebook(notebook: dict, where: str, depth: int, budget: _Budget) -> Iterator[Piece]:
    for number, cell in enumerate(notebook["cells"]):
        if not isinstance(cell, dict):
            yield from _leaves(cell, f"{where} 셀 {number}", depth, budget)
            continue
        place = f"{where} 셀 {number}({cell.get('id') or '?'})"
        yield Piece(place, _joined(cell.get("source", "")), is_cell=True)
        yield from _coded(_joined(cell.get("source", "")), place, depth, budget)
        words = {"outputs": "출력", "attachments": "붙임 파일", "metadata": "메타데이터"}
        for key, value in cell.items():
            if key not in ("source", "cell_type"):
                yield from _leaves(value, f"{place} {words.get(key, key)}", depth, budget)
    rest = {key: value for key, value in notebook.items() if key != "cells"}
    yield from _leaves(rest, f"{where} 노트북의 메타데이터", depth, budget)


def _joined(source: object) -> str:
    return "".join(map(str, source)) if isinstance(source, list) else str(source)


def _leaves(value: object, where: str, depth: int, budget: _Budget) -> Iterator[Piece]:
    """Every text in a piece of JSON; nbformat's lists of lines are joined."""
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        value = "".join(value)
    if isinstance(value, str):
        # A text output may itself be base64 of a picture, or hold a notebook: as any other text.
        yield from _text(value, where, depth, budget)
    elif isinstance(value, dict):
        for key, each in value.items():
            yield Piece(where, str(key))
            yield from _leaves(each, where, depth, budget)
    elif isinstance(value, list):
        for each in value:
            yield from _leaves(each, where, depth, budget)


# Pictures and archives


def _png(content: bytes, where: str, depth: int, budget: _Budget) -> Iterator[Piece]:
    """Compressed texts of a PNG, and what stands behind its end; the rest is found as noise."""
    position = 8
    while position + 8 <= len(content):
        size, kind = struct.unpack_from(">I4s", content, position)
        data = content[position + 8 : position + 8 + size]
        position += 12 + size
        if kind in (b"zTXt", b"iTXt", b"iCCP"):
            keyword, _, rest = data.partition(b"\0")
            if kind == b"iTXt":
                flag, rest = rest[:1], rest[2:].split(b"\0", 2)[-1]
                packed = flag == b"\1"
            else:
                packed, rest = True, rest[1:]
            text = _inflate(rest, budget) if packed else rest
            place = f"{where} 그림의 메타데이터 {keyword.decode('latin-1')}"
            if text is None:
                yield Piece(place, "", opaque=True)
            else:
                yield from _bytes(text, place, depth, budget)
        elif kind == b"tEXt":
            keyword, _, rest = data.partition(b"\0")
            yield from _bytes(
                rest, f"{where} 그림의 메타데이터 {keyword.decode('latin-1')}", depth, budget
            )
        elif kind == b"IEND":
            yield from _bytes(content[position:], f"{where} 그림 뒤", depth, budget)
            return


def _is_zip(content: bytes) -> bool:
    return zipfile.is_zipfile(io.BytesIO(content))


def _zip(content: bytes, where: str, depth: int, budget: _Budget) -> Iterator[Piece]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield Piece(f"{where} zip", archive.comment.decode("utf-8", "replace"))
            for info in archive.infolist():
                place = f"{where} zip 안 {info.filename}"
                yield Piece(place, info.filename)
                if info.flag_bits & 1 or not budget.take(0) or info.file_size > budget.left:
                    yield Piece(place, "", opaque=True)
                    continue
                with archive.open(info) as file:
                    inside = file.read(max(budget.left, 0) + 1)
                yield from _bytes(inside, place, depth, budget)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, zlib.error, EOFError):
        yield Piece(f"{where} zip", "", opaque=True)


def _tar(content: bytes, where: str, depth: int, budget: _Budget) -> Iterator[Piece]:
    try:
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            for member in archive:
                place = f"{where} tar 안 {member.name}"
                yield Piece(place, f"{member.name} {member.linkname} {member.uname}")
                if member.isfile():
                    file = archive.extractfile(member)
                    yield from _bytes(file.read() if file else b"", place, depth, budget)
    except (tarfile.TarError, OSError, EOFError):
        yield Piece(f"{where} tar", "", opaque=True)


def _looks_deflated(content: bytes) -> bool:
    return (
        len(content) > 8
        and content[0] & 0x8F == 0x08
        and content[0] >> 4 <= 7
        and not (content[0] << 8 | content[1]) % 31
    )


def _decompressed(content: bytes, budget: _Budget) -> bytes | None:
    """The content of a gzip, bzip2, xz or zlib stream, at most what the budget allows; else None."""
    try:
        if content.startswith(b"\x1f\x8b"):
            return zlib.decompressobj(31).decompress(content, max(budget.left, 0) + 1)
        if content.startswith(b"BZh"):
            return bz2.BZ2Decompressor().decompress(content, max(budget.left, 0) + 1)
        if content.startswith(b"\xfd7zXZ"):
            return lzma.LZMADecompressor().decompress(content, max(budget.left, 0) + 1)
    except (zlib.error, OSError, lzma.LZMAError, ValueError):
        return None
    return _inflate(content, budget) if _looks_deflated(content) else None


def _inflate(content: bytes, budget: _Budget) -> bytes | None:
    try:
        return zlib.decompressobj().decompress(content, max(budget.left, 0) + 1)
    except zlib.error:
        return None

"""Looks for the course's secrets in every file of a tree, whatever its form."""

from __future__ import annotations

import hashlib
import html
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from autograder.publish.forms import Piece, pieces
from autograder.publish.secrets import Line, Secrets, squeeze

MOST_PER_FILE = 20
_SURE = 6  # bytes: a shorter id stands in a compressed picture by chance
_SHOWN = 16  # letters of a secret line that a message shows
_TAG = re.compile(r"<[^<>]*>")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([nrtbf\"'\\/]))")
_PLAIN = {"n": "\n", "r": "\n", "t": "\t", "b": " ", "f": " "}
_MARK = re.compile(r"^\s*#+\s*(BEGIN|END) (SOLUTION|HIDDEN TESTS|MARK SCHEME)", re.MULTILINE)
_BLOB = re.compile(r"[A-Za-z0-9+/=]{200,}")
_WORD = re.compile(r"\w+")
# Files that are secret as such, by their name or by the folder at the top of the tree.
_NAMES = re.compile(
    r"\.(db|sqlite3?)(-\w+)?$|^roster.*\.csv$|^grades.*\.csv$|^gradebook|^MARKING", re.I
)
_FOLDERS = {"solutions", "submitted", "autograded", "inbox", "records", "feedback"}
_FOLDERS |= {"feedback-nbgrader", "autograder", "tests"}


@dataclass(frozen=True)
class Leak:
    """Something secret: in which file, where in it, and what it is. Never the secret itself."""

    path: str
    where: str
    what: str

    def __str__(self) -> str:
        place = f" ({self.where})" if self.where else ""
        return f"{self.path}{place}: {self.what}"


def scan(tree: Path, secrets: Secrets) -> list[Leak]:
    """Every leak in `tree` (its `.git` apart), files in order of name.

    Links are leaks: what they lead to is not looked at. So is what cannot be looked into.
    """
    search = _Search(secrets)
    seen: dict[str, list[tuple[str, str]]] = {}
    found: list[Leak] = []
    for path in _files(tree):
        name = path.relative_to(tree).as_posix()
        if path.is_symlink():
            found.append(Leak(name, "", "링크는 내보내지 않습니다"))
            continue
        found += [Leak(name, "파일 이름", what) for what in _by_name(name)]
        found += [Leak(name, "파일 이름", what) for what in search.in_name(name)]
        content = path.read_bytes()
        key = hashlib.sha256(content).hexdigest()
        if key not in seen:
            seen[key] = list(search.in_bytes(content, key))
        hits = seen[key]
        found += [Leak(name, where, what) for where, what in hits[:MOST_PER_FILE]]
        if len(hits) > MOST_PER_FILE:
            found.append(Leak(name, "", f"그 밖에 {len(hits) - MOST_PER_FILE}건"))
    return found


def _files(tree: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(tree):
        if Path(folder) == tree and ".git" in folders:
            folders.remove(".git")
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        folders[:] = sorted(set(folders) - set(links))
        for name in sorted([*names, *links]):
            if not (Path(folder) == tree and name == ".git"):
                yield Path(folder) / name


def _by_name(name: str) -> Iterator[str]:
    parts = name.split("/")
    if parts[0] in _FOLDERS and len(parts) > 1:
        yield f"{parts[0]}/의 파일은 내보내지 않습니다"
    elif "mutants" in parts[:-1]:
        yield "mutants/의 파일은 내보내지 않습니다"
    elif _NAMES.search(parts[-1]):
        yield "이런 이름의 파일은 내보내지 않습니다"


class _Search:
    """The secrets, arranged so that a text is looked through quickly."""

    def __init__(self, secrets: Secrets) -> None:
        self.secrets = secrets
        self.lines = list(secrets.lines.values())

    def in_name(self, name: str) -> Iterator[str]:
        """Secrets in a file's name."""
        for _, what in self._in_piece(Piece("", name.replace("/", "\n"))):
            yield what

    def in_bytes(self, content: bytes, sha256: str) -> Iterator[tuple[str, str]]:
        """(where, what) for every secret of one file, each once."""
        if sha256 in self.secrets.files:
            yield "", f"{self.secrets.files[sha256]} 그대로입니다"
        if content.startswith(b"SQLite format 3\0"):
            yield "", "데이터베이스는 내보내지 않습니다"
        told: set[str] = set()
        for piece in pieces(content):
            for where, what in self._in_piece(piece):
                if what not in told:
                    told.add(what)
                    yield where, what

    def _in_piece(self, piece: Piece) -> Iterator[tuple[str, str]]:
        where = piece.where.strip()
        if piece.opaque:
            yield where, "안을 살펴볼 수 없습니다"
            return
        if piece.is_cell and (mark := _MARK.search(piece.text)):
            yield where, f"`### {mark[1]} {mark[2]}` 표시가 남아 있습니다"
        for view in views(piece):
            words = set(_WORD.findall(view))
            candidates = [line for line in self.lines if line.inner_words <= words]
            if candidates:
                text = squeeze(view)
                for line in candidates:
                    if line.squeezed in text:
                        yield _place(where, piece.text, line), _what(line)
            least = _SURE if piece.noise else 0
            yield from ((where, what) for what in self._people_in(view, words, least))

    def _people_in(self, view: str, words: set[str], least: int) -> Iterator[str]:
        if not self.secrets.people:
            return
        plain: str | None = None
        low = {part for word in words for part in _latin(word)}
        starts = {word[:size] for word in words for size in (1, 2, 3, 4)}
        for person in self.secrets.people:
            if person.size < least or not (person.words <= low and person.start in starts | {""}):
                continue
            # A blob of base64 holds any short id by chance; it is looked into by itself.
            plain = _BLOB.sub(" ", view) if plain is None else plain
            if person.pattern.search(plain):
                yield person.origin


def _latin(word: str) -> list[str]:
    return re.findall(r"[0-9a-z_]+", word.lower())


def _place(where: str, text: str, line: Line) -> str:
    """`where`, with the number of the line at which the secret begins."""
    lines = text.splitlines()
    for number, each in enumerate(lines, 1):
        if any(line.squeezed in squeeze(view) for view in views(Piece("", each))):
            return f"{where} {number}번째 줄".strip()
    for number in range(1, len(lines)):  # broken in two or three
        window = Piece("", "\n".join(lines[number - 1 : number + 2]))
        if any(line.squeezed in squeeze(view) for view in views(window)):
            return f"{where} {number}번째 줄부터".strip()
    return where or "파일 안"


def _what(line: Line) -> str:
    return f"{line.origin} — `{line.text[:_SHOWN]}…`"


def views(piece: Piece) -> list[str]:
    """The text itself, and as it reads when tags, entities, escapes and %-codes are undone."""
    text = piece.text
    if piece.raw:
        return [text]
    found = [text]
    if "<" in text or "&" in text:
        found += [html.unescape(text), _without_tags(text)]
    if "\\" in text:
        plain = _ESCAPE.sub(_unescaped, text)
        found += [plain, _without_tags(plain)] if "<" in plain or "&" in plain else [plain]
    if "%" in text:
        found.append(unquote(text))
    return list(dict.fromkeys(found))


def _without_tags(text: str) -> str:
    return html.unescape(html.unescape(_TAG.sub("", text)))


def _unescaped(found: re.Match) -> str:
    code = found[1] or found[2]
    if code:
        return chr(int(code, 16))
    return _PLAIN.get(found[3], found[3])

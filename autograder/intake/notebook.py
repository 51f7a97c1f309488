"""Hostile bytes in, a small clean notebook out.

Nothing of a hand-in is believed but the text of its cells and the few names that help to find out
which cell is which. Outputs, attachments, points, tags and kernels never get past this file.
"""

from __future__ import annotations

import json
import re
from collections import Counter

from nbformat import NotebookNode

from autograder.course import Limits
from autograder.intake.refused import Refused
from autograder.notebooks import marker

MAX_CELLS = 2_000
_CELL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SHORT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
# Neither can be written as UTF-8 source code: half a character pair, and NUL.
_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")


def parse(data: bytes, limits: Limits) -> NotebookNode:
    """The cells of a handed-in notebook, without anything that could do harm.

    Args:
        data: the file as it came.
        limits: `limits.file_mb` is the largest size that is read.

    Returns:
        A valid notebook of nbformat 4.5. A cell has its type, its text, a unique id, and in its
        metadata at most `nbgrader.grade_id` and, where the id had to change, the old one as `id`.
        The notebook's metadata has at most `course.lab` and `course.release`.

    Raises:
        Refused: it is no notebook that can be read; nothing else is ever raised.
    """
    if len(data) > limits.file_mb * 2**20:
        raise Refused(too_big(len(data), limits))
    try:
        return _clean(_load(data))
    except (RecursionError, MemoryError):
        raise Refused("노트북의 구조가 지나치게 깊거나 커서 읽을 수 없습니다.") from None


def too_big(size: int, limits: Limits) -> str:
    """The sentence that refuses a file of `size` bytes."""
    return (
        f"파일이 {size / 2**20:.0f} MB로 너무 큽니다(최대 {limits.file_mb:g} MB). "
        "출력을 모두 지우고 다시 저장해 내 주세요."
    )


def lab_named_in(notebook: NotebookNode) -> str | None:
    """The lab that a clean notebook says it is: by its marker lines, else by its metadata."""
    found = Counter(name[0] for cell in notebook.cells if (name := marker(cell.source)))
    if found:
        return found.most_common(1)[0][0]
    return notebook.metadata.get("course", {}).get("lab")


def _load(data: bytes) -> dict:
    if not data.strip(b"\x00\t\r\n "):
        raise Refused("빈 파일입니다.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused("노트북 파일이 아닙니다(UTF-8로 된 글이 아닙니다).") from None
    try:
        # Numbers are of no use here, and turning a million digits into one takes minutes.
        found = json.loads(text, strict=False, parse_int=_small_int, parse_float=_small_float)
    except ValueError:
        raise Refused("노트북 파일이 아니거나 중간에 잘렸습니다(JSON이 아닙니다).") from None
    if not isinstance(found, dict):
        raise Refused("노트북 파일이 아닙니다(JSON이지만 노트북의 모양이 아닙니다).")
    return found


def _small_int(digits: str) -> int:
    return int(digits) if len(digits) < 20 else 0


def _small_float(digits: str) -> float:
    return float(digits) if len(digits) < 40 else 0.0


def _clean(raw: dict) -> NotebookNode:
    version = raw.get("nbformat")
    if isinstance(version, bool) or not isinstance(version, (int, float)):
        raise Refused("노트북 파일이 아닙니다(nbformat 번호가 없습니다).")
    if version < 4:
        raise Refused(
            f"오래된 노트북 형식(nbformat {version:g})입니다. "
            "Colab이나 Jupyter에서 열어 새로 저장한 뒤 다시 내 주세요."
        )
    if version != 4:
        raise Refused(f"알 수 없는 노트북 형식(nbformat {version:g})입니다.")
    cells = raw.get("cells")
    if not isinstance(cells, list):
        raise Refused("노트북에 셀 목록이 없습니다.")
    if len(cells) > MAX_CELLS:
        raise Refused(f"셀이 {len(cells):,}개나 됩니다(최대 {MAX_CELLS:,}개).")
    seen: set[str] = set()
    return NotebookNode(
        cells=[
            _cell(cell, number, seen) for number, cell in enumerate(cells) if isinstance(cell, dict)
        ],
        metadata=_course(raw.get("metadata")),
        nbformat=4,
        nbformat_minor=5,
    )


def _course(metadata: object) -> NotebookNode:
    course = metadata.get("course") if isinstance(metadata, dict) else None
    if not isinstance(course, dict):
        return NotebookNode()
    kept = {key: course.get(key) for key in ("lab", "release")}
    # The version becomes part of a file name, so it may hold nothing that a path understands.
    kept = {
        key: value
        for key, value in kept.items()
        if isinstance(value, str) and _SHORT_NAME.fullmatch(value) and ".." not in value
    }
    return NotebookNode(course=NotebookNode(kept)) if kept else NotebookNode()


def _cell(raw: dict, number: int, seen: set[str]) -> NotebookNode:
    kind = raw.get("cell_type")
    if kind not in ("code", "markdown"):
        kind = "raw"
    about = raw.get("metadata")
    about = about if isinstance(about, dict) else {}
    metadata = NotebookNode()
    grade = about.get("nbgrader")
    name = grade.get("grade_id") if isinstance(grade, dict) else None
    if isinstance(name, str) and _CELL_ID.fullmatch(name):
        metadata["nbgrader"] = NotebookNode(grade_id=name)

    own = next((each for each in (raw.get("id"), about.get("id")) if _is_id(each)), None)
    unique = base = own or f"cell-{number}"
    copy = 1
    while unique in seen:
        copy += 1
        unique = f"{base[:56]}-{copy}"
    seen.add(unique)
    if own and own != unique:
        metadata["id"] = own

    cell = NotebookNode(
        cell_type=kind, id=unique, metadata=metadata, source=_text(raw.get("source"))
    )
    if kind == "code":
        cell["execution_count"] = None
        cell["outputs"] = []
    return cell


def _is_id(value: object) -> bool:
    return isinstance(value, str) and bool(_CELL_ID.fullmatch(value))


def _text(source: object) -> str:
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    if not isinstance(source, str):
        return ""
    # Joined first: two halves of a pair may stand in two list entries.
    source = source.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    return _UNWRITABLE.sub("\ufffd", source)

"""records/<student>/<lab>/history.jsonl: every score ever given, and why. It is only ever added to.

An entry is written before the gradebook is (a journal): whatever is killed in between, no score
and no dropped mark is without its line. result.json says up to which entry all is done.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

NAME = "history.jsonl"


def read(folder: Path) -> list[dict]:
    """The entries, oldest first. A torn last line (a kill, a full disk) is no entry."""
    try:
        data = (folder / NAME).read_bytes()
    except FileNotFoundError:
        return []
    return [entry for line in data.split(b"\n") if (entry := _parse(line)) is not None]


def last(folder: Path) -> dict | None:
    """The last entry."""
    return (read(folder) or [None])[-1]


def is_unfinished(entry: dict, settled: int) -> bool:
    """Whether the run that wrote `entry` was killed before it was done.

    Args:
        settled: the number that result.json gives (`Result.entry`).

    What a TA changed is only noted here and never unfinished.
    """
    return entry["cause"] != "TA" and entry.get("n", 0) > settled


def forget_unfinished(folder: Path, settled: int) -> None:
    """Takes unfinished entries out: of a rehearsal's copy, never of a real history."""
    kept = [each for each in read(folder) if not is_unfinished(each, settled)]
    text = "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in kept)
    (folder / NAME).write_text(text, encoding="utf-8")


def add(folder: Path, entry: dict) -> int:
    """Appends an entry with its number and time; it is on disk when this returns.

    Returns the number.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        _mend(handle)
        before = read(folder)
        number = max([len(before), *(each.get("n", 0) for each in before)]) + 1
        moment = datetime.now(UTC).isoformat(timespec="seconds")
        line = json.dumps({"n": number, "time": moment} | entry, ensure_ascii=False) + "\n"
        _write(handle, line.encode())
        os.fsync(handle)
    finally:
        os.close(handle)
    return number


def repeats(entry: dict, before: dict) -> bool:
    """Whether `entry`, about to be added, says the same as `before` does."""
    return entry == {name: before[name] for name in before if name not in ("n", "time")}


def _parse(line: bytes) -> dict | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None


def _mend(handle: int) -> None:
    """Makes the file end with a whole line: half an entry goes, a whole one gets its line end."""
    size = os.fstat(handle).st_size
    if size == 0 or os.pread(handle, 1, size - 1) == b"\n":
        return
    data = os.pread(handle, size, 0)
    tail = data[data.rfind(b"\n") + 1 :]
    if _parse(tail) is not None:
        _write(handle, b"\n")
    else:
        os.ftruncate(handle, size - len(tail))


def _write(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]


# What `course status LAB --student ID` shows.

CAUSES = {
    "first": "처음 채점",
    "new hand-in": "새 제출",
    "renumbered": "제출 순서 변경",
    "retried": "지난 실패 뒤 다시",
    "tests changed": "테스트 변경",
    "files changed": "실습 파일 변경",
    "answers rebuilt": "배포본 변경",
    "limits changed": "한도 변경",
    "environment changed": "파이썬·패키지 변경",
    "grader changed": "채점기 변경",
    "forced": "--force",
    "TA": "조교가 고침",
}


def words(cause: str) -> str:
    """An entry's cause in Korean."""
    return ", ".join(CAUSES.get(each, each) for each in cause.split(", "))


def lines(folder: Path, timezone) -> Iterator[str]:
    """The history for a TA's eyes: a line for each entry, oldest first."""
    for entry in read(folder):
        moment = datetime.fromisoformat(entry["time"]).astimezone(timezone)
        score = "실패" if entry.get("score") is None else f"{entry['score']:g}점"
        exercises = " ".join(f"{name} {s:g}" for name, s in entry.get("exercises", {}).items())
        marks = [f"조교 {name} {mark:g}" for name, mark in entry.get("ta", {}).items()]
        marks += [f"조교 {name} {mark:g} 사라짐" for name, mark in entry.get("dropped", {}).items()]
        reason = ": ".join(filter(None, (entry.get("by"), entry.get("reason"))))
        parts = [score, words(entry["cause"]), reason, exercises, *marks]
        yield (
            f"{moment:%Y-%m-%d %H:%M}  {entry.get('attempt') or '?'}회째  "
            + "  ".join(part for part in parts if part)
        )

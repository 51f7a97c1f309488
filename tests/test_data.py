"""The texts and pictures that ship: what their sheets say of them, and that copies are copies."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BOOK = ROOT / "book" / "data"
# A lab carries its data along, so that it runs from its own folder. book/data/ is the source.
COPIES = [
    copy
    for where in ("solutions", "labs")
    for copy in sorted(ROOT.glob(f"{where}/*/data/*"))
    if (BOOK / copy.name).is_file()
]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_the_digits_are_found_in_the_lab_and_in_its_release() -> None:
    found = {path.parts[-4] for path in COPIES if path.name == "digits.txt"}
    assert found == {"solutions", "labs"}


@pytest.mark.parametrize("copy", COPIES, ids=name)
def test_a_copy_is_the_file_of_the_book(copy: Path) -> None:
    assert copy.read_bytes() == (BOOK / copy.name).read_bytes(), (
        f"{name(copy)} differs from its source: cp {name(BOOK / copy.name)} {name(copy)}"
    )


@pytest.mark.parametrize("copy", COPIES, ids=name)
def test_the_sheet_beside_a_copy_names_its_sum_and_its_source(copy: Path) -> None:
    sheet = (copy.parents[1] / "DATA.md").read_text("utf-8")
    assert hashlib.sha256(copy.read_bytes()).hexdigest() in sheet
    assert f"book/data/{copy.name}" in sheet


def test_digits_are_what_their_sheet_says() -> None:
    raw = (BOOK / "digits.txt").read_bytes()
    lines = raw.decode("ascii").split("\n")
    sheet = (BOOK / "DATA.md").read_text("utf-8")
    assert hashlib.sha256(raw).hexdigest() in sheet
    assert f"{len(raw):,}바이트" in sheet
    assert lines.pop() == "" and f"{len(lines):,}줄" in sheet
    assert all(re.fullmatch(r"\d [0-9A-G]{64}", line) for line in lines)
    # UCI's own count of each class in the test set.
    counts = [sum(line[0] == str(digit) for line in lines) for digit in range(10)]
    assert counts == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]

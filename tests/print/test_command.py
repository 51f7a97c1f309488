"""`python -m scripts.pdf`: what it says when it cannot, and that it leaves nothing half written."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.pdf import __main__ as command
from scripts.pdf import outcome
from tests import booksite
from tests.print import printed


def only_line(text: str) -> str:
    lines = text.splitlines()
    assert len(lines) == 1, text
    return lines[0]


def test_help_is_korean():
    done = printed.command("--help")
    assert done.returncode == 0
    assert "PDF" in done.stdout and "만들어진 책" in done.stdout


def test_without_chromium_one_line_says_so(tmp_path):
    done = printed.command("--output", tmp_path / "a.pdf", COURSE_CHROMIUM="")
    assert done.returncode == 2
    assert "chromium" in only_line(done.stderr)
    assert list(tmp_path.iterdir()) == []


def test_a_chromium_that_does_not_start_leaves_nothing(tmp_path):
    booksite.site()
    done = printed.command("--output", tmp_path / "a.pdf", "--chromium", tmp_path / "none")
    assert done.returncode == 1
    assert "PDF를 만들지 못했습니다" in done.stderr and "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_without_a_built_book_the_way_is_named(tmp_path):
    done = printed.command("--html", tmp_path / "html", "--output", tmp_path / "a.pdf")
    assert done.returncode == 1
    assert "make book" in only_line(done.stderr)
    assert not (tmp_path / "a.pdf").exists()


@pytest.mark.browser
def test_it_gives_up_in_time(tmp_path):
    booksite.site()
    kept = tmp_path / "a.pdf"
    kept.write_bytes(b"before")
    done = printed.command("--output", kept, "--limit", "0.5")
    assert done.returncode == 1
    assert "0.5초" in only_line(done.stderr)
    assert kept.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [kept]


def test_the_file_is_put_in_its_place_at_once(tmp_path, monkeypatch):
    target = tmp_path / "new" / "책.pdf"
    command.write(target, b"one")
    assert target.read_bytes() == b"one"

    def broken(self: Path, other: Path) -> Path:
        raise OSError("full")

    monkeypatch.setattr(Path, "replace", broken)
    with pytest.raises(OSError, match="full"):
        command.write(target, b"two")
    assert target.read_bytes() == b"one"
    assert list(target.parent.iterdir()) == [target]


def test_the_name_has_no_spaces():
    assert command.file_name("순환에서 정렬까지") == "순환에서-정렬까지.pdf"
    assert "/" not in command.file_name("a/b c")


def test_a_place_that_the_pdf_does_not_know_is_named():
    from io import BytesIO

    from pypdf import PdfWriter

    blank, target = PdfWriter(), BytesIO()
    blank.add_blank_page(100, 100)
    blank.write(target)
    with pytest.raises(ValueError, match="nowhere"):
        outcome.pages_of(target.getvalue(), ["nowhere"])

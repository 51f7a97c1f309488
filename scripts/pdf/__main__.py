"""`python -m scripts.pdf`: one PDF of the built book."""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from playwright.sync_api import Error as BrowserError

from scripts.pdf import outcome
from scripts.pdf.chromium import PrintError, render
from scripts.pdf.compose import ROOT, bookconfig, compose

LIMIT = 180  # seconds; the present book takes about twelve


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the book; returns the exit code."""
    options = _parser().parse_args(arguments)
    output = options.output or ROOT / "_build" / "pdf" / file_name(bookconfig.load().title)
    if not options.chromium:
        print("chromium이 없습니다: COURSE_CHROMIUM에 경로를 넣으세요.", file=sys.stderr)
        return 2
    watch = threading.Timer(options.limit, _give_up, [options.limit])
    watch.daemon = True
    watch.start()
    try:
        with _held(options.html.parent / ".lock"):
            document = compose(options.html)
            printed = render(document, options.html, options.chromium)
        top = document.pages[0].anchor
        printed = outcome.finish(printed, document.title, document.author, top)
    except FileNotFoundError as error:
        print(f"{error.filename or error}: 없습니다. `make book`을 먼저 하세요.", file=sys.stderr)
        return 1
    except (PrintError, ValueError, BrowserError) as error:
        print(f"PDF를 만들지 못했습니다: {error}", file=sys.stderr)
        return 1
    finally:
        watch.cancel()
    write(output, printed)
    print(f"PDF: {_shown(output)}")
    return 0


def file_name(title: str) -> str:
    """The PDF's name: the book's title without spaces."""
    return "-".join(title.split()).replace("/", "-") + ".pdf"


def write(output: Path, content: bytes) -> None:
    """Put the file in its place at once: an interrupted run leaves no half of it."""
    output.parent.mkdir(parents=True, exist_ok=True)
    beside = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        beside.write_bytes(content)
        beside.replace(output)
    finally:
        beside.unlink(missing_ok=True)


@contextlib.contextmanager
def _held(lock: Path) -> Iterator[None]:
    """No build may change the pages while they are read (scripts/book.sh takes the same lock)."""
    with lock.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_SH)
        yield


def _shown(path: Path) -> Path:
    """As one would type it, where it lies in the course's folder."""
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


def _give_up(limit: float) -> None:
    print(f"PDF를 {limit:g}초 안에 만들지 못해 그만둡니다.", file=sys.stderr, flush=True)
    # Playwright's driver ends the browser when its pipe to this process closes.
    os._exit(1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.pdf", description="만들어진 책을 PDF 하나로 인쇄합니다."
    )
    parser.add_argument(
        "--html", type=Path, default=ROOT / "_build" / "html", help="만들어진 책 (_build/html)"
    )
    parser.add_argument("--output", type=Path, help="쓸 파일 (_build/pdf/책 제목.pdf)")
    parser.add_argument(
        "--chromium",
        default=os.environ.get("COURSE_CHROMIUM", ""),
        help="chromium의 경로 (COURSE_CHROMIUM)",
    )
    parser.add_argument("--limit", type=float, default=LIMIT, help=f"시간 한도, 초 ({LIMIT})")
    return parser


if __name__ == "__main__":
    sys.exit(main())

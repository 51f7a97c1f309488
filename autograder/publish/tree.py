"""`course publish DEST`: the public tree, without history, searched before anybody sees it.

It is written beside DEST, searched for every secret of the course, and only then moved to its
place. A refused publish leaves DEST as it was.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from autograder.course import Course, UsageError
from autograder.publish import manifest
from autograder.publish.addresses import book_config
from autograder.publish.release import check_releases, make
from autograder.publish.scan import Leak, scan
from autograder.publish.secrets import secrets

MARKER = "PUBLISHED.txt"
MARKER_TEXT = (
    "이 폴더는 `course publish`가 만들었습니다. 여기서 고친 것은 다음에 발행할 때 사라집니다.\n"
    "Written by `course publish`: whatever is changed here is lost at the next publish.\n"
)
_README = Path(__file__).with_name("public_readme.md")
_BUILD = "make book"


class LeakError(Exception):
    """The tree holds secrets: `leaks` says which and where. Nothing was published."""

    def __init__(self, leaks: Sequence[Leak]) -> None:
        super().__init__("\n".join(map(str, leaks)))
        self.leaks = list(leaks)


def publish(course: Course, dest: Path, say: Callable[[str], None] = print) -> None:
    """Writes the public tree to `dest`: new, empty, or a tree that was published before.

    Raises:
        UsageError: `dest` may not be written to, or a generated file is stale (the command that
            mends it is named).
        LeakError: something secret would have got out.
    """
    dest = check_destination(course, dest)
    for line in [*check_releases(course), *_stale_editions(course), *stale_site(course)][:1]:
        raise UsageError(line)
    dest.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{dest.name}-", dir=dest.parent))
    try:
        tree = beside / "tree"
        _write(course, tree, say)
        leaks = scan(tree, secrets(course))
        if leaks:
            raise LeakError(leaks)
        count = sum(path.is_file() for path in tree.rglob("*"))
        _replace(tree, dest, beside)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    say(f"{count}개 파일을 썼습니다: {dest} (비밀은 없습니다)")


def check_destination(course: Course, dest: Path) -> Path:
    """The resolved destination.

    Raises:
        UsageError: it holds something else than an earlier publish, or lies where the course's own
            repository would take it in.
    """
    dest = dest.expanduser().resolve()
    root = course.root.resolve()
    if dest == root or root.is_relative_to(dest):
        raise UsageError(f"{dest}에는 과정이 들어 있습니다: 다른 폴더를 고르세요")
    if dest.is_relative_to(root) and not _is_ignored(root, dest):
        raise UsageError(f"{dest}은(는) 과정 폴더 안입니다: 밖의 폴더나 public/을 고르세요")
    if dest.exists() and not dest.is_dir():
        raise UsageError(f"{dest}은(는) 폴더가 아닙니다")
    if dest.is_dir():
        names = {path.name for path in dest.iterdir()} - {".git"}
        if names and MARKER not in names:
            raise UsageError(
                f"{dest}에 다른 파일이 있습니다: 새 폴더나 빈 폴더, 전에 발행한 폴더를 고르세요"
            )
    return dest


def _is_ignored(root: Path, dest: Path) -> bool:
    """Whether git leaves `dest` alone (without git: whether it is public/)."""
    name = dest.relative_to(root).as_posix()
    if name.split("/")[0] in ("solutions", "labs", "book", "tests", "submitted", "inbox", ".git"):
        return False
    try:
        asked = ["git", "-C", str(root), "check-ignore", "-q", f"{name}/"]
        code = subprocess.run(asked, capture_output=True, check=False).returncode
    except OSError:
        code = 128
    return code == 0 or (code == 128 and name.split("/")[0] == "public")


def _stale_editions(course: Course) -> list[str]:
    """What the book's own converter says about Colab editions that are not up to date."""
    tool = course.root / "book" / "_ext" / "colab.py"
    if not tool.is_file():
        return []
    done = subprocess.run(
        [sys.executable, str(tool), "--check"], capture_output=True, text=True, check=False
    )
    lines = (done.stderr or done.stdout).strip().splitlines()
    return (lines[-1:] or ["Colab 노트북을 살펴볼 수 없습니다"]) if done.returncode else []


def stale_site(course: Course) -> list[str]:
    """A line for what shows that the built book is missing or older than its sources."""
    html = course.html
    if not (html / "index.html").is_file():
        return [f"책이 아직 없습니다. 먼저 만드세요: {_BUILD}"]
    config = book_config(course)
    for page in config.pages:
        copy = html / "_sources" / f"{page}.md"
        page_file = html / f"{page}.html"
        source = config.source(page).read_bytes()
        if not page_file.is_file() or not copy.is_file() or copy.read_bytes() != source:
            return [f"책이 낡았습니다 ({page}). 다시 만드세요: {_BUILD}"]
    # A build without news leaves the pages alone, but always writes something (its style sheets).
    built = max(path.stat().st_mtime for path in html.rglob("*") if path.is_file())
    for name, path in manifest.sources(course).items():
        if _shapes_every_page(name) and path.stat().st_mtime > built:
            return [f"책이 낡았습니다 ({name}). 다시 만드세요: {_BUILD}"]
    return []


def _shapes_every_page(name: str) -> bool:
    several = ("_config.yml", "_toc.yml", "book/kit.py", "book/glossary.yml", "book/references.bib")
    return name in several or name.startswith(("book/_ext/", "book/_static/", "book/data/"))


def _write(course: Course, tree: Path, say: Callable[[str], None]) -> None:
    """Copies what the manifest names; labs come from the release that was just checked."""
    site, left = manifest.site(course)
    for name, path in {**manifest.sources(course), **site}.items():
        _copy(tree / name, path.read_bytes())
    for lab in course.labs:
        for name, content in make(course, lab).files.items():
            if name.startswith("labs/"):
                _copy(tree / name, content)
                _copy(tree / "site" / name, content)
    _copy(tree / "site" / ".nojekyll", b"")
    _copy(tree / MARKER, MARKER_TEXT.encode())
    _copy(tree / "README.md", readme(course).encode())
    if left:
        kinds = sorted({Path(name).suffix or Path(name).name for name in left})
        say(f"목록에 없어 남겨 둔 파일 {len(left)}개: {left[0]} 등 ({', '.join(kinds)})")


def _copy(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o644)


def readme(course: Course) -> str:
    """The public repository's README: what it is, where to read, how to open and build."""
    config = book_config(course)
    chapters = [
        f"- [{_heading(course, page)}]({config.page_url(page)})"
        f" · [Colab]({config.edition_url(page)})"
        for page in config.chapters()
    ]
    labs = [f"- [{lab.title}]({config.lab_url(lab.name)}) (`{lab.name}`)" for lab in course.labs]
    return _README.read_text(encoding="utf-8").format(
        title=config.title, site=config.site, chapters="\n".join(chapters), labs="\n".join(labs)
    )


def _heading(course: Course, page: str) -> str:
    """The first heading of a page."""
    for line in book_config(course).source(page).read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            return line.removeprefix("# ").strip()
    return page


def _replace(tree: Path, dest: Path, beside: Path) -> None:
    """Puts `tree` in place of `dest`; a `.git` in `dest` stays."""
    if dest.is_dir() and (dest / ".git").exists():
        # Into a clone: entry by entry, the marker first, so that an interrupted run can be repeated.
        shutil.copy2(tree / MARKER, dest / MARKER)
        for old in dest.iterdir():
            if old.name not in (".git", MARKER):
                shutil.rmtree(old) if old.is_dir() and not old.is_symlink() else old.unlink()
        for new in tree.iterdir():
            if new.name != MARKER:
                new.rename(dest / new.name)
        return
    if dest.is_dir():
        dest.rename(beside / "before")
    try:
        tree.rename(dest)
    except OSError:
        if (beside / "before").is_dir():
            (beside / "before").rename(dest)
        raise
    dest.chmod(0o755)

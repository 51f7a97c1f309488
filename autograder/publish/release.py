"""`course release`: solutions/<lab>/ → labs/<lab>/, by nbgrader's own generate_assignment.

nbgrader works in a temporary folder and without a gradebook; only a lab in which nothing is wrong
is then copied to labs/, together with releases/<lab>/<version>.ipynb, which is kept for students
who are still working in it.
"""

from __future__ import annotations

import contextlib
import logging
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nbformat import NotebookNode
from nbgrader.converters import GenerateAssignment
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import SaveCells
from traitlets.config import Config, PyFileConfigLoader

from autograder import notebooks
from autograder.course import Course, Lab, UsageError
from autograder.publish import material, rules
from autograder.publish.preprocessors import MODULES, RELEASE
from autograder.publish.scan import scan
from autograder.publish.secrets import secrets


class ReleaseError(UsageError):
    """Labs that may not be released; `problems` has a Korean line for each thing that is wrong."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)


@dataclass
class Released:
    """What a release consists of: `files` by path relative to the course, and what is wrong."""

    version: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def release(
    course: Course, labs: Sequence[Lab] | None = None, say: Callable[[str], None] = print
) -> None:
    """Makes labs/<lab>/ for these labs (default: all).

    Raises:
        ReleaseError: something is wrong with a lab; the other labs are released all the same.
        UsageError: a file that every lab needs is not there.
    """
    problems: list[str] = []
    for lab in course.labs if labs is None else labs:
        made = make(course, lab)
        if made.problems:
            problems += made.problems
            continue
        changed = [name for name in made.files if _differs(course, made, name)]
        extra = _left_over(course, lab, made)
        for name in changed:
            _write(course.root / name, made.files[name])
        for path in extra:
            path.unlink()
        word = "새로 만들었습니다" if changed or extra else "그대로입니다"
        say(f"{lab.name}: {word} (판 {made.version})")
    if problems:
        raise ReleaseError(problems)


def check_releases(course: Course, labs: Sequence[Lab] | None = None) -> list[str]:
    """A Korean line for every file that is not what `release` would write; nothing is changed."""
    lines: list[str] = []
    for lab in course.labs if labs is None else labs:
        made = make(course, lab)
        lines += made.problems
        if made.problems:
            continue
        stale = [name for name in made.files if _differs(course, made, name)]
        stale += [
            path.relative_to(course.root).as_posix() for path in _left_over(course, lab, made)
        ]
        lines += [
            f"{name}: solutions/{lab.name}과(와) 다릅니다. 고치기: course release {lab.name}"
            for name in stale
        ]
    return lines


def make(course: Course, lab: Lab) -> Released:
    """Makes a release in memory. Raises UsageError when a file that it needs is not there."""
    _need(course, lab)
    made = Released(problems=rules.problems(lab.name, source_cells(course, lab)))
    made.problems += material.problems(course, lab.name)
    if made.problems:
        return made
    with tempfile.TemporaryDirectory(prefix="course-release-") as folder:
        try:
            _convert(course, lab, Path(folder))
        except _ConversionFailed as error:
            made.problems.append(f"solutions/{lab.name}: {error}")
            return made
        here = Path(folder) / "labs" / lab.name
        notebook = here / f"{lab.name}.ipynb"
        content = notebook.read_bytes()
        made.problems += _unfilled(lab, notebooks.read(notebook))
        made.version = notebooks.read(notebook).metadata.course.release
        made.files = {
            f"labs/{lab.name}/{notebook.name}": content,
            **{
                f"labs/{lab.name}/{name}": path.read_bytes()
                for name, path in material.material(course, lab.name).items()
            },
            f"releases/{lab.name}/{made.version}.ipynb": content,
        }
        _scan(course, lab, made, Path(folder) / "scan")
    return made


def source_cells(course: Course, lab: Lab) -> list[NotebookNode]:
    """Header, the author's cells, footer: the lab as it stands before anything is cleared."""
    folder = course.root / "solutions"
    paths = (folder / "header.ipynb", course.source(lab.name), folder / "footer.ipynb")
    return [cell for path in paths for cell in notebooks.read(path).cells]


def _need(course: Course, lab: Lab) -> None:
    root = course.root
    needed = [root / "solutions" / "header.ipynb", root / "solutions" / "footer.ipynb"]
    needed += [course.source(lab.name), root / "nbgrader_config.py"]
    needed += [root / "book" / f"{name}.py" for name in MODULES]
    for path in needed:
        if not path.is_file():
            raise UsageError(f"{path.relative_to(root)}이(가) 없습니다")


class _ConversionFailed(Exception):
    """nbgrader refused the notebook."""


def _convert(course: Course, lab: Lab, to: Path) -> None:
    """Runs nbgrader's converter with the course's settings, into `to`/labs/."""
    config = settings(course)
    config.CourseDirectory.assignment_id = lab.name
    config.CourseDirectory.release_directory = str(to / "labs")
    config.CourseDirectory.db_url = f"sqlite:///{to / 'unused.db'}"
    steps = config.GenerateAssignment.get("preprocessors") or RELEASE
    config.GenerateAssignment.preprocessors = [step for step in steps if step is not SaveCells]
    config.GenerateAssignment.no_database = True
    with _quiet_log() as (log, said):
        coursedir = CourseDirectory(config=config, log=log)
        converter = GenerateAssignment(coursedir=coursedir, config=config, log=log)
        try:
            converter.start()  # changes into the course's folder and back
        except (NbGraderException, SystemExit):
            lines = [line for text in said for line in text.strip().splitlines()]
            reason = lines[-1] if lines else "nbgrader가 만들지 못했습니다"
            raise _ConversionFailed(reason) from None


def settings(course: Course) -> Config:
    """nbgrader_config.py of the course."""
    with contextlib.chdir(course.root):
        return PyFileConfigLoader("nbgrader_config.py", path=str(course.root)).load_config()


@contextlib.contextmanager
def _quiet_log() -> Iterator[tuple[logging.Logger, list[str]]]:
    """nbgrader's errors are kept for our own message instead of printed."""
    said: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.name == log.name and "Traceback" in record.getMessage():
                said.append(record.getMessage())

    log = logging.getLogger("autograder.publish.nbgrader")
    handler = Keep(logging.ERROR)
    log.propagate = False
    log.addHandler(handler)
    try:
        yield log, said
    finally:
        log.removeHandler(handler)


def _unfilled(lab: Lab, notebook: NotebookNode) -> list[str]:
    """Placeholders that nothing was put in place of."""
    return [
        f"solutions/{lab.name}: {cell.id}: {name}에 넣을 값이 없습니다"
        for cell in notebook.cells
        if cell.cell_type == "markdown"
        for name in re.findall(r"\{\{\w+\}\}", cell.source)
    ]


def _scan(course: Course, lab: Lab, made: Released, folder: Path) -> None:
    """Looks for this lab's secrets in what was just made."""
    for name, content in made.files.items():
        if name.startswith("labs/"):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    made.problems += [str(leak) for leak in scan(folder, secrets(course, [lab.name]))]


def _differs(course: Course, made: Released, name: str) -> bool:
    path = course.root / name
    return not path.is_file() or path.read_bytes() != made.files[name]


def _left_over(course: Course, lab: Lab, made: Released) -> list[Path]:
    """Material in labs/<lab>/ that the author has taken away. Other files there are nobody's."""
    folder = course.root / "labs" / lab.name
    places = [folder / name for name in material.FOLDERS]
    found = [path for place in places for path in place.rglob("*") if path.is_file()]
    found += [folder / name for name in material.FILES if (folder / name).is_file()]
    return sorted(p for p in found if p.relative_to(course.root).as_posix() not in made.files)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as file:
        file.write(content)
    Path(file.name).chmod(0o644)
    shutil.move(file.name, path)

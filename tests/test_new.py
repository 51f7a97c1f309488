"""`course new` writes a chapter that builds and a lab that can be released, verified and handed in."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup

from autograder.cli import main
from autograder.course import Course
from autograder.publish.release import check_releases
from tests.grading.toycourse import ROOT, course_main
from tests.test_notebooks import run

sys.path.insert(0, str(ROOT / "book" / "_ext"))

import bookconfig  # noqa: E402
import curriculum  # noqa: E402

PARTS = ["_config.yml", "_toc.yml", "course.toml", "nbgrader_config.py", "README.md"]
PARTS += ["requirements.txt", "constraints.txt", "book", "solutions", "tests/mutants"]
PARTS += [
    "tests/class/labs.py",
    "tests/class/shape.py",
    "tests/class/labs",
    "tests/class/roster.csv",
]
PAGE, LAB = "easy/graphs", "graphs"
TITLES = {"chapter": "그래프를 읽는 법", "lab": '점 "셋"과 선 둘'}


def copied(to: Path) -> Course:
    """What a lab and a chapter need of this repository, in another folder."""
    for name in PARTS:
        source, target = ROOT / name, to / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    (to / "node_modules").symlink_to(ROOT / "node_modules")
    return Course(to)


@pytest.fixture(scope="module")
def untouched(tmp_path_factory) -> Path:
    return copied(tmp_path_factory.mktemp("untouched")).root


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Course:
    """A copy in which both commands were typed."""
    made = copied(tmp_path_factory.mktemp("new") / "course")
    for arguments in (
        ["new", "chapter", PAGE, "--title", TITLES["chapter"]],
        ["new", "lab", LAB, "--title", TITLES["lab"]],
    ):
        done = course_main(made, *arguments)
        assert done.returncode == 0, done.stderr
    return Course(made.root)


def text(course: Course, name: str) -> str:
    return (course.root / name).read_text(encoding="utf-8")


# The chapter


def test_the_chapter_stands_behind_the_last_one_of_its_part(course):
    parts = yaml.safe_load(text(course, "_toc.yml"))["parts"]
    (part,) = [part for part in parts if {"file": PAGE} in part["chapters"]]
    assert part["chapters"][-1] == {"file": PAGE}
    assert {page["file"].partition("/")[0] for page in part["chapters"]} == {"easy"}
    without = text(course, "_toc.yml").replace(f"  - file: {PAGE}\n", "")
    assert without == (ROOT / "_toc.yml").read_text(encoding="utf-8")


def test_the_first_page_and_the_plans_take_both_in(course):
    (chapter,) = [c for c in curriculum.chapters(bookconfig.load(course.root)) if c.page == PAGE]
    assert (chapter.title, chapter.part) == (TITLES["chapter"], "쉬운 길")
    assert [(lab.name, lab.title) for lab in chapter.labs] == [(LAB, TITLES["lab"])]
    assert chapter.minutes > 0 and chapter.labs[0].minutes > 0


@pytest.fixture(scope="module")
def built(course, tmp_path_factory) -> Path:
    """A book of the new chapter and what it points to: no other chapter has to run."""
    folder = tmp_path_factory.mktemp("small") / "course"
    shutil.copytree(course.root, folder, symlinks=True)
    toc = {"format": "jb-book", "root": "index", "chapters": []}
    toc["chapters"] = [{"file": page} for page in (PAGE, "glossary", "references")]
    (folder / "_toc.yml").write_text(yaml.safe_dump(toc), encoding="utf-8")
    (folder / "book" / "index.md").write_text("# 책\n", encoding="utf-8")
    program = Path(sys.executable).with_name("jupyter-book")
    command = [program, "build", "book", "--config", "_config.yml", "--toc", folder / "_toc.yml"]
    done = subprocess.run(
        [*command, "--path-output", ".", "-q", "-W", "--keep-going"],
        cwd=folder, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return folder / "_build" / "html"


def test_the_chapter_builds_without_a_warning_and_opens_the_lab(built):
    page = BeautifulSoup((built / f"{PAGE}.html").read_text("utf-8"), "html.parser")
    assert TITLES["chapter"] in page.find("h1").text
    assert page.select_one(".last-run") and page.select("img.kit-figure") and page.select(".quiz")
    assert "[2.0, 3.0, 5.0]" in page.find("article").text
    file = page.select_one(".lab-door-file")["href"]
    assert (built / "easy" / file).resolve() == (built / f"labs/{LAB}/{LAB}.ipynb").resolve()
    assert (built / f"labs/{LAB}/{LAB}.ipynb").is_file()


def test_the_colab_edition_is_current_and_runs(course, tmp_path):
    script = course.root / "book" / "_ext" / "colab.py"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    run(Path(shutil.copy(course.root / "book" / f"{PAGE}.ipynb", tmp_path)), tmp_path)


# The lab


def test_the_lab_is_released_and_named_where_labs_are_named(course):
    lab = course.labs[-1]
    assert (lab.name, lab.title, lab.chapter) == (LAB, TITLES["lab"], PAGE)
    assert lab.weight == 1 and lab.deadline is None
    assert course.settings["limits"] == Course(ROOT).settings["limits"]
    assert check_releases(course, [lab]) == []
    cells = nbformat.read(course.release(LAB), as_version=4).cells
    assert any(cell.source.startswith(f"# [{LAB}:running_mean]\n") for cell in cells)
    assert not any(word in cell.source for cell in cells for word in ("LAB_NAME", "LAB_TITLE"))
    assert any(cell.source.startswith(f"# {TITLES['lab']}\n") for cell in cells)
    row = f"| | {TITLES['chapter']} | `{LAB}` {TITLES['lab']} | 쓰는 중 |\n"
    assert row in text(course, "README.md")
    without = text(course, "README.md").replace(row, "")
    assert without == (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_labs_tests_catch_the_wrong_and_accept_the_right(course, warm):
    done = course_main(course, "verify", LAB, "--workers", "1")
    assert done.returncode == 0, done.stdout + done.stderr


def test_its_hand_ins_get_what_their_table_says(course, warm, tmp_path):
    spec = importlib.util.spec_from_file_location("new_labs", course.root / "tests/class/labs.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    assert LAB in made.labs()
    made.write(LAB, tmp_path / "handins")
    for arguments in (
        ["roster", "import", str(course.root / "tests/class/roster.csv")],
        ["collect", str(tmp_path / "handins")],
        ["grade", LAB, "--workers", "1", "--json", "out.json"],
    ):
        done = course_main(course, *arguments)
        assert done.returncode == 0, done.stderr
    results = {each["student"]: each for each in json.loads(text(course, "out.json"))["results"]}
    wanted = {each["student"]: each["score"] for each in made.table(LAB)}
    assert len(wanted) >= 4 and sorted(wanted.values()) != [100] * len(wanted)
    assert {student: each["score"] for student, each in results.items()} == wanted


def test_the_instructors_notebook_runs_with_its_demo(course, tmp_path):
    for folder in ("solutions", "book"):
        leave = shutil.ignore_patterns("_ext", "_static", "__pycache__")
        shutil.copytree(course.root / folder, tmp_path / folder, ignore=leave)
    run(tmp_path / "solutions" / LAB / f"{LAB}.ipynb", tmp_path)


# What is refused


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["chapter", "graphs"], "easy/graphs"),
        (["chapter", "middle/graphs"], "easy, hard"),
        (["chapter", "easy/Graphs"], "소문자"),
        (["chapter", "easy/../graphs"], "소문자"),
        (["chapter", "easy/rnn"], "이미 있는 장"),
        (["chapter", "easy/graphs", "--chapter", "easy/rnn"], "--chapter"),
        (["lab", "rnn"], "이미 있는 실습"),
        (["lab", "그래프"], "소문자"),
        (["lab", "graphs"], "--chapter"),
        (["lab", "graphs", "--chapter", "easy/nothing"], "easy/rnn"),
        (["book", "graphs"], "chapter"),
        (["lab"], "name"),
    ],
)
def test_a_wrong_word_is_one_line_and_nothing_is_written(
    untouched, monkeypatch, capsys, arguments, says
):
    before = sorted(untouched.rglob("*"))
    monkeypatch.chdir(untouched)
    assert main(["new", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("course: ") and says.lower() in line.lower()
    assert sorted(untouched.rglob("*")) == before
    assert (untouched / "_toc.yml").read_bytes() == (ROOT / "_toc.yml").read_bytes()


@pytest.mark.parametrize(
    ("there", "arguments"),
    [
        ("book/hard/graphs.md", ["chapter", "hard/graphs"]),
        ("tests/mutants/graphs.py", ["lab", "graphs", "--chapter", "easy/rnn"]),
    ],
)
def test_a_file_that_is_there_is_kept(untouched, monkeypatch, capsys, there, arguments):
    path = untouched / there
    path.write_text("내 글", encoding="utf-8")
    monkeypatch.chdir(untouched)
    try:
        assert main(["new", *arguments]) == 2
        assert there in capsys.readouterr().err
        assert path.read_text(encoding="utf-8") == "내 글"
        assert not (untouched / "solutions/graphs").exists()
    finally:
        path.unlink()
    for name in ("_toc.yml", "course.toml", "README.md"):
        assert (untouched / name).read_bytes() == (ROOT / name).read_bytes()

"""What `course publish` writes, where it refuses to, and that a leak of any kind stops it."""

from __future__ import annotations

import base64
import io
import os
import shutil
import sqlite3
import subprocess
import zipfile
from pathlib import Path

import nbformat
import pytest
from PIL import Image, PngImagePlugin

from autograder import notebooks
from autograder.cli import main
from autograder.course import Course, UsageError
from autograder.publish.release import release
from autograder.publish.tree import MARKER, LeakError, publish
from tests import booksite
from tests.publish import small


def quiet(_: str) -> None:
    pass


@pytest.fixture
def course(tmp_path):
    made = small.small_course(tmp_path / "course")
    release(made, say=quiet)
    small.build_book(made)
    return made


@pytest.fixture
def dest(tmp_path):
    return tmp_path / "out" / "public"


def snapshot(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def test_the_public_tree_is_what_the_list_names_and_nothing_else(course, dest):
    for stray in ("book/easy/draft.md", "book/notes.txt", "labs/mini/kit.py", "labs/old/old.ipynb",
                  "_build/html/draft.html", "_build/html/_sources/draft.md",
                  "_build/html/reports/a.log", "_build/html/labs/mini/x.ipynb"):  # fmt: skip
        (course.root / stray).parent.mkdir(parents=True, exist_ok=True)
        (course.root / stray).write_text("아직 아닙니다", encoding="utf-8")
    said: list[str] = []
    publish(course, dest, said.append)
    assert sorted(snapshot(dest)) == [
        MARKER,
        "README.md",
        "_config.yml",
        "_toc.yml",
        "book/checks.py",
        "book/easy/mini.ipynb",
        "book/easy/mini.md",
        "book/index.md",
        "book/kit.py",
        "labs/mini/data/words.txt",
        "labs/mini/mini.ipynb",
        "site/.nojekyll",
        "site/_sources/easy/mini.md",
        "site/_sources/index.md",
        "site/easy/mini.html",
        "site/index.html",
        "site/labs/mini/data/words.txt",
        "site/labs/mini/mini.ipynb",
        "site/objects.inv",
        "site/searchindex.js",
    ]
    assert (dest / "site/labs/mini/mini.ipynb").read_bytes() == course.release("mini").read_bytes()
    assert any("남겨 둔 파일 3개" in line for line in said)
    readme = (dest / "README.md").read_text(encoding="utf-8")
    assert "https://some-org.github.io/some-book" in readme
    assert "blob/main/labs/mini/mini.ipynb" in readme and "제곱" in readme
    assert list(dest.parent.iterdir()) == [dest]


def test_twice_is_the_same_and_what_is_gone_goes(course, dest):
    publish(course, dest, quiet)
    first = snapshot(dest)
    (dest / "old.txt").write_text("지난 판의 파일", encoding="utf-8")
    publish(course, dest, quiet)
    assert snapshot(dest) == first


def test_a_clone_keeps_its_git(course, dest):
    subprocess.run(["git", "init", "-q", str(dest)], check=True)
    head = (dest / ".git" / "HEAD").read_bytes()
    publish(course, dest, quiet)
    (dest / "book" / "old.md").write_text("지난 판", encoding="utf-8")
    publish(course, dest, quiet)
    assert (dest / ".git" / "HEAD").read_bytes() == head
    assert not (dest / "book" / "old.md").exists() and (dest / "site/index.html").exists()


def plant_chapter(course):
    with open(course.root / "book/easy/mini.md", "a", encoding="utf-8") as file:
        file.write(f"\n예를 들면 이렇습니다.\n\n    {small.SOLUTION}\n")
    small_rebuild(course)
    return "book/easy/mini.md", "squares의 정답"


def plant_page(course):
    page = course.html / "easy/mini.html"
    words = small.HIDDEN.replace(" ", '</span> <span class="n">')
    page.write_text(f"<pre><span>{words}</span></pre>", encoding="utf-8")
    return "site/easy/mini.html", "squares의 숨은 테스트"


def plant_lab_output(course):
    path = course.root / "book/easy/mini.ipynb"
    made = notebooks.read(path)
    printed = nbformat.v4.new_output("stream", name="stdout", text=f"x\n{small.HIDDEN}\n")
    made.cells[0].outputs = [printed]
    notebooks.write(path, made)
    return "book/easy/mini.ipynb", "셀 0(a) 출력"


def plant_attachment(course):
    path = course.root / "book/easy/mini.ipynb"
    made = notebooks.read(path)
    made.cells.append(nbformat.v4.new_markdown_cell("![](attachment:a.txt)", id="m"))
    coded = base64.b64encode(small.MODEL.encode()).decode()
    made.cells[-1].attachments = {"a.txt": {"text/plain": coded}}
    notebooks.write(path, made)
    return "book/easy/mini.ipynb", "붙임 파일"


def plant_data(course):
    path = course.root / "book/data/words.csv"
    path.parent.mkdir()
    path.write_text(f"k,v\n1,{small.MUTANT}\n", encoding="utf-8")
    return "book/data/words.csv", "오답 skips"


def plant_image(course):
    path = course.root / "book/images/plot.png"
    path.parent.mkdir()
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", small.VARIANT, zip=True)
    Image.new("RGB", (4, 4)).save(path, pnginfo=info)
    return "book/images/plot.png", "다른 풀이 map"


def plant_zip(course):
    path = course.root / "book/data/all.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner/notes.txt", small.MARKING)
    return "book/data/all.zip", "inner/notes.txt"


def plant_script(course):
    path = course.html / "_static/search.js"
    path.parent.mkdir()
    coded = base64.b64encode(small.SOLUTION.encode() * 2).decode()
    path.write_text(f"const x = atob('{coded}')", encoding="utf-8")
    return "site/_static/search.js", "base64"


def plant_gradebook(course):
    path = course.root / "book/data/gradebook.db"
    path.parent.mkdir()
    with sqlite3.connect(path) as database:
        database.execute("create table grade (score)")
    return "book/data/gradebook.db", "이런 이름의 파일"


def plant_roster(course):
    path = course.root / "book/data/roster.csv"
    path.parent.mkdir()
    shutil.copy(course.roster, path)
    return "book/data/roster.csv", "명단"


def plant_name(course):
    with open(course.root / "book/easy/mini.md", "a", encoding="utf-8") as file:
        file.write("\n홍길동이 찾아 준 잘못입니다.\n")
    small_rebuild(course)
    return "book/easy/mini.md", "명단 1번째 학생의 이름"


def plant_student_file(course):
    path = course.root / "book/images/20261234.png"
    path.parent.mkdir()
    out = io.BytesIO()
    Image.new("RGB", (4, 4)).save(out, "PNG")
    path.write_bytes(out.getvalue())
    return "book/images/20261234.png", "학번"


def plant_solution_notebook(course):
    path = course.root / "book/data/mini.ipynb"
    path.parent.mkdir()
    shutil.copy(course.source("mini"), path)
    return "book/data/mini.ipynb", "강의진의 노트북 그대로"


def small_rebuild(course):
    shutil.rmtree(course.html)
    small.build_book(course)


PLANTS = [value for name, value in sorted(globals().items()) if name.startswith("plant_")]


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_leak_is_refused_by_name_and_dest_stays(course, dest, plant):
    publish(course, dest, quiet)
    before = snapshot(dest)
    path, words = plant(course)
    (course.html / "index.html").touch()  # as after a build
    with pytest.raises(LeakError) as error:
        publish(course, dest, quiet)
    assert any(leak.path == path and words in str(leak) for leak in error.value.leaks), str(
        error.value
    )
    for secret in (small.SOLUTION, small.HIDDEN, small.MODEL, small.MARKING, small.MUTANT):
        assert secret not in str(error.value)
    assert snapshot(dest) == before
    assert list(dest.parent.iterdir()) == [dest]


def test_the_command_says_each_leak_and_exits_with_1(course, dest, capsys, monkeypatch):
    path, words = plant_image(course)
    (course.html / "index.html").touch()
    monkeypatch.chdir(course.root)
    assert main(["publish", str(dest)]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert any(path in line and words in line for line in lines)
    assert not dest.exists()


@pytest.mark.parametrize("where", [".", "..", "solutions", "labs/public", "new", ".git/x"])
def test_the_course_is_not_published_into_itself(course, where):
    before = snapshot(course.root)
    with pytest.raises(UsageError):
        publish(course, course.root / where, quiet)
    assert snapshot(course.root) == before


def test_the_ignored_folder_of_the_course_will_do(course):
    subprocess.run(["git", "init", "-q", str(course.root)], check=True)
    (course.root / ".gitignore").write_text("/public/\n", encoding="utf-8")
    publish(course, course.root / "public", quiet)
    publish(course, course.root / "public", quiet)
    assert (course.root / "public/site/index.html").is_file()


def test_a_folder_with_other_things_is_left_alone(course, dest):
    dest.mkdir(parents=True)
    (dest / "thesis.tex").write_text("x", encoding="utf-8")
    with pytest.raises(UsageError, match="다른 파일"):
        publish(course, dest, quiet)
    assert snapshot(dest) == {"thesis.tex": b"x"}
    (dest.parent / "file").write_text("x", encoding="utf-8")
    with pytest.raises(UsageError, match="폴더가 아닙니다"):
        publish(course, dest.parent / "file", quiet)


def stale_lab(course):
    changed = small.lab_cells()
    changed[0].source += "\n\n한 줄 더."
    small.write_lab(course.root, changed)
    return "course release mini"


def stale_page(course):
    (course.root / "book/easy/mini.md").write_text("# 다른 글\n", encoding="utf-8")
    return "make book"


def no_site(course):
    shutil.rmtree(course.html)
    return "make book"


def new_extension(course):
    path = course.root / "book/_ext/new.py"
    path.parent.mkdir()
    path.write_text("", encoding="utf-8")
    later = (course.html / "index.html").stat().st_mtime + 50
    os.utime(path, (later, later))
    return "make book"


@pytest.mark.parametrize("change", [stale_lab, stale_page, no_site, new_extension])
def test_stale_files_are_not_published_and_the_mending_command_is_named(course, dest, change):
    command = change(course)
    with pytest.raises(UsageError, match=command):
        publish(course, dest, quiet)
    assert not dest.exists()


def test_this_course_publishes_and_nothing_of_its_tests_is_in_it(tmp_path):
    real = Course.find(small.ROOT)
    booksite.site()  # a stale one fails here, with the command that mends it
    publish(real, tmp_path / "public", quiet)
    files = snapshot(tmp_path / "public")
    for lab in real.labs:
        assert f"labs/{lab.name}/{lab.name}.ipynb" in files
        assert f"site/labs/{lab.name}/{lab.name}.ipynb" in files
        assert f"site/{lab.chapter}.html" in files and f"book/{lab.chapter}.ipynb" in files
        text = b"\n".join(files.values()).decode("utf-8", "replace")
        for cell in notebooks.read(real.source(lab.name)).cells:
            if notebooks.grade_id(cell) and notebooks.role(cell) == "hidden":
                long = [
                    line.strip() for line in cell.source.splitlines() if len(line.strip()) >= 40
                ]
                assert [line for line in long if line in text] == []
    assert not [name for name in files if name.startswith(("solutions", "tests", "autograder"))]

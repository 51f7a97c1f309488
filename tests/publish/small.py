"""A small course in a temporary folder: one lab with two exercises, a class, a built page."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder import notebooks
from autograder.course import Course

ROOT = Path(__file__).parents[2]
KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}

SOLUTION = "total = sum(number * number for number in numbers)"
HIDDEN = 'assert squares([7, 11, 13]) == 339, "숨은 테스트가 본 값이 다릅니다"'
MODEL = "제곱은 음수가 될 수 없으므로, 음수가 섞여 있어도 모두 더한 결과는 음수가 되지 않습니다."
MUTANT = "total = sum(number * number for number in numbers[1:])"
VARIANT = "return sum(map(lambda number: number ** 2, numbers))"
MARKING = "- 4점: 제곱의 합이 왜 음수가 될 수 없는지를 자기 화면의 숫자를 들어 자기 말로 설명했다"
STUB = "def squares(numbers: list[int], start: int = 0) -> int:"


def graded(grade_id: str, source: str, points: int = 0, kind: str = "code"):
    solution = not grade_id.endswith(("-public", "-hidden"))
    written = kind == "markdown"
    cell = (new_markdown_cell if written else new_code_cell)(source, id=grade_id)
    about = {
        "cell_type": kind,
        "grade_id": grade_id,
        "grade": written or not solution,
        "solution": solution,
        "locked": not solution,
        "schema_version": 3,
        "task": False,
    }
    if about["grade"]:
        about["points"] = points
    cell.metadata["nbgrader"] = about
    return cell


def plain(cell_id: str, source: str, *tags: str):
    cell = new_code_cell(source, id=cell_id)
    if tags:
        cell.metadata["tags"] = list(tags)
    return cell


def hidden(source: str) -> str:
    return f"### BEGIN HIDDEN TESTS\n{source}\n### END HIDDEN TESTS"


def exercise(name: str, body: str, public: str, secret: str, points: tuple[int, int], head: str):
    answer = f"# [mini:{name}]\n{head}\n    ### BEGIN SOLUTION\n{body}\n    ### END SOLUTION"
    return [
        graded(name, answer),
        graded(f"{name}-public", public, points[0]),
        graded(f"{name}-hidden", hidden(secret), points[1]),
    ]


def lab_cells() -> list:
    return [
        new_markdown_cell("# 작은 실습\n\n제곱을 더합니다.", id="title"),
        plain("given-imports", "import math"),
        new_markdown_cell("## 1. 제곱 더하기 (60점)", id="squares-text"),
        *exercise(
            "squares",
            f"    {SOLUTION}\n    return total + start",
            "assert squares([1, 2]) == 5",
            HIDDEN,
            (20, 40),
            STUB,
        ),
        *exercise(
            "root",
            "    return math.sqrt(squares(numbers))",
            "assert root([3, 4]) == 5",
            "for k in range(3):\n    assert root([k]) == k",
            (10, 30),
            "def root(numbers):",
        ),
        plain("demo", "picture = [squares([k]) for k in range(5)]\nprint(picture)", "demo"),
        graded(
            "reflection",
            "<!-- [mini:reflection] -->\n### BEGIN SOLUTION\n" + MODEL + "\n### END SOLUTION",
            10,
            "markdown",
        ),
    ]


def notebook(cells: list):
    return new_notebook(cells=cells, metadata=KERNEL)


HEADER = [
    new_markdown_cell(
        "실습 {{lab}}: {{title}} [책]({{page_url}}) [Colab]({{colab_url}}) 판 {{release}}",
        id="header-title",
    ),
    plain(
        "setup",
        "# 준비: 맨 먼저 실행하세요.\nimport sys\nfrom pathlib import Path\n\n"
        'sys.path.insert(0, str(Path("../../book").resolve()))\n\nimport checks\nimport kit\n\n'
        "kit.seed(0)",
        "setup",
    ),
]
FOOTER = [new_markdown_cell("제출하기", id="footer-submit")]

# What nbgrader_config.py says about releases.
CONFIG = """
from autograder.publish.preprocessors import IGNORED, RELEASE

c.GenerateAssignment.preprocessors = RELEASE
c.CourseDirectory.ignore = IGNORED
"""

KIT = '"""A small kit."""\n\n\ndef seed(n):\n    return n\n'
CHECKS = '"""Small checks."""\n\n\nclass Mistake(AssertionError):\n    pass\n'


def write_lab(root: Path, cells: list) -> None:
    notebooks.write(root / "solutions" / "mini" / "mini.ipynb", notebook(cells))


def small_course(root: Path) -> Course:
    """Writes the course and returns it. Nothing of it is released or built yet."""
    book = root / "book"
    (book / "easy").mkdir(parents=True)
    (root / "course.toml").write_text(
        '[course]\nid = "small"\ntimezone = "Asia/Seoul"\ndb_url = ""\n'
        '[[lab]]\nname = "mini"\ntitle = "작은 실습"\nchapter = "easy/mini"\n',
        encoding="utf-8",
    )
    (root / "_config.yml").write_text(
        "title: 작은 책\nrepository:\n  url: https://github.com/some-org/some-book\n"
        "  branch: main\n  path_to_book: book\n"
        "launch_buttons:\n  colab_url: https://colab.research.google.com\n"
        "parse:\n  myst_enable_extensions: [dollarmath]\nhtml:\n  baseurl: ''\n",
        encoding="utf-8",
    )
    (root / "_toc.yml").write_text(
        "format: jb-book\nroot: index\nchapters:\n- file: easy/mini\n", encoding="utf-8"
    )
    (book / "index.md").write_text("# 작은 책\n", encoding="utf-8")
    chapter = "# 제곱\n\n```{code-cell}\nprint(3 * 3)\n```\n"
    (book / "easy" / "mini.md").write_text(chapter, encoding="utf-8")
    notebooks.write(book / "easy" / "mini.ipynb", notebook([plain("a", "print(3 * 3)")]))
    (book / "kit.py").write_text(KIT, encoding="utf-8")
    (book / "checks.py").write_text(CHECKS, encoding="utf-8")
    settings = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8")
    (root / "nbgrader_config.py").write_text(settings + CONFIG, encoding="utf-8")
    notebooks.write(root / "solutions" / "header.ipynb", notebook(HEADER))
    notebooks.write(root / "solutions" / "footer.ipynb", notebook(FOOTER))
    write_lab(root, lab_cells())
    data = root / "solutions" / "mini" / "data"
    data.mkdir()
    (data / "words.txt").write_text("가 나 다\n", encoding="utf-8")
    (root / "solutions" / "mini" / "MARKING.md").write_text(MARKING + "\n", encoding="utf-8")
    mutants = root / "tests" / "mutants"
    mutants.mkdir(parents=True)
    (mutants / "mini.py").write_text(
        f"MUTANTS = {{'squares': {{'skips': {STUB + chr(10) + '    ' + MUTANT!r}}}}}\n"
        f"VARIANTS = {{'squares': {{'map': {STUB + chr(10) + '    ' + VARIANT!r}}}}}\n",
        encoding="utf-8",
    )
    (root / "roster.csv").write_text(
        "id,name,email,lms_id\n20261234,홍길동,hong.gildong@example.org,998877\n"
        "s01,가나다,s01@example.org,\n",
        encoding="utf-8",
    )
    return Course.find(root)


def build_book(course: Course) -> None:
    """What a build would leave, without running one: pages, their sources, the labs."""
    html = course.html
    for page in ("index", "easy/mini"):
        target = html / f"{page}.html"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(f"<!doctype html><title>{page}</title><p>본문", encoding="utf-8")
        copy = html / "_sources" / f"{page}.md"
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(course.root / "book" / f"{page}.md", copy)
    (html / "searchindex.js").write_text("Search.setIndex({})", encoding="utf-8")
    (html / "objects.inv").write_bytes(b"# Sphinx inventory version 2\n")
    shutil.copytree(course.root / "labs", html / "labs")


def load(path: Path):
    return nbformat.read(path, as_version=4)


def as_json(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))

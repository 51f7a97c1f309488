from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.course import Course
from autograder.publish.release import ReleaseError, check_releases, make, release
from tests.publish import small


@pytest.fixture
def course(tmp_path):
    return small.small_course(tmp_path)


def quiet(_: str) -> None:
    pass


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def cells(course):
    return {cell.id: cell for cell in small.load(course.release("mini")).cells}


def test_students_get_stubs_public_tests_and_one_comment_for_each_hidden_test(course):
    release(course, say=quiet)
    got = cells(course)
    assert got["squares"].source.startswith(f"# [mini:squares]\n{small.STUB}\n    # ")
    assert "raise NotImplementedError()" in got["squares"].source
    assert got["squares-public"].source == "assert squares([1, 2]) == 5"
    assert got["squares-hidden"].source == "# 숨은 테스트 40점: 제출한 뒤에 채점합니다."
    assert got["squares-hidden"].metadata.nbgrader.points == 40
    assert got["reflection"].source == "<!-- [mini:reflection] -->\n여기에 답을 쓰세요."
    text = course.release("mini").read_text(encoding="utf-8")
    for secret in (small.SOLUTION, small.HIDDEN, small.MODEL, "BEGIN SOLUTION"):
        assert secret not in text
    assert got["demo"].metadata.tags == ["demo"]
    assert sorted(p.name for p in course.release("mini").parent.iterdir()) == ["data", "mini.ipynb"]


def test_header_and_footer_are_filled_from_the_course(course):
    release(course, say=quiet)
    title = cells(course)["header-title"].source
    about = small.load(course.release("mini")).metadata.course
    assert "실습 mini: 작은 실습" in title
    assert "https://some-org.github.io/some-book/easy/mini.html" in title
    assert "/github/some-org/some-book/blob/main/labs/mini/mini.ipynb" in title
    assert title.endswith(f"판 {about.release}")
    assert (about.lab, len(about.release), about.schema) == ("mini", 12, 1)
    assert "solutions/mini에서 만든 파일입니다" in about.generated
    assert "footer-submit" in cells(course)


def test_a_second_release_is_byte_identical_and_the_gradebook_is_left_alone(course):
    here = os.getcwd()
    release(course, say=quiet)
    first = snapshot(course.root)
    release(course, say=quiet)
    assert snapshot(course.root) == first
    assert not list(course.root.rglob("*.db"))
    assert os.getcwd() == here
    assert check_releases(course) == []


def test_every_version_is_kept_and_named_by_its_content(course):
    release(course, say=quiet)
    first = small.load(course.release("mini")).metadata.course.release
    changed = small.lab_cells()
    changed[0].source += "\n\n한 줄 더."
    small.write_lab(course.root, changed)
    stale = check_releases(course)
    assert stale and all("course release mini" in line for line in stale)
    release(course, say=quiet)
    second = small.load(course.release("mini")).metadata.course.release
    assert first != second
    assert course.past_release("mini", first).is_file()
    assert course.past_release("mini", second).read_bytes() == course.release("mini").read_bytes()


def test_check_writes_nothing(course):
    before = snapshot(course.root)
    stale = check_releases(course)
    assert any("labs/mini/mini.ipynb" in line for line in stale)
    assert snapshot(course.root) == before


def test_a_data_file_that_changed_or_went_is_stale(course):
    release(course, say=quiet)
    (course.root / "labs/mini/data/words.txt").write_text("다른 글", encoding="utf-8")
    (course.root / "labs/mini/data/old.txt").write_text("옛 글", encoding="utf-8")
    named = [line.split(":")[0] for line in check_releases(course)]
    assert named == ["labs/mini/data/words.txt", "labs/mini/data/old.txt"]
    release(course, say=quiet)
    assert check_releases(course) == []


def run_setup(course, folder: Path, **environment) -> str:
    """Runs the released set-up cell in an empty folder, as Colab would."""
    setup = cells(course)["setup"].source
    code = setup + "\nprint(kit.__file__, checks.Mistake, open('data/words.txt').read())"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, text=True, capture_output=True,
        env={"PATH": os.environ["PATH"], "PYTHONUTF8": "1", **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_set_up_cell_alone_brings_what_the_lab_needs(course, tmp_path_factory):
    release(course, say=quiet)
    setup = cells(course)["setup"]
    assert setup.source.startswith('#@title 준비: 맨 먼저 실행하세요 { display-mode: "form" }\n')
    assert setup.metadata.cellView == "form" and setup.metadata.tags == ["setup"]
    assert "sys.path" not in setup.source and setup.source.endswith("kit.seed(0)")
    folder = tmp_path_factory.mktemp("colab")
    assert str(folder / "kit.py") in run_setup(course, folder)
    written = (folder / "kit.py").read_text(encoding="utf-8")
    assert written.startswith(small.KIT) and "# 준비 칸이 적은 파일, 판 " in written

    # One's own data stays, a kit of an older release does not.
    (folder / "data/words.txt").write_text("내 글", encoding="utf-8")
    (folder / "kit.py").write_text("# 준비 칸이 적은 파일, 판 000000000000\n", encoding="utf-8")
    assert "내 글" in run_setup(course, folder)
    assert (folder / "kit.py").read_text(encoding="utf-8") == written


def test_the_set_up_cell_uses_the_course_s_own_kit_where_there_is_one(course, tmp_path_factory):
    release(course, say=quiet)
    folder = tmp_path_factory.mktemp("author")
    said = run_setup(course, folder, PYTHONPATH=str(course.root / "book"))
    assert str(course.root / "book" / "kit.py") in said
    assert not (folder / "kit.py").exists()


def test_a_kit_with_difficult_quotes_still_arrives(course, tmp_path_factory):
    kit = "TEXT = '''a\\n\"\"\"'''  # \\\nEND = 'x'\n\n\ndef seed(n):\n    return n"
    (course.root / "book" / "kit.py").write_text(kit, encoding="utf-8")
    release(course, say=quiet)
    folder = tmp_path_factory.mktemp("quotes")
    run_setup(course, folder)
    assert (folder / "kit.py").read_text(encoding="utf-8").startswith(kit)


def broken(change) -> list:
    made = small.lab_cells()
    by_id = {cell.id: cell for cell in made}
    return change(made, by_id) or made


def set_points(made, by_id):
    by_id["root-hidden"].metadata.nbgrader.points = 31


def written_points(made, by_id):
    by_id["reflection"].metadata.nbgrader.points = 5


def lost_hidden(made, by_id):
    made.remove(by_id["root-hidden"])
    by_id["squares-hidden"].metadata.nbgrader.points = 70


def swapped(made, by_id):
    at = made.index(by_id["root-public"])
    made[at], made[at + 1] = made[at + 1], made[at]


def no_marker(made, by_id):
    by_id["squares"].source = by_id["squares"].source.replace("# [mini:squares]\n", "")


def line_before_hidden(made, by_id):
    by_id["squares-hidden"].source = "import math\n" + by_id["squares-hidden"].source


def hidden_in_public(made, by_id):
    by_id["squares-public"].source += "\n### BEGIN HIDDEN TESTS\nassert 1\n### END HIDDEN TESTS"


def solution_in_text(made, by_id):
    by_id["squares-text"].source += "\n### BEGIN SOLUTION\nx\n### END SOLUTION"


def no_region(made, by_id):
    source = by_id["root"].source
    by_id["root"].source = source.replace("### BEGIN SOLUTION", "").replace("### END SOLUTION", "")


def demo_only(made, by_id):
    by_id["root-public"].source += "\nassert picture[0] == 0"


def from_a_function(made, by_id):
    by_id["root-hidden"].source = small.hidden("def f():\n    return picture\nf()")


def other_answer(made, by_id):
    by_id["root-public"].source += "\nassert squares([1]) == 1"


def nowhere(made, by_id):
    by_id["root"].source = by_id["root"].source.replace("math.sqrt", "maths.sqrt")


def double_id(made, by_id):
    by_id["demo"].id = "setup"


def no_python(made, by_id):
    by_id["squares-public"].source = "assert squares([1, 2] == 5"


def solution_in_public(made, by_id):
    by_id["squares-public"].source += f"\nnumbers = [1]\n{small.SOLUTION}"


def hidden_in_text(made, by_id):
    by_id["title"].source += f"\n\n    {small.HIDDEN}"


def placeholder(made, by_id):
    by_id["title"].source += " {{colab}}"


def no_reflection(made, by_id):
    made.remove(by_id["reflection"])


def nbgrader_says_no(made, by_id):
    del by_id["demo"].metadata["tags"]
    by_id["demo"].metadata["nbgrader"] = {"grade": False, "solution": False, "locked": True,
                                          "schema_version": 99}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "cell", "words"),
    [
        (set_points, "", "101점"),
        (written_points, "reflection", "10점"),
        (lost_hidden, "root", "세 칸"),
        (swapped, "root", "세 칸"),
        (no_marker, "squares", "# [mini:squares]"),
        (line_before_hidden, "squares-hidden", "숨은 테스트는 첫 줄"),
        (hidden_in_public, "squares-public", "숨은 테스트 칸이 아닌데"),
        (solution_in_text, "squares-text", "답 칸이 아닌데"),
        (no_region, "root", "사이에 있어야"),
        (demo_only, "root-public", "'picture'은(는) 시연 칸에서만"),
        (from_a_function, "root-hidden", "'picture'은(는) 시연 칸에서만"),
        (other_answer, "root-public", "다른 문제의 답"),
        (nowhere, "root", "'maths'이(가) 어디에서도"),
        (double_id, "setup", "겹칩니다"),
        (no_python, "squares-public", "파이썬으로 읽을 수 없습니다"),
        (solution_in_public, "squares-public", "squares의 정답"),
        (hidden_in_text, "title", "squares의 숨은 테스트"),
        (placeholder, "title", "{{colab}}"),
        (no_reflection, "", "reflection"),
        (nbgrader_says_no, "", "solutions/mini"),
    ],
)
def test_a_lab_with_a_flaw_is_not_released_and_the_cell_is_named(course, change, cell, words):
    small.write_lab(course.root, broken(change))
    with pytest.raises(ReleaseError) as error:
        release(course, say=quiet)
    assert [line for line in error.value.problems if cell in line and words in line], str(
        error.value
    )
    assert all("\n" not in line for line in error.value.problems)
    assert not (course.root / "labs").exists()
    assert check_releases(course) == error.value.problems


def test_only_known_places_travel_with_a_lab(course):
    (course.root / "solutions/mini/notes.txt").write_text("메모", encoding="utf-8")
    (course.root / "solutions/mini/data/link.txt").symlink_to("/etc/hostname")
    with pytest.raises(ReleaseError) as error:
        release(course, say=quiet)
    assert "notes.txt" in str(error.value) and "link.txt" in str(error.value)


def test_plain_nbgrader_makes_the_same_file(course):
    release(course, say=quiet)
    ours = course.release("mini").read_bytes()
    shutil.rmtree(course.root / "labs")
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", "generate_assignment", "mini", "--force"],
        cwd=course.root, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(small.ROOT),
             "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert course.release("mini").read_bytes() == ours
    assert sorted(p.name for p in course.release("mini").parent.iterdir()) == ["data", "mini.ipynb"]


def test_this_course_s_labs_are_up_to_date():
    """Each line names the file and the command that mends it."""
    assert check_releases(Course.find(small.ROOT)) == []


def test_this_course_s_labs_come_out_the_same_twice():
    course = Course.find(small.ROOT)
    for lab in course.labs:
        assert make(course, lab).files == make(course, lab).files

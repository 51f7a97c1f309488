"""intake.roster and intake.naming: whose hand-in is it?"""

from __future__ import annotations

import unicodedata

import pytest

from autograder.course import UsageError
from autograder.intake.naming import read_path
from autograder.intake.roster import Hint, Person, Roster, import_roster, read, safe_id
from tests.intake.sample import make_course

PEOPLE = Roster(
    [
        Person("s01", "홍길동", "Gil@example.com", "4001"),
        Person("s02", "김 가나", "s02@example.com", "4002"),
        Person("s03", "김가나", "other@example.com", "4003"),
        Person("s04", "Kim Ga", "ga@one.example", "77"),
        Person("s05", "", "ga@two.example", ""),
        Person("77", "일흔일곱", "", ""),
    ]
)
LABS = ["rnn", "transformer"]


@pytest.mark.parametrize(
    ("hint", "student"),
    [
        (Hint("any", "s01"), "s01"),
        (Hint("any", "S01"), "s01"),
        (Hint("any", "4002"), "s02"),
        (Hint("any", "gil@EXAMPLE.com"), "s01"),
        (Hint("any", "gil"), "s01"),
        (Hint("any", " 홍 길동 "), "s01"),
        (Hint("any", unicodedata.normalize("NFD", "홍길동")), "s01"),
        (Hint("any", "kim ga"), "s04"),
        (Hint("any", "김가나"), None),  # two of that name
        (Hint("name", "김가나", "4003"), "s03"),
        (Hint("name", "김가나", "99"), None),
        (Hint("name", "홍길동", "4002"), "s01"),  # the number alone means nothing
        (Hint("any", "ga"), None),  # two of that mailbox
        (Hint("any", "77"), "77"),  # an id comes before an LMS id
        (Hint("lms", "77"), "s04"),
        (Hint("lms", "s01"), None),
        (Hint("name", "s01"), None),
        (Hint("any", "s0"), None),
        (Hint("any", ""), None),
        (Hint("any", "ѕ01"), None),  # a Cyrillic look-alike
    ],
)
def test_find(hint, student):
    assert PEOPLE.find([hint]) == student


def test_the_first_hint_that_fits_counts():
    assert PEOPLE.find([Hint("any", "nobody"), Hint("any", "s02"), Hint("any", "s01")]) == "s02"


@pytest.mark.parametrize("text", ["s01", "홍길동", "a.b_c-d@e+f", "7", "x" * 64, "@a"])
def test_safe_ids(text):
    assert safe_id(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        ".a",
        "a.",
        "-x",
        "a/b",
        "a\\b",
        "a b",
        "a\n",
        "a\0",
        "x" * 65,
        "ѕ01",
        "a:b",
        "é",
    ],
)
def test_unsafe_ids(text):
    assert safe_id(text) is None


def test_decomposed_hangul_is_composed():
    assert safe_id(unicodedata.normalize("NFD", "홍길동")) == "홍길동"


@pytest.mark.parametrize(
    ("path", "guess", "lab", "student"),
    [
        ("s01/rnn.ipynb", "s01", "rnn", "s01"),
        ("s01/rnn/rnn.ipynb", "s01", "rnn", "s01"),
        ("s01_rnn.ipynb", "s01", "rnn", "s01"),
        ("s01-rnn (2).ipynb", "s01", "rnn", "s01"),
        ("rnn_s01.ipynb", "s01", "rnn", "s01"),
        ("week3/s01/final.ipynb", "s01", None, "s01"),
        ("s01_rnn.zip/rnn.ipynb", "s01", "rnn", "s01"),
        ("홍길동/과제.ipynb", "홍길동", None, "s01"),
        ("홍길동_12_assignsubmission_file_/rnn.ipynb", "홍길동", "rnn", "s01"),
        ("홍 길동_12_assignsubmission_file_과제-rnn.ipynb", "홍_길동", "rnn", "s01"),
        ("a_b_12_assignsubmission_file_/x.ipynb", "a_b", None, None),
        ("hong_4001_9_rnn.ipynb", "4001", "rnn", "s01"),
        ("hong_LATE_4001_9_my_rnn-3.ipynb", "4001", "rnn", "s01"),
        ("hong_4001_9_work.zip/s02/rnn.ipynb", "4001", "rnn", "s01"),
        ("홍길동_5_6_transformer.ipynb", "5", "transformer", "s01"),
        # The platform says somebody unknown: the name inside was chosen by a student.
        ("nobody_12_assignsubmission_file_/s02_rnn.ipynb", "nobody", "rnn", None),
        ("rnn.ipynb", None, "rnn", None),
        ("rnn (1).ipynb", None, "rnn", None),
        ("s01.ipynb", None, None, "s01"),
        ("my rnn, transformer (all).ipynb", None, None, None),
    ],
)
def test_paths(path, guess, lab, student):
    said = read_path(path.split("/"), LABS)
    assert (said.guess, said.lab) == (guess, lab)
    assert PEOPLE.find(said.hints) == student
    assert said.late == ("LATE" in path)


def write(folder, text: str, encoding: str = "utf-8"):
    path = folder / "list.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
def test_import(tmp_path, encoding):
    course = make_course(tmp_path / "course")
    text = '학번,이름,lms_id\r\n s01 ,"홍, 길동",4001\r\n\r\ns02,,\r\n'
    assert import_roster(course, write(tmp_path, text, encoding)) == 2
    assert course.roster.read_text(encoding="utf-8") == (
        'id,name,email,lms_id\ns01,"홍, 길동",,4001\ns02,,,\n'
    )
    assert [person.id for person in Roster.load(course).people] == ["s01", "s02"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "열 이름"),
        ("name\nx\n", "열 이름"),
        ("id\n", "한 명도"),
        ("id,name\ns01,x\n../s02,y\n", "3번째 줄"),
        ("id,name\ns01,x\ns02,y\nS01,z\n", "4번째 줄"),
        ("id,lms_id\ns01,7\ns02,7\n", "3번째 줄"),
        ("id,name\ns01,x,y\n", "2번째 줄"),
        ('id,name\ns01,"x\n', "2번째 줄"),
        (",name\n", "열 이름"),
    ],
)
def test_a_wrong_roster_is_refused_and_the_old_one_stays(tmp_path, text, said):
    course = make_course(tmp_path / "course")
    import_roster(course, write(tmp_path, "id\nold\n"))
    with pytest.raises(UsageError, match=said):
        import_roster(course, write(tmp_path, text))
    assert [person.id for person in Roster.load(course).people] == ["old"]


def test_no_roster(tmp_path):
    assert not Roster.load(make_course(tmp_path))
    with pytest.raises(UsageError, match="읽을 수 없습니다"):
        read(tmp_path / "none.csv")

"""course.toml and the command line: what is wrong is said in one line, exit code 2."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from autograder.cli import main
from autograder.course import Course, UsageError

ROOT = Path(__file__).parents[1]


def test_this_course_reads():
    course = Course.find(ROOT / "book")
    assert course.root == ROOT
    assert [lab.name for lab in course.labs][0] == "rnn"
    assert course.limits.cell_seconds == 20


def test_deadlines_are_in_the_courses_time_zone(tmp_path):
    (tmp_path / "course.toml").write_text(
        '[course]\nid="x"\ntimezone="Asia/Seoul"\n'
        '[[lab]]\nname="a"\ntitle="A"\nchapter="c"\ndeadline="2027-03-19T23:59:00"\n',
        encoding="utf-8",
    )
    deadline = Course.find(tmp_path).lab("a").deadline
    assert deadline == datetime.fromisoformat("2027-03-19T23:59:00+09:00")
    assert deadline.utcoffset() == timedelta(hours=9)


@pytest.mark.parametrize(
    "content",
    [
        "not toml",
        '[course]\nid="x"\ntimezone="Asia/Seoul"\n[[lab]]\ntitle="no name"\n',
        '[course]\nid="x"\ntimezone="Asia/Seoul"\n'
        '[[lab]]\nname="a"\ntitle="A"\nchapter="c"\ndeadline="tomorrow"\n',
    ],
)
def test_a_broken_course_file_is_one_line(tmp_path, content, monkeypatch, capsys):
    (tmp_path / "course.toml").write_text(content, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert main(["status"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["grade", "no-such-lab"],
        ["grade", "--student", "nobody-of-that-name"],
        ["grade", "--workers", "0"],
        ["grade", "--workers", "many"],
        ["grade", "--scheduler", "tcp://x:1", "--workers", "2"],
        ["collect", "no/such/file.ipynb"],
        ["collect", "README.md", "--lab", "nope"],
        ["verify", "nope"],
        ["release", "nope"],
        ["export", "--format", "pdf"],
        ["roster", "import", "no-such.csv"],
        ["fly"],
        [],
        ["status", "--no-such-option"],
    ],
)
def test_wrong_words_are_one_line_and_exit_2(arguments, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    assert main(arguments) == 2
    shown = capsys.readouterr()
    assert len(shown.err.splitlines()) == 1 and "Traceback" not in shown.err + shown.out


def test_outside_a_course_it_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["status"]) == 2
    assert "course.toml" in capsys.readouterr().err


def test_unknown_lab_names_the_known_ones():
    with pytest.raises(UsageError, match="rnn"):
        Course.find(ROOT).lab("rn")

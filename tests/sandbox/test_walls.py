"""Walls: what happens where one is missing, what stays open, what is covered."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.cli import main
from autograder.course import Course, Limits
from autograder.grading import assignment
from autograder.grading.gradebook import open_gradebook
from autograder.sandbox import cgroups, survey, walls
from autograder.sandbox.executor import ExecutorFailed, Step
from autograder.sandbox.fork import ForkExecutor
from tests.grading.toycourse import RIGHT, ROOT, command, hand_in, make_course, scores
from tests.judge.lab import toy

LIMITS = Limits(cell_seconds=2, submission_seconds=15, memory_gb=1, output_kb=64)
NO_NAMESPACES = """
import errno, os, sys
import pyseccomp as seccomp
filter = seccomp.SyscallFilter(seccomp.ALLOW)
filter.add_rule(seccomp.ERRNO(errno.EPERM), "unshare")
filter.load()
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


def gap(name: str = walls.NET) -> survey.Wall:
    return survey.Wall(name, "네트워크: 없음", why="Operation not permitted", advice="고치세요")


@pytest.fixture
def _gap(monkeypatch):
    monkeypatch.setattr(survey, "survey", lambda: (gap(),))
    # Set and taken away again: what `insist` puts there ends with the test.
    monkeypatch.setenv(survey.WEAK, "0")


def without_namespaces(*arguments: str, cwd: Path, **environment: str):
    """A command on a machine that refuses every namespace, as many containers do."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        [sys.executable, "-c", NO_NAMESPACES, *arguments],
        cwd=cwd,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize("verb", ["grade", "verify"])
def test_a_missing_wall_is_one_line_and_nothing_runs(_gap, verb, tmp_path, monkeypatch, capsys):
    course = make_course(tmp_path / "course")
    hand_in(course, "s01", RIGHT)
    monkeypatch.chdir(course.root)
    assert main([verb]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "네트워크" in error and "--weak-walls" in error
    assert scores(course) == {}


def test_weak_walls_is_said_every_time(_gap, tmp_path, monkeypatch, capsys):
    course = make_course(tmp_path / "course")
    monkeypatch.chdir(course.root)
    assert main(["grade", "--weak-walls"]) == 0
    assert "네트워크" in capsys.readouterr().err
    assert survey.weak()


def test_the_settings_file_may_decide(_gap):
    with pytest.raises(RuntimeError):
        survey.insist({"sandbox": {"weak_walls": False}})
    assert "네트워크" in survey.insist({"sandbox": {"weak_walls": True}})


def test_an_executor_refuses_by_itself(_gap):
    executor = ForkExecutor()
    with pytest.raises(ExecutorFailed, match="네트워크"):
        executor.run([Step("a", "1", "extra")], {}, LIMITS)


def test_plain_nbgrader_refuses_too(tmp_path):
    course = make_course(tmp_path / "course")
    hand_in(course, "s01", RIGHT)
    with open_gradebook(course) as gradebook:
        assignment.register(gradebook, course, course.lab("toy"), toy())
    refused = without_namespaces("-m", "nbgrader", "autograde", "toy", cwd=course.root)
    assert refused.returncode != 0
    assert "이 기계에 없는 벽" in refused.stderr and survey.WEAK in refused.stderr
    allowed = without_namespaces(
        "-m", "nbgrader", "autograde", "toy", cwd=course.root, COURSE_WEAK_WALLS="1"
    )
    assert allowed.returncode == 0, allowed.stderr
    assert scores(course)["s01", "relu-hidden"][0] == 40


def test_a_machine_without_namespaces(tmp_path):
    course = make_course(tmp_path / "course")
    hand_in(course, "s01", RIGHT)
    told = without_namespaces("-m", "autograder", "grade", cwd=course.root)
    assert (told.returncode, told.stderr.count("\n"), told.stdout) == (2, 1, "")
    assert "Operation not permitted" in told.stderr and "Traceback" not in told.stderr
    weak = without_namespaces("-m", "autograder", "grade", "--weak-walls", cwd=course.root)
    assert weak.returncode == 0, weak.stderr
    assert scores(course)["s01", "relu-hidden"][0] == 40
    leftovers = without_namespaces("-m", "autograder.sandbox.survey", cwd=course.root)
    assert leftovers.returncode == 0 and '"syscalls"' in leftovers.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a capability to give up")
def test_root_without_its_capability(tmp_path):
    course = make_course(tmp_path / "course")
    done = subprocess.run(
        ["setpriv", "--bounding-set", "-sys_admin", sys.executable, "-m", "autograder", "grade"],
        cwd=course.root,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "CAP_SYS_ADMIN" in done.stderr


def test_doctor_names_every_wall(tmp_path):
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / "requirements.txt").touch()
    course = make_course(tmp_path / "course")
    told = command(course, "autograder", "doctor")
    assert told.returncode == 0, told.stderr
    for wall in survey.survey():
        assert wall.title in told.stdout


def test_without_walls_nothing_is_left_running_either(monkeypatch):
    executor = ForkExecutor(weak=True, skip=[walls.PIDS, walls.FILES])
    try:
        token = f"{os.getpid()}77"
        source = f"import subprocess; subprocess.Popen('setsid sleep {token} & sleep {token} &', shell=True)"
        (run,) = executor.run([Step("a", source, "extra")], {}, LIMITS)
        assert run.status == "ok"
        executor.settle()
        listing = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
        assert token not in listing.stdout
    finally:
        executor.close()


needs_walls = pytest.mark.skipif(bool(survey.missing()), reason="walls are missing here")


@needs_walls
def test_a_course_inside_of_what_is_shown_is_covered(monkeypatch):
    """A checkout below the environment's own folder, or below /usr/lib."""
    inside = Path(sys.prefix).resolve() / "share" / "course-of-a-test"
    inside.mkdir(parents=True)
    try:
        (inside / "course.toml").write_text("[course]\n", encoding="ascii")
        monkeypatch.chdir(inside)
        assert Course.find().root == inside
        executor = ForkExecutor(weak=False)
        try:
            source = (
                f"import os; print(os.listdir({str(inside)!r}), os.path.exists({sys.prefix!r}))"
            )
            (run,) = executor.run([Step("a", source, "extra")], {}, LIMITS)
            assert run.outputs[0]["text"] == "[] True\n"
        finally:
            executor.close()
    finally:
        (inside / "course.toml").unlink()
        inside.rmdir()


def test_cgroup_v2(tmp_path, monkeypatch):
    """The unified hierarchy, played by plain files: which settings are written where."""
    place = tmp_path / "scope"
    place.mkdir()
    (tmp_path / "cgroup.controllers").write_text("memory pids", encoding="ascii")
    (place / "cgroup.subtree_control").write_text("cpu memory pids\n", encoding="ascii")
    monkeypatch.setattr(cgroups, "_places", lambda root: {"": place})
    group = cgroups.create("course-1", 2**30, 64, tmp_path)
    (folder,) = group.folders
    assert folder == place / "course-1"
    assert (folder / "memory.max").read_text(encoding="ascii") == str(2**30)
    assert (folder / "pids.max").read_text(encoding="ascii") == "64"
    (place / "cgroup.subtree_control").write_text("", encoding="ascii")
    with pytest.raises(cgroups.NoCgroup):  # nobody delegated it: ours must not be moved
        cgroups.create("course-2", 2**30, 64, tmp_path)
    assert not (place / "course-2").exists()

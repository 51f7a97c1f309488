"""`course grade --scheduler`: a real Dask cluster of two worker processes on this machine."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import psutil
import pytest

from autograder.cli import main
from autograder.course import Course
from autograder.grading import cluster, history, record
from autograder.grading.one import Paper, mark
from autograder.grading.wire import pack, pack_marked, unpack, unpack_marked
from autograder.sandbox.fork import ForkExecutor
from tests.executors import run
from tests.grading.killing import heed_control_c
from tests.grading.toycourse import HALF, RIGHT, ROOT, hand_in, make_course, scores, unhurried
from tests.judge.lab import handed_in

STUDENTS = 16


@pytest.fixture(scope="module")
def dask() -> Iterator:
    """Two worker processes with one thread each; no dashboard, loopback only."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address=None,
        silence_logs=50,
    ) as started:
        yield started


@pytest.fixture
def course(tmp_path) -> Course:
    made = make_course(tmp_path / "course")
    for number in range(STUDENTS):
        hand_in(made, f"s{number:02}", unhurried(RIGHT if number % 3 else HALF))
    return made


def done(course: Course) -> int:
    return len(list(course.records.glob("*/toy/result.json")))


def worker_pids(dask) -> list[int]:
    return [nanny.pid for nanny in dask.workers.values() if nanny.pid]


def warm_processes(dask) -> list[int]:
    found = []
    for pid in worker_pids(dask):
        with contextlib.suppress(psutil.NoSuchProcess):
            children = psutil.Process(pid).children(recursive=True)
            found += [c.pid for c in children if "autograder.sandbox" in " ".join(c.cmdline())]
    return found


def wait_until(true, seconds: float = 60, every: float = 0.005) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(every)


def is_complete(course: Course) -> None:
    """Every submission is graded once, rightly, and so says the history."""
    found = scores(course)
    for number in range(STUDENTS):
        student = f"s{number:02}"
        wanted = 100 if number % 3 else 40
        result = record.load(course, student, "toy")
        assert (result.status, result.score) == ("graded", wanted)
        told = history.read(course.record(student, "toy"))
        assert [(each["cause"], each["score"]) for each in told] == [("first", wanted)]
        assert found[student, "double-hidden"] == (30, None, False)
    assert len({student for student, _ in found}) == STUDENTS


def test_a_job_and_its_answer_survive_the_wire(course):
    paper = Paper.load(course, "toy")
    paper = Paper("toy", paper.source, paper.release, paper.limits, {"a/b.bin": b"\x00\xff"})
    notebook = handed_in(RIGHT, {"double": "print('본 것')"})
    assert unpack(pack(paper, notebook)) == (paper, notebook)
    executor = ForkExecutor()
    try:
        marked = mark(paper, notebook, executor)
    finally:
        executor.close()
    assert unpack_marked(pack_marked(marked)) == marked


def test_a_worker_that_dies_in_the_middle_costs_nothing(dask, course):
    seen: list[int] = []

    def kill() -> None:
        wait_until(lambda: done(course) >= 3)
        seen.append(done(course))
        os.kill(worker_pids(dask)[0], signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    results = run(course, workers=None, scheduler=dask.scheduler_address)
    killer.join()
    assert 3 <= seen[0] < STUDENTS, "the worker died too late to matter"
    assert len(results) == STUDENTS
    is_complete(course)
    wait_until(lambda: not warm_processes(dask), every=0.2)  # to look is work


def test_control_c_cancels_and_the_next_run_goes_on(dask, course):
    process = subprocess.Popen(
        [sys.executable, "-m", "autograder", "grade", "--scheduler", dask.scheduler_address],
        cwd=course.root,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_control_c,
    )
    wait_until(lambda: done(course) >= 2, 120)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and done(course) < STUDENTS
    assert errors.strip().splitlines()[-1].startswith("course: 중단") and "Traceback" not in errors
    wait_until(lambda: not warm_processes(dask), every=0.2)  # to look is work
    wait_until(lambda: not dask.scheduler.tasks, every=0.05)
    run(course, workers=None, scheduler=dask.scheduler_address)
    is_complete(course)


def test_a_worker_with_other_versions_is_refused_by_name(dask, course, monkeypatch, capsys):
    honest = cluster.version
    monkeypatch.setattr(cluster, "version", lambda name: "0.1" if name == "torch" else honest(name))
    cluster.environment.cache_clear()
    monkeypatch.chdir(course.root)
    try:
        assert main(["grade", "--scheduler", dask.scheduler_address]) == 2
    finally:
        cluster.environment.cache_clear()
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert f"torch {honest('torch')} (여기는 0.1)" in line
    assert any(worker in line for worker in dask.scheduler_info["workers"])
    assert done(course) == 0


def test_a_late_worker_is_looked_at_too(dask):
    from distributed import Client

    with Client(dask.scheduler_address, set_as_default=False) as client:
        wrong = cluster.environment() | {"autograder": "0" * 12}
        answer = client.submit(cluster.grade_here, "no-such-run", wrong, {}, pure=False).result(30)
    assert "autograder" in answer["differs"]


@pytest.mark.parametrize("kind", ["nobody", "silent", "nonsense"])
def test_an_address_that_does_not_answer_is_one_line(course, monkeypatch, capsys, kind):
    monkeypatch.chdir(course.root)
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 3)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if kind == "silent":  # takes the connection and never says a word
            listener.listen()
        port = listener.getsockname()[1]
        address = "what is this" if kind == "nonsense" else f"tcp://127.0.0.1:{port}"
        started = time.monotonic()
        assert main(["grade", "--scheduler", address]) == 2
    assert time.monotonic() - started < 30
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "스케줄러" in line and address in line


def test_a_cluster_without_workers_is_one_line(course, monkeypatch, capsys):
    from distributed import LocalCluster

    monkeypatch.chdir(course.root)
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 2)
    with LocalCluster(
        n_workers=0, host="127.0.0.1", dashboard_address=None, silence_logs=50
    ) as empty:
        assert main(["grade", "--scheduler", empty.scheduler_address]) == 2
    assert "작업자가 없습니다" in capsys.readouterr().err

"""The executor's promises: order, isolation of failures, limits, nothing left running."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator

import pytest

from autograder.course import Limits
from autograder.sandbox.executor import CellRun, Step
from autograder.sandbox.fork import ForkExecutor

LIMITS = Limits(cell_seconds=2, submission_seconds=15, memory_gb=1, output_kb=64)


@pytest.fixture(scope="module")
def executor() -> Iterator[ForkExecutor]:
    executor = ForkExecutor()
    yield executor
    executor.close()


def run(executor: ForkExecutor, *sources: str, files=None, limits=LIMITS) -> list[CellRun]:
    steps = [Step(f"c{i}", source, "extra") for i, source in enumerate(sources)]
    return executor.run(steps, files or {}, limits)


def text(run: CellRun) -> str:
    return "".join(o["text"] for o in run.outputs if o["output_type"] == "stream")


def test_cells_share_names_and_run_in_order(executor):
    first, second = run(executor, "x = 20", "print(x + 1)\nx")
    assert first.status == second.status == "ok"
    assert text(second) == "21\n"
    assert second.outputs[-1]["data"] == {"text/plain": "20"}


def test_submissions_do_not_share_names(executor):
    run(executor, "leftover = 1")
    (again,) = run(executor, "leftover")
    assert again.error.name == "NameError"


def test_a_failing_cell_stops_no_other(executor):
    broken, syntax, fine = run(executor, "1 / 0", "def f(:", "print('ok')")
    assert (broken.status, broken.error.name, broken.error.line) == (
        "error",
        "ZeroDivisionError",
        1,
    )
    assert syntax.error.name == "SyntaxError"
    assert text(fine) == "ok\n"


def test_magics_figures_and_warnings_behave_as_in_a_notebook(executor):
    magic, figure, warning = run(
        executor,
        "%time 1 + 1",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.show()",
        "import warnings; warnings.warn('careful')",
    )
    assert magic.status == "ok"
    assert "image/png" in figure.outputs[0]["data"]
    assert warning.status == "ok" and warning.outputs[0]["name"] == "stderr"


def test_endless_loops_cost_their_own_cell_only(executor):
    stubborn = "while True:\n    try:\n        while True: pass\n    except BaseException: pass"
    polite, hard, after = run(executor, "while True: pass", stubborn, "print('after')")
    assert (polite.status, hard.status) == ("timeout", "timeout")
    assert text(after) == "after\n"


def test_a_hidden_test_is_not_tried_after_its_public_one_hung(executor):
    steps = [
        Step("p", "while True: pass", "test", "e"),
        Step("h", "while True: pass", "test", "e", after="p"),
        Step("other", "print(1)", "test", "f"),
    ]
    started = time.monotonic()
    public, hidden, other = executor.run(steps, {}, LIMITS)
    assert (public.status, hidden.status, other.status) == ("timeout", "not_run", "ok")
    assert time.monotonic() - started < 4


@pytest.mark.parametrize("death", ["import os; os._exit(0)", "import os; os.kill(0, 9)"])
def test_a_cell_that_ends_the_process_costs_itself_only(executor, death):
    before, dead, after = run(executor, "x = 1", death, "print(x)")
    assert (before.status, dead.status) == ("ok", "died")
    assert text(after) == "1\n"


def test_the_whole_submission_has_a_limit(executor):
    limits = Limits(cell_seconds=5, submission_seconds=3)
    runs = run(executor, *["import time; time.sleep(2)"] * 4, limits=limits)
    assert runs[0].status == "ok" and runs[-1].status == "not_run"


def test_memory_and_files_are_limited(executor):
    memory, disk, fine = run(
        executor,
        "import torch; torch.ones(3 * 2**30, dtype=torch.uint8)",
        "open('big', 'wb').write(bytes(30 * 2**20))",
        "torch.ones(3).sum().item()",
    )
    assert memory.status == "error"
    assert disk.status in ("error", "died")
    assert fine.status == "ok"


def test_output_is_cut_and_says_so(executor):
    flood, one_line = run(executor, "for _ in range(10**5): print('line')", "print('x' * 10**7)")
    for output in (flood, one_line):
        assert output.status == "ok"
        assert len(text(output)) < 70_000 and "잘랐습니다" in text(output)


def test_files_lie_in_a_private_folder(executor):
    read, write = run(
        executor, "open('data/a.txt').read()", "open('b', 'w')", files={"data/a.txt": b"hi"}
    )
    assert read.outputs[-1]["data"]["text/plain"] == "'hi'" and write.status == "ok"
    (again,) = run(executor, "import os; os.path.exists('b')")
    assert again.outputs[-1]["data"]["text/plain"] == "False"


def test_nothing_is_left_running(executor):
    (started,) = run(executor, "import subprocess; print(subprocess.Popen(['sleep', '94837']).pid)")
    assert started.status == "ok"
    executor.settle()
    listing = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    assert "sleep 94837" not in listing.stdout


def test_environment_of_the_grader_stays_outside(executor, monkeypatch):
    monkeypatch.setenv("COURSE_DB_URL", "postgresql://secret")
    fresh = ForkExecutor()
    try:
        (run_,) = run(fresh, "import os; print(dict(os.environ))")
    finally:
        fresh.close()
    assert "secret" not in text(run_)


def test_banned_names_raise_only_inside_the_students_functions(executor):
    steps = [
        Step("a", "import torch\ndef f(x):\n    return torch.relu(x)", "answer", "f"),
        Step(
            "t", "torch.relu(torch.ones(1)); f(torch.ones(1))", "test", "f", ("f",), ("torch.relu",)
        ),
        Step("u", "f(torch.ones(1))", "extra"),
    ]
    _, test, after = executor.run(steps, {}, LIMITS)
    assert test.status == "error" and test.banned == "torch.relu"
    assert after.status == "ok"


def test_a_swallowed_ban_is_still_noted(executor):
    answer = (
        "import torch\ndef f(x):\n    try:\n        return torch.relu(x)\n"
        "    except Exception:\n        return x"
    )
    steps = [
        Step("a", answer, "answer", "f"),
        Step("t", "f(torch.ones(1))", "test", "f", ("f",), ("torch.relu",)),
    ]
    assert executor.run(steps, {}, LIMITS)[1].banned == "torch.relu"


def test_a_warm_process_that_died_is_started_again():
    executor = ForkExecutor()
    try:
        run(executor, "1")
        for process in (executor._student, executor._judge):
            process.process.kill()
            process.process.wait()
            (again,) = run(executor, "2")
            assert again.status == "ok"
    finally:
        executor.close()

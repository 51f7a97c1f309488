"""A submission of one exercise through the real executor: what a student wrote, what is tested."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.course import Limits
from autograder.judge.plan import defined_names
from autograder.sandbox.executor import CellRun, Executor, Step

LIMITS = Limits(
    call_seconds=2, cell_seconds=4, submission_seconds=25, memory_gb=1, file_mb=5, output_kb=64
)
GIVEN = "import torch\nfrom torch import nn"


def judged(
    executor: Executor,
    answer: str,
    *tests: str,
    meant: str | None = None,
    given: str = GIVEN,
    extras: Sequence[str] = (),
    banned: Sequence[str] = (),
    files: dict[str, bytes] | None = None,
    limits: Limits = LIMITS,
) -> list[CellRun]:
    """Runs given cell, answer, the student's own cells, then the tests. Returns the tests' runs.

    Args:
        meant: the instructor's answer, where it defines other names than the student's.
    """
    names = defined_names(answer if meant is None else meant)
    steps = [
        Step("given", given, "given"),
        Step("answer", answer, "answer", "e", names),
        *(Step(f"extra{i}", source, "extra") for i, source in enumerate(extras)),
        *(
            Step(f"test{i}", source, "test", "e", names, tuple(banned))
            for i, source in enumerate(tests)
        ),
    ]
    return executor.run(steps, files or {}, limits)[-len(tests) :] if tests else []


def printed(run: CellRun) -> str:
    """What a cell printed on stdout."""
    return "".join(o["text"] for o in run.outputs if o.get("name") == "stdout")


def assert_passes(executor: Executor, answer: str, *tests: str, **options) -> list[CellRun]:
    """All tests pass."""
    runs = judged(executor, answer, *tests, **options)
    for run in runs:
        assert run.status == "ok", run.error
    return runs


def assert_fails(executor: Executor, answer: str, test: str, **options) -> CellRun:
    """The test fails with an error of its own: nothing died, no time ran out."""
    (run,) = judged(executor, answer, test, **options)
    assert run.status == "error", run
    return run

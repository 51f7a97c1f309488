"""What the runs mean: points and Korean sentences. A score never comes from what a cell printed."""

from __future__ import annotations

from collections.abc import Sequence

from nbformat import NotebookNode

from autograder import notebooks
from autograder.course import Limits
from autograder.judge.bans import find_banned
from autograder.judge.plan import banned_names, defined_names, instructor_cells
from autograder.judge.points import declared, earned
from autograder.results import Check, Exercise
from autograder.sandbox.executor import CellRun, Step

HIDDEN_FAILED = "공개 테스트는 통과했지만 숨은 테스트를 통과하지 못했습니다."


def judge(
    steps: Sequence[Step], runs: Sequence[CellRun], source: NotebookNode, limits: Limits
) -> dict[str, Exercise]:
    """Exercises in notebook order, each with its checks, reason and the student's own outputs.

    Args:
        steps: as `plan` made them.
        runs: one run per step, in order.
        source: the instructor's notebook: points come from here and nowhere else.
    """
    by_id = {run.id: run for run in runs}
    ours = instructor_cells(source)
    banned = banned_names(source)
    answers = {step.exercise: step for step in steps if step.kind == "answer"}
    earlier, others, gone = _sources(steps)
    exercises: dict[str, Exercise] = {}
    for name, cell in ours.items():
        if notebooks.role(cell) not in ("public", "hidden"):
            continue
        exercise = notebooks.exercise(cell)
        answer = answers.get(exercise)
        if exercise not in exercises:
            exercises[exercise] = Exercise(0.0, 0.0)
            if answer:
                _attach_outputs(exercises[exercise], answer, steps, by_id)
        points = notebooks.points(cell)
        forbidden = None
        if answer and banned.get(exercise):
            entry = defined_names(ours[exercise].source)
            forbidden = find_banned(answer.source, entry, others, banned[exercise], earlier, gone)
        run = by_id.get(name, CellRun(name, "not_run"))
        public = by_id.get(f"{exercise}-public")
        if run.status == "not_run" and public and public.status in ("timeout", "died"):
            run = public  # not run for the same cause
        answer_run = by_id.get(answer.id) if answer else None
        message = _message(run, answer_run, forbidden, limits)
        check = Check(
            grade_id=name,
            kind=notebooks.role(cell),
            passed=message is None,
            score=points if message is None else 0.0,
            max_score=points,
        )
        if run.status == "error" and run.error.parts and not forbidden and not run.banned:
            check.parts = earned(declared(cell.source), run.error.parts)
            check.score = sum(part["points"] for part in check.parts if part["passed"])
            failed = [part for part in check.parts if not part["passed"]]
            message = " ".join(f"[{part['title']}] {part['message']}" for part in failed) or message
        if message is not None:
            check.message = message
            check.hints = run.error.hints if run.error else []
            check.trace = _trace(run)
        exercises[exercise].checks.append(check)
    for exercise in exercises.values():
        _settle(exercise)
    return exercises


def _sources(steps: Sequence[Step]) -> tuple[list[str], list[str], tuple[str, ...]]:
    """The cells that ran before and after the reference came in, and the names that it took."""
    place = next((k for k, step in enumerate(steps) if step.kind == "carry"), 0)
    code = [s.source if s.kind in ("given", "extra", "answer") else "" for s in steps]
    gone = steps[place].defines if steps and steps[place].kind == "carry" else ()
    return code[:place], code[place:], gone


def _settle(exercise: Exercise) -> None:
    """Sums up an exercise. A banned call anywhere costs the whole exercise, as the task says."""
    if any(check.message.startswith(_BANNED) for check in exercise.checks):
        guilty = next(c.message for c in exercise.checks if c.message.startswith(_BANNED))
        for check in exercise.checks:
            check.passed, check.score, check.message = False, 0.0, guilty
            check.parts = []
    exercise.score = sum(check.score for check in exercise.checks)
    exercise.max_score = sum(check.max_score for check in exercise.checks)
    failed = [check for check in exercise.checks if not check.passed]
    public = [check for check in failed if check.kind == "public"]
    if public:
        exercise.reason = public[0].message
    elif failed:
        # What a hidden test says may give it away: the student learns only that it failed, or
        # what does not depend on the test (time, memory, a forbidden call).
        told = failed[0].message
        exercise.reason = told if told.startswith(_SAFE) else HIDDEN_FAILED


_BANNED = "이 문제에서 쓸 수 없는 함수를 불렀습니다"
_TIME = "시간 안에 끝나지 않았습니다"
_DIED = "실행하다 프로세스가 끝나 버렸습니다"
_SAFE = (_BANNED, _TIME, _DIED)


def _message(
    run: CellRun, answer: CellRun | None, forbidden: str | None, limits: Limits
) -> str | None:
    """Why a test cell does not count, as a Korean sentence; None when it passed."""
    if forbidden or run.banned:
        return f"{_BANNED}: {forbidden or run.banned}. 직접 구현해야 점수를 받습니다."
    if run.status == "ok":
        return None
    if answer and answer.status != "ok" and _is_consequence(run):
        return _answer_broke(answer, limits)
    if run.status == "timeout" and run.limit == "call":
        return (
            f"{_TIME} (함수를 한 번 부르는 데 {limits.call_seconds:g}초). "
            "끝나지 않는 반복이 있는지 살펴보세요."
        )
    if run.status == "timeout":
        return (
            f"{_TIME} (셀 하나에 {limits.cell_seconds:g}초). 끝나지 않는 반복이 있는지 살펴보세요."
        )
    if run.status == "died":
        return f"{_DIED}. 메모리({limits.memory_gb:g} GB)를 넘지 않는지 살펴보세요."
    if run.status == "not_run":
        return (
            f"{_TIME} (제출물 전체에 {limits.submission_seconds:g}초). "
            "앞의 셀이 시간을 다 써서 이 테스트를 실행하지 못했습니다."
        )
    error = run.error
    if error.message:
        return error.message
    if error.name == "NotImplementedError":
        return "아직 작성하지 않은 문제입니다."
    where = f" ({error.line}번째 줄)" if error.line else ""
    if error.name == "AssertionError":
        return error.value or f"테스트의 조건이 맞지 않습니다{where}."
    return f"실행하다 오류가 났습니다: {error.name}: {_one_line(error.value)}{where}"


def _is_consequence(run: CellRun) -> bool:
    """A test that failed because the answer cell defined nothing."""
    return run.status == "not_run" or bool(run.error and run.error.name == "NameError")


def _answer_broke(answer: CellRun, limits: Limits) -> str:
    if answer.status == "timeout":
        return f"답 셀이 {_TIME} (셀 하나에 {limits.cell_seconds:g}초)."
    if answer.status == "died":
        return f"답 셀을 {_DIED}. 메모리({limits.memory_gb:g} GB)를 넘지 않는지 살펴보세요."
    if answer.status == "not_run":
        return f"{_TIME} (제출물 전체에 {limits.submission_seconds:g}초)."
    error = answer.error
    where = f" ({error.line}번째 줄)" if error.line else ""
    if error.name in ("SyntaxError", "IndentationError", "TabError"):
        return f"답 셀에 문법 오류가 있습니다{where}: {_one_line(error.value)}"
    return f"답 셀에서 오류가 났습니다{where}: {error.name}: {_one_line(error.value)}"


def _one_line(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 160 else text[:160] + "…"


def _trace(run: CellRun) -> str:
    if run.error is None:
        return run.status
    return f"{run.error.name}: {run.error.value}\n{run.error.trace}".strip()


def _attach_outputs(
    exercise: Exercise, answer: Step, steps: Sequence[Step], runs: dict[str, CellRun]
) -> None:
    """What the answer cell and the student's own cells right after it showed."""
    position = steps.index(answer)
    own = [answer]
    for step in steps[position + 1 :]:
        if step.kind == "extra":
            own.append(step)
        elif step.kind == "answer":
            break
    for step in own:
        run = runs.get(step.id)
        if run is None:
            continue
        exercise.outputs += run.outputs
        if run.error is not None and step.kind == "extra":
            text = f"{run.error.name}: {run.error.value}"
            exercise.outputs.append({"output_type": "stream", "name": "stderr", "text": text})
    exercise.seconds = sum(
        run.seconds
        for step in steps
        if step in own or step.exercise == answer.exercise
        if (run := runs.get(step.id))
    )

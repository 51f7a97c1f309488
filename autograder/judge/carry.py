"""Carry forward: an exercise judged again with the reference in the place of an earlier wrong answer.

Where the author asked for it (`course.carry` in the answer cell's metadata: names of functions
that earlier exercises define), an exercise that lost points is run a second time. In that run the
names whose exercises were not full are handles in the student's process, whose calls come back
to the judge (DESIGN §3.5). No text of the reference goes there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from nbformat import NotebookNode

from autograder import notebooks
from autograder.judge.plan import defined_names, instructor_cells
from autograder.results import Exercise
from autograder.sandbox.executor import Step


def wanted(source: NotebookNode) -> dict[str, dict[str, str]]:
    """exercise → name it may be carried over → the exercise that defines that name.

    Names that no earlier exercise defines are left out: `course release` refuses them.
    """
    found: dict[str, dict[str, str]] = {}
    makers: dict[str, str] = {}
    for exercise, cell in _answers(source).items():
        asked = cell.metadata.get("course", {}).get("carry", ())
        if mine := {name: makers[name] for name in asked if name in makers}:
            found[exercise] = mine
        makers |= dict.fromkeys(defined_names(cell.source), exercise)
    return found


def setting(source: NotebookNode) -> dict[str, list]:
    """What a score depends on because of carrying: the names, and the answers they stand for."""
    answers, found = _answers(source), {}
    for exercise, names in wanted(source).items():
        before = list(answers)[: list(answers).index(exercise)]
        found[exercise] = [sorted(names), [answers[each].source for each in before]]
    return found


def due(source: NotebookNode, exercises: Mapping[str, Exercise]) -> dict[str, tuple[str, ...]]:
    """exercise → names to replace, for those that lost points and build on one that did, too.

    Args:
        exercises: what the first run, with the student's own functions only, came to.
    """
    found = {}
    for exercise, makers in wanted(source).items():
        wrong = tuple(n for n, maker in makers.items() if not _is_full(exercises.get(maker)))
        if wrong and exercise in exercises and not _is_full(exercises[exercise]):
            found[exercise] = wrong
    return found


def again(
    steps: Sequence[Step], source: NotebookNode, exercise: str, names: Sequence[str]
) -> list[Step]:
    """The steps of the second run: all that stands before the exercise, and its own tests only.

    Right before its answer cell comes the step `carry`, with the instructor's answers so far (and
    the given cells that they need) as its source, for the judge's process alone.

    Returns nothing where the submission has no such answer cell.
    """
    kinds = [(step.kind, step.exercise) for step in steps]
    if ("answer", exercise) not in kinds or ("test", exercise) not in kinds:
        return []
    first = kinds.index(("answer", exercise))
    last = max(place for place, kind in enumerate(kinds) if kind == ("test", exercise))
    before = [step for step in steps[:first] if step.kind != "test"]
    ours = _answers(source)
    reference = [
        step.source if step.kind == "given" else ours[step.exercise].source
        for step in before
        if step.kind == "given" or (step.kind == "answer" and step.exercise in ours)
    ]
    carry = Step(f"{exercise}-carry", "\n\n".join(reference), "carry", exercise, tuple(names))
    own = [
        step for step in steps[first : last + 1] if step.kind != "test" or step.exercise == exercise
    ]
    return [*before, carry, *own]


def noted(exercise: Exercise, names: Sequence[str]) -> Exercise:
    """The exercise as the second run left it, and its reason says so."""
    said = (
        f"앞에서 만든 {', '.join(names)} 대신 우리가 만든 것을 넣고 채점했습니다. "
        "앞 문제가 아직 맞지 않기 때문이며, 앞 문제의 점수는 그대로입니다."
    )
    return replace(exercise, carried=list(names), reason=f"{said} {exercise.reason}".strip())


def _answers(source: NotebookNode) -> dict[str, NotebookNode]:
    return {
        name: cell
        for name, cell in instructor_cells(source).items()
        if notebooks.role(cell) == "answer"
    }


def _is_full(exercise: Exercise | None) -> bool:
    return exercise is not None and exercise.score >= exercise.max_score

"""`course verify`: tests the tests. Right answers must pass, plausible wrong ones must be caught."""

from __future__ import annotations

import copy
import importlib.util
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from nbformat import NotebookNode
from tqdm import tqdm

from autograder import notebooks
from autograder.course import Course, Lab, UsageError
from autograder.grading.one import Marked, Paper, mark
from autograder.grading.pool import Failure, run_all
from autograder.judge import carry
from autograder.publish.names import names as needs

MIN_MUTANTS, MIN_VARIANTS = 3, 2  # for every exercise (LABS rule 3)


@dataclass(frozen=True)
class Case:
    """One notebook to grade and what must come out.

    carried: the answer is right, and what it is carried over (judge.carry) is not written yet;
    carried mutant: the same with a wrong answer.
    """

    lab: str
    kind: Literal["reference", "stub", "mutant", "variant", "carried", "carried mutant"]
    exercise: str
    name: str
    notebook: NotebookNode
    paper: Paper


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a lab's tests, as a line."""

    lab: str
    text: str


def with_answers(release: NotebookNode, answers: dict[str, str]) -> NotebookNode:
    """The released notebook with these answers (exercise → source) put into its answer cells."""
    notebook = copy.deepcopy(release)
    for cell in notebook.cells:
        name = notebooks.exercise(cell)
        if notebooks.role(cell) in ("answer", "written") and name in answers:
            cell.source = answers[name]
    return notebook


def reference_answers(source: NotebookNode) -> dict[str, str]:
    """exercise → the instructor's answer cell."""
    return {
        notebooks.exercise(cell): cell.source
        for cell in source.cells
        if notebooks.role(cell) == "answer"
    }


def load_mutants(course: Course, lab: str) -> tuple[dict, dict]:
    """(MUTANTS, VARIANTS) of tests/mutants/<lab>.py, each exercise → name → source.

    Raises:
        UsageError: there is no such file.
    """
    path = course.root / "tests" / "mutants" / f"{lab}.py"
    if not path.is_file():
        raise UsageError(f"{path.relative_to(course.root)}이(가) 없습니다")
    spec = importlib.util.spec_from_file_location(f"mutants_{lab}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.MUTANTS, module.VARIANTS


def cases(course: Course, lab: Lab) -> list[Case]:
    """Everything that the lab's tests are tried on."""
    paper = Paper.load(course, lab.name)
    reference = reference_answers(paper.source)
    mutants, variants = load_mutants(course, lab.name)

    def case(kind, exercise, name, answers):
        return Case(lab.name, kind, exercise, name, with_answers(paper.release, answers), paper)

    carried = carry.wanted(paper.source)

    def without(exercise):
        """The reference, but nothing in the exercises that this one may be carried over."""
        return {k: v for k, v in reference.items() if k not in carried[exercise].values()}

    found = [case("reference", "", "reference", reference), case("stub", "", "stub", {})]
    for kind, table in (("mutant", mutants), ("variant", variants)):
        for exercise, named in table.items():
            for name, source in named.items():
                text = f"# [{lab.name}:{exercise}]\n{source.strip()}\n"
                found.append(case(kind, exercise, name, reference | {exercise: text}))
                if exercise in carried:
                    also = "carried" if kind == "variant" else "carried mutant"
                    left = without(exercise)
                    found.append(case(also, exercise, name, left | {exercise: text}))
    for exercise in carried:
        found.append(case("carried", exercise, "reference", without(exercise)))
    return found


def _count_problems(course: Course, lab: Lab) -> list[Problem]:
    mutants, variants = load_mutants(course, lab.name)
    exercises = reference_answers(Paper.load(course, lab.name).source)
    found = []
    for exercise in exercises:
        if (n := len(mutants.get(exercise, {}))) < MIN_MUTANTS:
            found.append(Problem(lab.name, f"{exercise}: 오답 견본이 {n}개뿐입니다"))
        if (n := len(variants.get(exercise, {}))) < MIN_VARIANTS:
            found.append(Problem(lab.name, f"{exercise}: 정답 변형이 {n}개뿐입니다"))
    for exercise, names in carry.wanted(Paper.load(course, lab.name).source).items():
        answers = [exercises[exercise], *variants.get(exercise, {}).values()]
        needed = {name for answer in answers for name in needs(answer).needed}
        for name in names:
            if name not in needed:
                text = (
                    f"{exercise}: {name}을(를) 부르는 정답이 없어 course.carry를 시험하지 못합니다"
                )
                found.append(Problem(lab.name, text))
    for exercise in [*mutants, *variants]:
        if exercise not in exercises:
            found.append(Problem(lab.name, f"{exercise}: 이런 문제는 없습니다"))
    return found


def problems(case: Case, answer: Marked | Failure) -> list[Problem]:
    """What is wrong with this case's outcome; empty when it is as it must be."""
    label = f"{case.exercise or case.kind} / {case.name}"
    if isinstance(answer, Failure):
        return [Problem(case.lab, f"{label}: 실행하지 못했습니다: {answer.reason}")]
    exercises = answer.exercises
    if case.kind == "stub":
        passed = [c.grade_id for e in exercises.values() for c in e.checks if c.score]
        return [Problem(case.lab, f"빈 답이 통과합니다: {name}") for name in passed]
    if case.kind.startswith("carried"):
        label += " (앞 문제 없이)"
    if case.kind == "carried":
        exercises = {case.exercise: exercises[case.exercise]}
    if case.kind in ("mutant", "carried mutant"):
        hidden = [c for c in exercises[case.exercise].checks if c.kind == "hidden"]
        if any(check.passed for check in hidden) or not hidden:
            return [Problem(case.lab, f"{label}: 오답인데 숨은 테스트를 통과합니다")]
        return []
    return [
        Problem(case.lab, f"{label}: 정답인데 {check.grade_id}에서 막힙니다: {check.message}")
        for exercise in exercises.values()
        for check in exercise.checks
        if not check.passed
    ]


def verify(
    course: Course,
    labs: Sequence[Lab],
    workers: int | None = None,
    say: Callable[[str], None] = print,
    quiet: bool = False,
) -> list[Problem]:
    """Tries every lab's tests on its reference, stub, mutants and variants; says what it found."""
    found: list[Problem] = []
    for lab in labs:
        mine = _count_problems(course, lab)
        todo = cases(course, lab)
        with tqdm(total=len(todo), desc=lab.name, unit="개", disable=quiet or None) as bar:
            work = run_all(
                todo,
                lambda case, executor: mark(case.paper, case.notebook, executor),
                workers or os.cpu_count() or 1,
            )
            for case, answer in work:
                mine += problems(case, answer)
                bar.update()
        count = {k: sum(c.kind == k for c in todo) for k in ("mutant", "variant")}
        say(
            f"{lab.name}: 오답 {count['mutant']}개와 정답 변형 {count['variant']}개 — "
            + ("모두 기대대로입니다" if not mine else f"문제 {len(mine)}건")
        )
        for problem in mine:
            say(f"  {problem.text}")
        found += mine
    return found

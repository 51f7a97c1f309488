"""The work to be graded: varied hand-ins of lab rnn, the same for every grader."""

from __future__ import annotations

import copy
import random
from dataclasses import dataclass

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from autograder import notebooks
from autograder.course import Course
from autograder.grading.one import Paper
from autograder.grading.verify import load_mutants, reference_answers, with_answers

LAB = "rnn"


@dataclass(frozen=True)
class Work:
    """The lab without its demo cells, and hand-ins by student."""

    paper: Paper
    instructor: NotebookNode  # the release with tests and answers in place: what nbgrader grades by
    handins: dict[str, NotebookNode]


def prepare(course: Course, count: int, print_kb: int = 0) -> Work:
    """`count` different hand-ins of mutants, variants and reference answers, the same every time.

    Args:
        print_kb: how much text each of them prints besides.
    """
    whole = Paper.load(course, LAB)
    release, source = without_demos(whole.release), without_demos(whole.source)
    paper = Paper(LAB, source, release, whole.limits, whole.files)
    choices = _choices(course, source)
    chance, handins, seen = random.Random(0), {}, set()
    while len(handins) < count:
        answers = {name: chance.choice(texts) for name, texts in choices.items()}
        key = tuple(answers.values())
        if key in seen:
            continue
        seen.add(key)
        notebook = with_answers(release, answers)
        if print_kb:
            cell = new_code_cell(f"for _ in range({print_kb}):\n    print('x' * 1023)")
            notebook.cells.append(cell)
        handins[f"s{len(handins):04}"] = notebook
    return Work(paper, _instructor(release, source), handins)


def without_demos(notebook: NotebookNode) -> NotebookNode:
    """The notebook without cells that show training and pictures: nobody grades by them."""
    notebook = copy.deepcopy(notebook)
    notebook.cells = [cell for cell in notebook.cells if notebooks.role(cell) != "demo"]
    return notebook


def _choices(course: Course, source: NotebookNode) -> dict[str, list[str]]:
    """exercise → answers to choose from; right ones as often as wrong ones."""
    mutants, variants = load_mutants(course, LAB)
    found = {}
    for name, reference in reference_answers(source).items():
        marked = [
            f"# [{LAB}:{name}]\n{text.strip()}\n"
            for texts in (variants.get(name, {}), mutants.get(name, {}))
            for text in texts.values()
        ]
        wrong = len(mutants.get(name, {}))
        found[name] = [reference] * max(1, wrong - len(marked) + wrong) + marked
    return found


def _instructor(release: NotebookNode, source: NotebookNode) -> NotebookNode:
    ours = {notebooks.grade_id(cell): cell for cell in source.cells if notebooks.grade_id(cell)}
    notebook = copy.deepcopy(release)
    for cell in notebook.cells:
        if notebooks.grade_id(cell) in ours:
            cell.source = ours[notebooks.grade_id(cell)].source
    return notebook

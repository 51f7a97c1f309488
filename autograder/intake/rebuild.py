"""Puts a student's answers into the notebook that was released.

Taken from a hand-in: the text of its answer cells, the written answers, and code cells of the
student's own. Everything else comes from the release, so points, tests, demos, tags and kernels
of a hand-in never count, whatever was done to them.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field

from nbformat import NotebookNode

from autograder.intake.cells import Claim, Release, Released, plain
from autograder.intake.notebook import lab_named_in
from autograder.intake.refused import Refused
from autograder.notebooks import copied, marker


@dataclass
class Rebuilt:
    """A submission as it is graded.

    `answers` and `written` have the text that stands in the cell of every exercise, the released
    stub included. `missing` are exercises whose cell was not found, `doubled` those with several
    answers; `notices` are Korean sentences about what was ignored or put right.
    """

    notebook: NotebookNode
    answers: dict[str, str] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)
    extras: int = 0
    notices: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)


def rebuild(
    handed_in: NotebookNode,
    release: NotebookNode,
    lab: str,
    past: NotebookNode | None = None,
) -> Rebuilt:
    """The release with this student's answers in it.

    Args:
        handed_in: what `intake.notebook.parse` made of the hand-in.
        release: the current release.
        lab: the lab's name.
        past: the earlier release that the student worked in, if it was another one.

    Raises:
        Refused: it is another lab's notebook, or nothing of this lab is in it.
    """
    target = Release(release, lab)
    known = target if past is None else Release(past, lab)
    claims = [known.claim(cell) for cell in handed_in.cells]
    _check_lab(handed_in, claims, lab)
    return _Rebuild(handed_in, claims, known, target).run()


def _check_lab(handed_in: NotebookNode, claims: list[Claim | None], lab: str) -> None:
    named = lab_named_in(handed_in)
    ours = any((found := marker(cell.source)) and found[0] == lab for cell in handed_in.cells)
    if named not in (None, lab) and not ours:
        raise Refused(f"다른 실습({named})의 노트북입니다.")
    answered = any(claim and claim.released.role == "answer" for claim in claims)
    written = any(claim and claim.released.role == "written" for claim in claims)
    # `reflection` is called so in every lab: by itself it does not show that this is ours.
    if not (ours or answered or (written and named == lab)):
        raise Refused(f"이 노트북에는 실습 {lab}의 답 셀이 하나도 없습니다.")


class _Rebuild:
    """One rebuild: choose an answer for every exercise, place it, place the student's own cells."""

    def __init__(
        self,
        handed_in: NotebookNode,
        claims: list[Claim | None],
        known: Release,
        target: Release,
    ) -> None:
        self.cells = handed_in.cells
        self.claims = claims
        self.known = known
        self.target = target
        self.notices: list[str] = []
        self.missing: list[str] = []
        self.doubled: list[str] = []
        self.used: set[int] = set()  # handed-in cells that are accounted for

    def run(self) -> Rebuilt:
        """Does it."""
        chosen = {name: self._choose(each) for name, each in self.known.answers.items()}
        self._note_edited()
        notebook = copied(self.target.notebook)
        answers: dict[str, str] = {}
        written: dict[str, str] = {}
        for name, released in self.target.answers.items():
            cell = notebook.cells[released.index]
            index = chosen.get(name)
            if index is not None:
                cell.source = self.cells[index].source
            (written if released.role == "written" else answers)[name] = cell.source
        self._note_gone(chosen)
        extras = self._extras(chosen)
        notebook.cells = self._merged(notebook.cells, extras)
        for cell in notebook.cells:
            cell.pop("attachments", None)
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        return Rebuilt(
            notebook,
            answers,
            written,
            sum(len(each) for each in extras.values()),
            self.notices,
            self.missing,
            self.doubled,
        )

    # Answers

    def _choose(self, released: Released) -> int | None:
        """The index of the handed-in cell whose text answers this exercise, if there is one."""
        name = released.exercise
        stub = plain(released.cell.source)
        found = self._claiming(released)
        sure = [index for index in found if self.claims[index].sure]
        for group in (sure, [index for index in found if index not in sure]):
            real = [index for index in group if plain(self.cells[index].source) not in ("", stub)]
            if not real:
                self.used.update(group)
                continue
            texts = {plain(self.cells[index].source) for index in real}
            if len(texts) > 1:
                self.doubled.append(name)
                self.notices.append(
                    f"{name}의 답 셀이 {len(real)}개입니다. 마지막 셀의 답으로 채점합니다."
                )
            self.used.update(group)
            return real[-1]
        if released.role == "written" and (beside := self._beside(released)) is not None:
            self.used.add(beside)
            self.notices.append(f"{name}의 답을 바로 옆에 새로 만든 셀에서 찾았습니다.")
            return beside
        if found:
            return found[-1]
        self.missing.append(name)
        self.notices.append(self._why_missing(released))
        return None

    def _claiming(self, released: Released) -> list[int]:
        return [
            index for index, claim in enumerate(self.claims) if claim and claim.released is released
        ]

    def _beside(self, released: Released) -> int | None:
        """A text cell of the student's own where the written answer should stand."""
        before = [
            index
            for index, claim in enumerate(self.claims)
            if claim and claim.released.index <= released.index
        ]
        start = max(before, default=-1) + 1
        found = None
        for index in range(start, len(self.cells)):
            if self.claims[index] is not None:
                break
            cell = self.cells[index]
            if cell.cell_type == "markdown" and cell.source.strip() and not marker(cell.source):
                found = index
        return found

    def _why_missing(self, released: Released) -> str:
        name = released.exercise
        for cell in self.cells:
            if marker(cell.source) == (self.known.lab, name):
                return f"{name}의 답이 코드 셀이 아니라 글 셀에 있어 채점하지 못했습니다."
        return f"{name}의 답 셀이 없어 답하지 않은 것으로 봅니다."

    # What is ignored

    def _note_edited(self) -> None:
        """Released cells come from the release; says so where somebody changed one."""
        edited = {
            claim.released.role
            for cell, claim in zip(self.cells, self.claims, strict=True)
            if claim
            and not claim.released.is_answer
            and cell.cell_type == "code"
            and plain(cell.source) != plain(claim.released.cell.source)
        }
        if edited & {"public", "hidden"}:
            self.notices.append("시험 셀이 바뀌어 있어 원래 것으로 채점합니다.")
        if "demo" in edited:
            self.notices.append("시연 셀이 바뀌어 있지만 원래 것을 씁니다(점수와는 관계없습니다).")
        if edited & {"given", "setup"}:
            self.notices.append("주어진 셀이 바뀌어 있어 원래 것을 씁니다.")

    def _note_gone(self, chosen: dict[str, int | None]) -> None:
        for name, index in chosen.items():
            if name not in self.target.answers and index is not None:
                self.notices.append(f"{name}은(는) 이 실습에서 빠진 문제라 채점하지 않습니다.")

    # The student's own cells

    def _extras(self, chosen: dict[str, int | None]) -> dict[int, list[NotebookNode]]:
        """The student's code cells by the released cell after which they run; -1 is the top."""
        places = [self._place(index, chosen) for index in range(len(self.cells))]
        answered = {index for index in chosen.values() if index is not None}
        following: list[int | None] = []  # the next placed cell, if it is an answer
        upcoming = None
        for index in reversed(range(len(places))):
            following.insert(0, upcoming)
            if places[index] is not None:
                upcoming = places[index] if index in answered else None
        extras: dict[int, list[NotebookNode]] = defaultdict(list)
        before = -1
        for index, cell in enumerate(self.cells):
            if places[index] is not None:
                before = places[index]
            elif self._is_extra(index):
                # A helper in front of an answer that was moved down goes up with it.
                answer = following[index]
                moved = answer is not None and answer < before
                extras[answer - 1 if moved else before].append(cell)
        return extras

    def _place(self, index: int, chosen: dict[str, int | None]) -> int | None:
        """Where in the release a matched cell stands; None for cells that say nothing about it."""
        claim = self.claims[index]
        if claim is None or not claim.placed:
            return None
        if claim.released.is_answer:
            name = claim.released.exercise
            if name in self.target.answers and chosen.get(name) == index:
                return self.target.answers[name].index
            return None
        if self.known is self.target:
            return claim.released.index
        same = self.target.claim(claim.released.cell)
        return same.released.index if same else None

    def _is_extra(self, index: int) -> bool:
        if self.cells[index].cell_type != "code" or not self.cells[index].source.strip():
            return False
        claim = self.claims[index]
        if index in self.used:
            return False
        # Defining bptt a second time, without being its cell, is the student's own business.
        return claim is None or (claim.released.is_answer and not claim.sure)

    def _merged(
        self, cells: list[NotebookNode], extras: dict[int, list[NotebookNode]]
    ) -> list[NotebookNode]:
        ids = {cell.id for cell in cells}
        merged = [_extra(cell, ids) for cell in extras.get(-1, [])]
        for index, cell in enumerate(cells):
            merged += [cell, *(_extra(each, ids) for each in extras.get(index, []))]
        return merged


def _extra(cell: NotebookNode, ids: set[str]) -> NotebookNode:
    """A code cell of the student's own, with an id that depends on its text alone."""
    base = unique = "extra-" + hashlib.sha256(cell.source.encode("utf-8")).hexdigest()[:12]
    copies = 1
    while unique in ids:
        copies += 1
        unique = f"{base}-{copies}"
    ids.add(unique)
    return NotebookNode(
        cell_type="code",
        execution_count=None,
        id=unique,
        metadata=NotebookNode(course=NotebookNode(extra=True)),
        outputs=[],
        source=cell.source,
    )

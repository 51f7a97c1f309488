"""Cell ids that stay when a chapter is edited.

An id cannot follow from a cell's place (an insertion would move all later ones) nor from its
text alone (a corrected word would change it). So a new edition takes its ids from the one that
is committed: equal cells keep theirs, then those that are nearly equal, in order.
"""

from __future__ import annotations

import hashlib
from difflib import SequenceMatcher

ALIKE = 0.5  # a cell that shares at least half of its text with an old one is that cell, edited


def assign(cells: list[dict], old: list[dict], stem: str) -> None:
    """Give every cell an id that is unique among `cells`, out of `old` where there is its like.

    `stem` begins the ids of new cells. Cells that have an id already keep it.
    """
    taken = {cell["id"] for cell in cells if "id" in cell}
    # Two old cells with one id (a merge gone wrong) must not go on so.
    old = list({cell.get("id"): cell for cell in old if cell.get("id")}.values())
    old = [cell for cell in old if cell["id"] not in taken]
    new = [cell for cell in cells if "id" not in cell]
    for cell, source in _pairs(new, old):
        cell["id"] = source["id"]
        taken.add(source["id"])
    for cell in new:
        if "id" not in cell:
            cell["id"] = _fresh(cell, stem, taken)
            taken.add(cell["id"])


def _pairs(new: list[dict], old: list[dict]) -> list[tuple[dict, dict]]:
    """(new cell, old cell) for each new cell that was there before, edited or not."""
    matcher = SequenceMatcher(None, _keys(old), _keys(new), autojunk=False)
    pairs: list[tuple[dict, dict]] = []
    for kind, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if kind == "equal":
            pairs += zip(new[new_from:new_to], old[old_from:old_to], strict=True)
        elif kind == "replace":
            pairs += _edited(new[new_from:new_to], old[old_from:old_to])
    return pairs


def _edited(new: list[dict], old: list[dict]) -> list[tuple[dict, dict]]:
    """The likest pair first, and then what lies before and what lies after it."""
    best, likeness = None, ALIKE
    for i, cell in enumerate(new):
        for j, source in enumerate(old):
            if cell["cell_type"] != source["cell_type"]:
                continue
            matcher = SequenceMatcher(None, _text(source), _text(cell), autojunk=False)
            # The quick ratio is an upper bound and saves most of the slow ones.
            if matcher.quick_ratio() >= likeness and matcher.ratio() >= likeness:
                best, likeness = (i, j), matcher.ratio()
    if best is None:
        return []
    i, j = best
    return [
        *_edited(new[:i], old[:j]),
        (new[i], old[j]),
        *_edited(new[i + 1 :], old[j + 1 :]),
    ]


def _text(cell: dict) -> str:
    return "".join(cell["source"])


def _keys(cells: list[dict]) -> list[tuple[str, str]]:
    return [(cell["cell_type"], _text(cell)) for cell in cells]


def _fresh(cell: dict, stem: str, taken: set[str]) -> str:
    """An id out of the cell's first text, so that the same chapter always gives the same."""
    for count in range(len(taken) + 1):
        seed = f"{cell['cell_type']}|{_text(cell)}|{count}"
        made = f"{stem}-{hashlib.sha256(seed.encode()).hexdigest()[:12]}"
        if made not in taken:
            return made
    raise AssertionError("more candidates than ids are taken")  # cannot happen

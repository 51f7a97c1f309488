"""Cell ids that stay when a chapter is edited.

An id cannot follow from a cell's place (an insertion would move all later ones) nor from its
text alone (a corrected word would change it). So a new edition takes its ids from the one that
is committed: equal cells keep theirs, then those that are nearly equal, in order.
"""

from __future__ import annotations

import hashlib
import re
from difflib import SequenceMatcher

ALIKE = 0.5  # a cell that shares at least half of its words with an old one is that cell, edited


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
    """Pairs, in order, of cells that are alike; those that are most alike in all."""
    alike = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    total = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    matcher: SequenceMatcher[str] = SequenceMatcher(autojunk=False)
    for i, source in enumerate(old, 1):
        matcher.set_seq2(_words(source))
        for j, cell in enumerate(new, 1):
            if cell["cell_type"] == source["cell_type"]:
                matcher.set_seq1(_words(cell))
                alike[i][j] = _likeness(matcher)
            paired = total[i - 1][j - 1] + alike[i][j] if alike[i][j] else 0.0
            total[i][j] = max(total[i - 1][j], total[i][j - 1], paired)
    pairs, i, j = [], len(old), len(new)
    while i and j:
        if total[i][j] == total[i - 1][j]:
            i -= 1
        elif total[i][j] == total[i][j - 1]:
            j -= 1
        else:
            i, j = i - 1, j - 1
            pairs.append((new[j], old[i]))
    return pairs[::-1]


def _likeness(matcher: SequenceMatcher[str]) -> float:
    """How much of the two texts is common; 0 when they are not alike."""
    # The quick ratios are upper bounds and spare most of the slow ones.
    for ratio in (matcher.real_quick_ratio, matcher.quick_ratio, matcher.ratio):
        found = ratio()
        if found < ALIKE:
            return 0.0
    return found


def _words(cell: dict) -> list[str]:
    return re.findall(r"\w+|[^\w\s]", _text(cell))


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

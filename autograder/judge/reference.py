"""In the judge's process: the instructor's own functions, in a namespace that no test looks into."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator

import numpy as np
import torch

from autograder.sandbox import cells
from autograder.sandbox.recorder import Recorder

_SHOWN = 1024  # of what the reference prints, nobody reads a word


def functions(source: str, names: list[str]) -> dict[str, object]:
    """Runs the instructor's cells and returns what they call `names`.

    Args:
        source: given cells and answers up to the exercise, one after the other.

    The states of the random generators are as before: a test draws the same numbers with it and without.

    Raises:
        KeyError: no such name; Exception: whatever the cells raise.
    """
    space: dict[str, object] = {"__name__": "reference"}
    with _same_dice(), cells.printing_into(Recorder(_SHOWN)):
        exec(compile(cells.python(source), "<reference>", "exec"), space)  # noqa: S102  ours
    return {name: space[name] for name in names}


@contextlib.contextmanager
def _same_dice() -> Iterator[None]:
    kept = torch.get_rng_state(), np.random.get_state(), random.getstate()
    try:
        yield
    finally:
        torch.set_rng_state(kept[0])
        np.random.set_state(kept[1])
        random.setstate(kept[2])

"""What tests/mutants/<lab>.py is written with: a wrong answer is a right one with one slip."""

from __future__ import annotations


def slip(source: str, right: str, wrong: str) -> str:
    """Return `source` with its only occurrence of `right` replaced by `wrong`.

    Raises:
        ValueError: `right` does not occur exactly once, so the mutant would not be the one meant.
    """
    if source.count(right) != 1:
        raise ValueError(f"{right!r} occurs {source.count(right)} times")
    return source.replace(right, wrong)

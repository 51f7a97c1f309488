"""What the path of a file says about whose hand-in it is and for which lab.

Learning platforms put the student into a name: Moodle as a folder or in front of the file,
`Full Name_1234567_assignsubmission_file_/x`, Canvas as `lastfirst_LATE_12345_67890_x-1`.
Plain folders are `<student>/<lab>.ipynb`, `<student>/<lab>/<lab>.ipynb` (nbgrader's way),
`<student>_<lab>.ipynb` or `<student>-<lab>.ipynb`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from autograder.intake.roster import Hint, safe_id

_MOODLE = re.compile(
    r"(?P<name>.+?)_(?P<number>\d+)_assignsubmission_(?:file|onlinetext)_?(?P<rest>.*)"
)
_CANVAS = re.compile(r"(?P<name>[^_]+)_(?P<late>LATE_)?(?P<user>\d+)_\d+_(?P<rest>.+)")
# ` (1)` is a browser's second download, `-1` Canvas's second hand-in.
_COPY = re.compile(r"(?: ?\(\d+\)|-\d{1,2})+$")
_EXTENSIONS = re.compile(r"(?:\.(?:ipynb|zip|txt|json))+$", re.IGNORECASE)
# A zip may call its entries anything: the patterns above take minutes over names that no disk has.
LONGEST_NAME = 255
DEEPEST = 50


@dataclass(frozen=True)
class Said:
    """What a path says. `guess` is the student's id where there is no roster to look in."""

    hints: tuple[Hint, ...] = ()
    guess: str | None = None
    lab: str | None = None
    late: bool = False


def read_path(parts: Sequence[str], labs: Collection[str]) -> Said:
    """What `parts` (folders and archives from the outside in, then the file's name) say.

    Args:
        parts: path below the collected folder or archive; the archive's own name is not in it.
        labs: names of the course's labs.
    """
    parts = [part[:LONGEST_NAME] for part in parts[-DEEPEST:]]
    hints: list[Hint] = []
    guess = lab = None
    late = False
    plain: list[str] = []  # folders that may be called after a student
    known = False  # the platform has said who; names further in were chosen by students
    for place, part in enumerate(parts):
        last = place == len(parts) - 1
        stem = _EXTENSIONS.sub("", part)
        if known:
            lab = _lab_of(stem, labs) or lab
        elif found := _MOODLE.fullmatch(stem):
            known = True
            hints.append(Hint("name", found["name"], found["number"]))
            guess = _id_of(found["name"])
            lab = _lab_of(found["rest"], labs) or lab
        elif found := _CANVAS.fullmatch(stem):
            known = True
            hints += [Hint("lms", found["user"]), Hint("any", found["name"])]
            guess = _id_of(found["user"])
            late = bool(found["late"])
            lab = _lab_of(found["rest"], labs) or lab
        elif last:
            stem = _COPY.sub("", stem)
            lab = _lab_of(stem, labs) or lab
            student = _without(stem, labs)
            hints.append(Hint("any", stem))
            if student:
                hints.append(Hint("any", student))
                if not plain:
                    guess = _id_of(student)
        elif part in labs:
            lab = part
        else:
            # `s01_rnn.zip` is s01's just as the folder `s01` is.
            student = _without(_COPY.sub("", stem), labs) or stem
            lab = _lab_of(stem, labs) or lab
            hints += [Hint("any", part), Hint("any", student)]
            if stem not in labs:
                plain.append(student)
    if not known and plain:
        guess = _id_of(plain[-1])
    return Said(tuple(hints), guess, lab, late)


def read_inside(outside: Sequence[str], inside: Sequence[str], labs: Collection[str]) -> Said:
    """The same for a file in a student's own archive, whose folders make it nobody else's."""
    named = _archives_student(outside[-1], labs)
    whose = _id_of(named) if named and not by_platform(outside) else None
    whose = whose or read_path(outside, labs).guess or read_path((*outside, ""), labs).guess
    return replace(read_path((*outside, *inside), labs), guess=whose)


def by_platform(parts: Sequence[str]) -> bool:
    """Whether a learning platform named one of these after a student: the rest is the student's."""
    stems = [_EXTENSIONS.sub("", part[:LONGEST_NAME]) for part in parts[-DEEPEST:]]
    return any(_MOODLE.fullmatch(stem) or _CANVAS.fullmatch(stem) for stem in stems)


def is_one_students(archive: Sequence[str], labs: Collection[str]) -> bool:
    """Whether an archive is one student's hand-in (`s01_rnn.zip`) rather than a class's."""
    return by_platform(archive) or _archives_student(archive[-1], labs) is not None


def _archives_student(name: str, labs: Collection[str]) -> str | None:
    stem = _EXTENSIONS.sub("", name[:LONGEST_NAME])
    return _without(_COPY.sub("", stem), labs)


def _lab_of(stem: str, labs: Collection[str]) -> str | None:
    words = re.split(r"[^0-9a-z]+", stem.casefold())
    found = [lab for lab in labs if lab in words]
    return found[0] if len(found) == 1 else None


def _without(stem: str, labs: Collection[str]) -> str | None:
    """`s01` of `s01_rnn`, `s01-rnn` or `rnn_s01`; None if no lab stands at either end."""
    for lab in labs:
        for pattern in (rf"(.+)[-_ ]{re.escape(lab)}", rf"{re.escape(lab)}[-_ ](.+)"):
            if found := re.fullmatch(pattern, stem, re.IGNORECASE):
                return found[1]
    return None


def _id_of(name: str) -> str | None:
    return safe_id("_".join(name.split()))

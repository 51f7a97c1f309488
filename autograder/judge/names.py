"""The judge's namespace: its own names, and behind them the student's."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable, Iterable

from autograder.judge.remote import Remote

# A module never crosses. Under its usual name the judge's own copy of it stands for it.
_USUAL = {
    "torch": "torch",
    "nn": "torch.nn",
    "F": "torch.nn.functional",
    "np": "numpy",
    "numpy": "numpy",
    "math": "math",
    "random": "random",
    "time": "time",
    "plt": "matplotlib.pyplot",
}


class Names(dict):
    """Globals of the cells that run in the judge.

    A name of ours wins: what the student calls `torch` or `check` changes nothing here. Names that
    the instructor's answer cell defines are the student's from that cell on. A name that is nowhere is looked
    up in the student's process, never under a name of Python's own or with a leading underscore.
    """

    def __init__(self) -> None:
        super().__init__()
        self.source: Callable[[str], dict] | None = None
        self._expected: set[str] = set()
        self._fetched: set[str] = set()
        self._bound: dict[str, Remote] = {}

    def expect(self, names: Iterable[str]) -> None:
        """From now on these are the student's."""
        for name in names:
            self._expected.add(name)
            self._bound.pop(name, None)
            self.pop(name, None)

    def bind(self, name: str, function: Remote | None) -> bool:
        """What the student's process says of a name: from now on it is this function.

        With None it is something else, which is asked for where it is used. Returns whether the name
        is expected of the student; of others nothing is taken.
        """
        if name not in self._expected:
            return False
        self.pop(name, None)
        self._bound.pop(name, None)
        if function is not None:
            self[name] = self._bound[name] = function
        return True

    def forget(self) -> None:
        """What was fetched is fetched again: a cell of the student's, or a call, may have changed it.

        Functions that we were told of stay as they were told, whatever a test put under their names.
        """
        for name in self._fetched:
            self.pop(name, None)
        self._fetched.clear()
        self.update(self._bound)

    def __missing__(self, name: str) -> object:
        own = hasattr(builtins, name) or name.startswith("_")
        if self.source is None or (own and name not in self._expected):
            raise KeyError(name)
        found = self.source(name)
        if not found["found"]:
            raise KeyError(name)
        value = found["value"]
        if found["module"]:
            value = sys.modules.get(_USUAL.get(name, ""))
            if value is None:
                raise KeyError(name)
        self[name] = value
        self._fetched.add(name)
        return value

    def __contains__(self, name: object) -> bool:
        if dict.__contains__(self, name):
            return True
        if name not in self._expected:
            return False
        try:
            self[name]
        except KeyError:
            return False
        return True

    def get(self, name: str, default: object = None) -> object:
        """As dict.get, of the student's names too."""
        try:
            return self[name]
        except KeyError:
            return default

    def stale(self) -> None:
        """After a call: plain values may have changed over there, functions are the same."""
        for name in [n for n in self._fetched if not isinstance(dict.get(self, n), Remote)]:
            self.pop(name, None)
            self._fetched.discard(name)

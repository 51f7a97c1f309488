"""What desk tests share: one warm executor, one desk that is served on a real port."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from autograder.sandbox.fork import ForkExecutor
from tests.portal.serving import Served
from tests.portal.toydesk import make_desk

# Every module that uses the served desk has students of its own: c (cell), b (browser), t (threats).
SERVED = "id,name\n" + "".join(
    f"{letter}{n:02},학생 {letter}{n}\n" for letter in "cbt" for n in range(1, 7)
)


@pytest.fixture(scope="session")
def kept() -> Iterator[Callable[[], object]]:
    """Makes executors that are all the same warm one; closing one leaves it warm."""
    real = ForkExecutor()

    class Kept:
        def warm(self) -> None:
            real.warm()

        @property
        def grown_mb(self) -> float:
            return real.grown_mb

        def run(self, *arguments):
            return real.run(*arguments)

        def close(self) -> None:
            pass

    yield Kept
    real.close()


@pytest.fixture(scope="session")
def served(tmp_path_factory) -> Iterator[Served]:
    """One served desk for all: starting one takes seconds."""
    toy = make_desk(tmp_path_factory.mktemp("served") / "course", roster=SERVED)
    with Served(toy.course) as found:
        found.toy = toy
        yield found

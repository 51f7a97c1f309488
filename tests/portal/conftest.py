"""One warm executor for a module of desk tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from autograder.sandbox.fork import ForkExecutor


@pytest.fixture(scope="session")
def kept() -> Iterator[Callable[[], object]]:
    """Makes executors that are all the same warm one; closing one leaves it warm."""
    real = ForkExecutor()

    class Kept:
        def warm(self) -> None:
            real.warm()

        def run(self, *arguments):
            return real.run(*arguments)

        def close(self) -> None:
            pass

    yield Kept
    real.close()

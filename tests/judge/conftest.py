"""One executor for the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from autograder.sandbox.fork import ForkExecutor


@pytest.fixture(scope="module")
def executor() -> Iterator[ForkExecutor]:
    executor = ForkExecutor(weak=True)
    yield executor
    executor.close()

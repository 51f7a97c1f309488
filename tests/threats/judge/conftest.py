"""One executor for the tests of a module."""

from tests.judge.conftest import executor  # noqa: F401

"""Fixtures that several test modules use."""

from tests.browsing import address, browser, visit  # noqa: F401
from tests.executors import executor, kept, warm  # noqa: F401

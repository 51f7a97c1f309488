"""Fixtures that several test modules use."""

from tests.browsing import address, browser, visit  # noqa: F401

"""All gradings in these tests' own process use warm processes that are kept."""

import pytest


@pytest.fixture(scope="module", autouse=True)
def _warm(warm):
    """Asked for by every module here."""

"""The executors that all threats share: one of root, one of an ordinary user."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.sandbox import survey
from tests.threats.sandbox.attack import Attack

KINDS = ["root", "ordinary"]


@pytest.fixture(scope="session", params=KINDS)
def _attack(request) -> Iterator[Attack]:
    if request.param == "root" and os.geteuid() != 0:
        pytest.skip("root's walls can only be tried by root")
    if gaps := survey.missing():
        pytest.skip(f"this machine has no {', '.join(wall.name for wall in gaps)}")
    attack = Attack(request.param)
    attack.run("1")
    home = attack.home
    yield attack
    attack.executor.close()
    assert not home.exists()


@pytest.fixture
def attack(_attack) -> Attack:
    """Runs hostile cells and looks at what they left; once as root, once as an ordinary user."""
    _attack.renew()
    return _attack


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user of the machine can read and write: what keeps one out is a wall."""
    with tempfile.TemporaryDirectory(prefix="threat-", dir="/var/tmp") as name:
        folder = Path(name)
        folder.chmod(0o777)
        yield folder

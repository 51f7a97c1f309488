"""Links to the solutions, to another's hand-in, to the machine's files: in a zip and on disk."""

from __future__ import annotations

from autograder.intake.inbox import Inbox
from tests.threats.handins.zips import LINK, entry, refused_all, try_zip


def test_in_a_zip(court):
    targets = ["../../solutions/toy/toy.ipynb", "/etc/passwd", "../a01_toy.ipynb", "toy.ipynb"]
    entries = [(entry(f"{n}-toy.ipynb", LINK), each.encode()) for n, each in enumerate(targets)]
    refused_all(try_zip(court, *entries), "심볼릭 링크", len(targets))


def test_on_disk(court):
    (court.source / "m50_toy.ipynb").symlink_to(court.course.source("toy"))
    (court.source / "m51").symlink_to(court.course.source("toy").parent)
    (court.source / "m52_toy.ipynb").symlink_to("m52_toy.ipynb")
    refused_all(court(), "심볼릭 링크", 3)
    secret = court.course.source("toy").read_bytes()
    assert all(each.path.read_bytes() != secret for each in Inbox(court.course).records())


def test_laid_into_submitted(court):
    """A link in the folder of nbgrader's own collecting counts for nothing."""
    folder = court.course.submitted("m50", "toy")
    folder.mkdir(parents=True)
    (folder / "toy.ipynb").symlink_to(court.course.source("toy"))
    court.links_expected = True
    assert "m50" not in court().points

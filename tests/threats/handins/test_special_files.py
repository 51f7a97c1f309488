"""Pipes, sockets and devices: on disk, where reading one would never end, and in a zip."""

from __future__ import annotations

import os
import socket
import stat

from tests.threats.handins.zips import RIGHT_BYTES, entry, refused_all, try_zip


def test_on_disk(court, monkeypatch):
    os.mkfifo(court.source / "m50_toy.ipynb")
    monkeypatch.chdir(court.source)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("m51_toy.ipynb")
    monkeypatch.chdir(court.room / "cwd")
    refused_all(court(), "보통 파일이 아닙니다", 2)


def test_in_a_zip(court):
    kinds = [stat.S_IFIFO, stat.S_IFSOCK, stat.S_IFCHR, stat.S_IFBLK]
    entries = [(entry(f"{n}.ipynb", kind | 0o666), RIGHT_BYTES) for n, kind in enumerate(kinds)]
    refused_all(try_zip(court, *entries), "보통 파일이 아닙니다", len(kinds))


def test_nothing_keeps_its_right_to_run(court):
    outcome = try_zip(court, (entry("toy.ipynb", stat.S_IFREG | 0o6777), RIGHT_BYTES))
    outcome.assert_graded("m50", 100)  # and nothing in the course is executable: assert_tidy

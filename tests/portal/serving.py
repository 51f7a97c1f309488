"""A desk on a real port, in a process of its own, that can be killed."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from autograder.course import Course
from autograder.portal.admin.people import make_links
from autograder.portal.admin.roster import _desk
from autograder.portal.auth import links
from autograder.portal.tables import User

ROOT = Path(__file__).parents[2]


class Served:
    """`course serve` for a course. Use as a context; `kill` and `start` as often as one likes."""

    def __init__(self, course: Course, **environment: str) -> None:
        self.course, self.environment = course, environment
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen | None = None
        settings = course.root / "course.toml"
        if not settings.is_symlink() and "[portal]" not in settings.read_text("utf-8"):
            # One worker: each costs seconds to start, and these tests are not about how fast it goes.
            with settings.open("a", encoding="utf-8") as file:
                file.write("\n[portal]\nworkers = 1\nhandins_per_hour = 100000\n")
            course.__dict__.pop("settings", None)
        if not course.html.exists():
            course.html.mkdir(parents=True)
            (course.html / "index.html").write_text("<!doctype html><title>book</title>", "utf-8")

    def start(self, graded: bool = True) -> None:
        """Returns when it answers (with `graded`: when it also grades)."""
        with open(self.course.root / "server.log", "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "autograder", "serve", "--port", str(self.port)],
                cwd=self.course.root,
                env=os.environ | {"PYTHONPATH": str(ROOT)} | self.environment,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )
        end = time.monotonic() + 60
        while time.monotonic() < end:
            assert self.process.poll() is None, (self.course.root / "server.log").read_text("utf-8")
            try:
                with urllib.request.urlopen(f"{self.address}/desk/health", timeout=5):
                    return
            except urllib.error.HTTPError:
                if not graded:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise AssertionError("the server does not answer")

    def kill(self) -> None:
        """kill -9 of the server and of all that it started."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def stop(self) -> int:
        """Ctrl-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(timeout=60)
        self.process = None
        return code

    def __enter__(self) -> Served:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


def secrets_of(course: Course, logins: list[str], kind: str) -> dict[str, str]:
    """A new secret for each of these users: a link's token, or a submit key."""
    with _desk(course) as (db, _):
        found = {}
        for login in logins:
            user = db.query(User).filter_by(login=login).one()
            if kind == links.LINK:
                found[login] = make_links(db, [user], "", 1)[0][1].rpartition("/")[2]
            else:
                found[login] = links.make(db, user, links.SUBMIT, 1)
        return found


def receipt_in(text: str) -> str:
    """The receipt in an address or a page."""
    return re.search(r"/desk/handins/([\w-]+)", text)[1]

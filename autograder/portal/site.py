"""`course serve`: the site on a port of this machine, until Ctrl-C."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import logging
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace

import uvicorn

from autograder.course import Course, UsageError
from autograder.portal.admin.people import sync
from autograder.portal.app import create_app, open_desk
from autograder.portal.settings import Settings

PORTS_TO_TRY = 20


def listen(host: str, port: int) -> socket.socket:
    """A socket on `port`, or on the next free one.

    Raises:
        UsageError: no port is free, or there is no such host.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for candidate in range(port, port + PORTS_TO_TRY):
        found = socket.socket(family, socket.SOCK_STREAM)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind((host, candidate))
            found.listen(1024)
            found.set_inheritable(True)
            return found
        except OSError as error:
            found.close()
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise UsageError(
                    f"{host}:{candidate}에서 열 수 없습니다: {error.strerror}"
                ) from None
    raise UsageError(
        f"{port}번부터 {PORTS_TO_TRY}개 포트가 모두 쓰이고 있습니다 (--port로 정하세요)"
    )


@contextlib.contextmanager
def _alone(course: Course) -> Iterator[None]:
    """Rates, queue and door live in one process: a second server of the same class is refused.

    Raises:
        UsageError: there is one.
    """
    with open(course.root / ".desk.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError("이 과정의 서버가 이미 켜져 있습니다") from None
        yield


def serve(
    course: Course,
    host: str,
    port: int,
    say: Callable[[str], None],
    ready: Callable[[Course, Settings], None] = lambda course, settings: None,
) -> None:
    """Serves until Ctrl-C.

    Args:
        ready: told the course and the settings, with the address in them, before anybody is served.

    Raises:
        UsageError: the book is not built, no port is free, the settings are wrong, or the course
            is served already.
    """
    if not (course.html / "index.html").is_file():
        raise UsageError("책이 아직 없습니다. 먼저 만드세요: make book")
    settings = Settings.load(course)
    with _alone(course), listen(host, port) as found:
        name = f"[{host}]" if ":" in host else host
        here = f"http://{name}:{found.getsockname()[1]}"
        settings = replace(settings, address=settings.address or here)
        desk = open_desk(course, settings)
        with desk.database.session() as db:
            sync(db, course)
        say(f"책과 실습: {here}/")
        say(f"데스크: {settings.address}/desk/  (멈추려면 Ctrl-C)")
        ready(course, settings)
        logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
        config = uvicorn.Config(
            create_app(course, settings, desk),
            log_level="warning",
            access_log=False,  # sign-in links would stand in it
            proxy_headers=True,
            forwarded_allow_ips=settings.proxies,
            server_header=False,
            timeout_graceful_shutdown=5,
            timeout_keep_alive=30,
        )
        with contextlib.suppress(KeyboardInterrupt):  # uvicorn hands Ctrl-C on when all is closed
            uvicorn.Server(config).run(sockets=[found])
        say("멈췄습니다.")

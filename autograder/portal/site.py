"""Serves the built book with the released labs under /labs/. Hand-in and desk come later."""

from __future__ import annotations

import errno
import functools
import http.server
from collections.abc import Callable

from autograder.course import Course, UsageError

PORTS_TO_TRY = 20


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Static files only; quiet; notebooks are downloaded, not shown as text."""

    extensions_map = {
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".ipynb": "application/x-ipynb+json",
        ".md": "text/markdown; charset=utf-8",
        ".txt": "text/plain; charset=utf-8",
        ".pagefind": "application/octet-stream",
    }

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: the terminal belongs to whoever started the server."""

    def list_directory(self, path):  # noqa: ANN001, ANN201  signature of the base class
        """Folders are not listed."""
        self.send_error(404)

    def end_headers(self) -> None:
        """Pages are looked at while they are being written: no stale copies."""
        self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()


def make_server(course: Course, host: str, port: int) -> http.server.ThreadingHTTPServer:
    """A server on `port`, or on the next free one.

    Raises:
        UsageError: the book is not built, or no port is free.
    """
    if not (course.html / "index.html").is_file():
        raise UsageError("책이 아직 없습니다. 먼저 만드세요: make book")
    handler = functools.partial(_Handler, directory=str(course.html))
    for candidate in range(port, port + PORTS_TO_TRY):
        try:
            return http.server.ThreadingHTTPServer((host, candidate), handler)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise UsageError(
                    f"{host}:{candidate}에서 열 수 없습니다: {error.strerror}"
                ) from None
    raise UsageError(
        f"{port}번부터 {PORTS_TO_TRY}개 포트가 모두 쓰이고 있습니다 (--port로 정하세요)"
    )


def serve(course: Course, host: str, port: int, say: Callable[[str], None]) -> None:
    """Serves until Ctrl-C."""
    with make_server(course, host, port) as server:
        name = f"[{host}]" if ":" in host else host
        say(f"책과 실습: http://{name}:{server.server_port}/  (멈추려면 Ctrl-C)")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            say("멈췄습니다.")

"""Whole messages over one socket, with a size limit and deadlines: the only way between two worlds.

A frame is eight bytes of length and the payload. What the bytes mean is `autograder.judge.codec`'s
business; nothing here looks into them.
"""

from __future__ import annotations

import contextlib
import select
import socket
import time

HEAD = 8
MAX_MESSAGE = 64 * 2**20  # bytes; more than any lab's tensors, less than what would hurt
_CHUNK = 1 << 18


class ChannelClosed(Exception):
    """The other side is gone."""


class ChannelTimeout(Exception):
    """The other side did not send (or take) a whole message in time. Waiting may be resumed."""


class ChannelBroken(Exception):
    """The other side does not keep to the framing; nothing it sends can be trusted any more."""


class Channel:
    """One end of a connection. Interrupting `receive` loses nothing: half a frame is kept."""

    def __init__(self, end: socket.socket, limit: int = MAX_MESSAGE) -> None:
        end.setblocking(False)
        self._socket, self._limit = end, limit
        self._buffer = bytearray()
        self._readable, self._writable = select.poll(), select.poll()
        self._readable.register(end, select.POLLIN)
        self._writable.register(end, select.POLLOUT)

    @classmethod
    def of(cls, descriptor: int, limit: int = MAX_MESSAGE) -> Channel:
        """The channel on a socket that this process inherited."""
        return cls(socket.socket(fileno=descriptor), limit)

    def _wait(self, writing: bool, deadline: float | None) -> None:
        poll = self._writable if writing else self._readable
        left = None if deadline is None else max(0.0, deadline - time.monotonic()) * 1000
        if not poll.poll(left):
            raise ChannelTimeout

    def send(self, payload: bytes, deadline: float | None = None) -> None:
        """Sends one message.

        Raises:
            ChannelBroken: it is too long. ChannelClosed, ChannelTimeout (`deadline` is monotonic time).
        """
        if len(payload) > self._limit:
            raise ChannelBroken(f"a message of {len(payload)} bytes")
        rest = memoryview(len(payload).to_bytes(HEAD, "big") + payload)
        while rest:
            try:
                rest = rest[self._socket.send(rest[:_CHUNK]) :]
            except BlockingIOError:
                self._wait(True, deadline)
            except OSError as error:
                raise ChannelClosed(str(error)) from None

    def receive(self, deadline: float | None = None) -> bytes:
        """Waits for one message.

        Raises:
            ChannelClosed, ChannelTimeout, and ChannelBroken when the length said is beyond the limit.
        """
        while True:
            if len(self._buffer) >= HEAD:
                size = int.from_bytes(self._buffer[:HEAD], "big")
                if size > self._limit:
                    raise ChannelBroken(f"a message of {size} bytes is announced")
                if len(self._buffer) >= HEAD + size:
                    payload = bytes(self._buffer[HEAD : HEAD + size])
                    del self._buffer[: HEAD + size]
                    return payload
            self._wait(False, deadline)
            try:
                chunk = self._socket.recv(_CHUNK)
            except BlockingIOError:
                continue
            except OSError as error:
                raise ChannelClosed(str(error)) from None
            if not chunk:
                raise ChannelClosed("end of file")
            self._buffer += chunk

    def close(self) -> None:
        """Lets go of the socket."""
        with contextlib.suppress(OSError):
            self._socket.close()

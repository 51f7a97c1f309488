"""In the judge's process: goes through a submission's cells in order and runs the tests itself.

Cells of the student run in the student's process, which waits at the other end of a channel. Test
cells of the instructor's notebook run here, where a name that the student's cells define is a
handle or a copied value. No text of the student's is ever run, or parsed, here.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterator

from autograder.judge import outputs, reference, remote, short
from autograder.judge.codec import Known
from autograder.judge.errors import CannotCross, Expired, PeerGone, StudentError
from autograder.judge.peer import REQUESTS, Peer
from autograder.sandbox import cells, prepared
from autograder.sandbox.channel import Channel, ChannelBroken, ChannelClosed, ChannelTimeout
from autograder.sandbox.recorder import Recorder

_PIECE, _QUIET = 1 << 15, 1 << 14  # bytes; together less than a pipe holds
GRACE = 1.0  # seconds that interrupted code has to stop

# Methods of nn.Module that the student may call on a module which a test passed.
_MODULE_METHODS = (
    "train eval zero_grad requires_grad_ state_dict load_state_dict forward children "
    "modules named_children named_modules to float double half bfloat16 cpu"
).split()


class Judge(Peer):
    """The trusted end: keeps the time, serves callbacks and nothing else."""

    def __init__(self, channel: Channel, interrupt: Callable[[], None], limits: dict) -> None:
        super().__init__(channel)
        self._interrupt, self._limits = interrupt, limits
        self._origins: dict[int, str] = {}  # handle → the exercise's name that it came from
        self._origin = ""
        self._deadlines: list[float] = []
        self.recorder: Recorder | None = None
        self.banned: dict[str, list[str]] = {}  # name → what it may not call, in this test
        self.called: str | None = None  # the first banned name that was called
        self.cell_end = 0.0
        self.late: str | None = None  # «call» or «cell»: which limit ran out
        self.lost: str | None = None  # «timeout» or «died»: why the student's process is no more
        self.waiting = False
        self.carrying = False  # functions of the reference are in the student's hands
        self.shut = False  # … and answer nothing now
        self.after_call: Callable[[], None] = lambda: None
        self.bind: Callable[[str, remote.RemoteFunction | None], bool] = lambda *_: False
        self._names: dict[int, list[str]] = {}  # handle → names that it was told to be bound to

    # ------------------------------------------------------------ time

    def ask(self, known: Known | short.Arguments | None = None, **request: object) -> dict:
        """See Peer. Also raises Expired when time was up, PeerGone when nobody answers any more."""
        now = time.monotonic()
        end = self.cell_end
        if request["op"] != "cell":
            end = min(end, now + self._limits["call_seconds"], *self._deadlines[-1:])
        self._deadlines.append(end)
        late = self.late
        try:
            return super().ask(known, **request)
        finally:
            self._deadlines.pop()
            if self.late and not late and not self.lost:
                raise Expired

    def send(self, data: bytes) -> None:
        """See Peer."""
        if self.lost:
            raise PeerGone
        self.waiting = True
        with self._losing():
            self.channel.send(data, max(self._deadlines[-1], time.monotonic()) + GRACE)
        # What follows is the student's turn, or ours when this was an answer to a callback.
        self.waiting = data[:1] in REQUESTS

    def wait(self, request: dict) -> bytes:
        """See Peer. Interrupts the student's code when its time is up."""
        self.waiting = True
        try:
            with self._losing():
                try:
                    return self.channel.receive(self._deadlines[-1])
                except ChannelTimeout:
                    on_call = self._deadlines[-1] < self.cell_end
                    self.late = self.late or ("call" if on_call else "cell")
                    self._deadlines[-1] = time.monotonic() + GRACE
                    self._interrupt()
                return self.channel.receive(self._deadlines[-1])
        finally:
            self.waiting = False

    @contextlib.contextmanager
    def _losing(self) -> Iterator[None]:
        """Turns the channel's end into ours."""
        try:
            yield
        except ChannelTimeout:
            self._lose("timeout")
        except (ChannelClosed, ChannelBroken):
            self._lose("died")

    def _lose(self, why: str) -> None:
        self.lost = self.lost or why
        raise PeerGone from None

    # ------------------------------------------------------------ what is asked

    def call(self, handle: int, *args: object, **kwargs: object) -> object:
        """See Peer; guards the functions of the exercise that is tested."""
        name = self._origins.get(handle, "")
        every = (name, *self._names.get(handle, ()))  # whichever it was called by
        banned = next((self.banned[each] for each in every if self.banned.get(each)), [])
        with self._from(name):
            try:
                return super().call(handle, *args, banned=banned, **kwargs)
            finally:
                self.after_call()

    def get(self, handle: int, name: str) -> object:
        """See Peer."""
        with self._from(self._origins.get(handle, "")):
            return super().get(handle, name)

    def lookup(self, name: str) -> dict:
        """What a name is in the student's notebook: {"found", "module", "value"}."""
        with self._from(name):
            reply = self.ask(op="lookup", name=name)
            self._raise(reply)
            found, module = bool(reply.get("found")), bool(reply.get("module"))
            value = self._received(reply, []) if found and not module else None
        return {"found": found, "module": module, "value": value}

    def carry(self, name: str, function: object) -> None:
        """Puts a function of the reference in the place of the student's; its calls come here."""
        self._raise(self.ask(op="carry", name=name, value=function))
        self.carrying = True

    @contextlib.contextmanager
    def _from(self, name: str) -> Iterator[None]:
        kept, self._origin = self._origin, name
        try:
            yield
        finally:
            self._origin = kept

    def _from_ref(self, ref):
        found = super()._from_ref(ref)
        if ref.kind not in ("out", "param", "yours", "home") and self._origin:
            self._origins.setdefault(ref.id, self._origin)
        return found

    def learn(self, reply: dict) -> None:
        """Takes note of names that are other functions than before."""
        told = reply.get("bound")
        for name, value in told.items() if isinstance(told, dict) else ():
            function = value if isinstance(value, remote.RemoteFunction) else None
            if self.bind(str(name), function) and function is not None:
                self._origins.setdefault(function.handle, str(name))
                self._names.setdefault(function.handle, []).append(str(name))

    def _raise(self, reply: dict) -> None:
        """See Peer; first keeps what the student's code printed, and what it should not have called."""
        self.learn(reply)
        if self.recorder is not None:
            outputs.add(reply.get("outputs"), self.recorder)
        called = reply.get("called")
        if isinstance(called, list) and called and self.called is None:
            allowed = {name for names in self.banned.values() for name in names}
            self.called = next((name for name in called if name in allowed), None)
        if self.late:
            raise Expired
        super()._raise(reply)

    # ------------------------------------------------------------ what is served

    def thing(self, handle: object) -> object:
        """See Peer. The reference, and whatever it gave, is there for the exercise's tests only."""
        if self.shut:
            raise CannotCross("우리가 만든 함수는 이 문제를 시험하는 동안에만 부를 수 있습니다")
        return super().thing(handle)

    def reach(self, owner: object, name: str) -> object:
        """Public attributes of stubs and modules that a test passed; nothing of a function or a class."""
        import torch

        name = str(name)
        kind, _ = self._kind(owner)
        if name.startswith("_") or kind not in ("object", "module"):
            raise AttributeError(f"{name}: 시험이 건네준 것의 속성이 아닙니다")
        base = getattr(torch.nn.Module, name, None)
        if kind == "module" and callable(base) and name not in _MODULE_METHODS:
            raise AttributeError(f"{name}: 시험이 건네준 모델에서는 쓸 수 없습니다")
        return getattr(owner, name)

    def describe(self, error: BaseException) -> dict:
        """The type only, and words only of Python's own errors: a test's words stay here."""
        told = type(error).__module__ == "builtins" and not isinstance(error, AssertionError)
        return {"name": type(error).__name__, "value": str(error)[:200] if told else ""}


def describe(error: BaseException, ids: dict[str, str]) -> dict:
    """CellError's fields; of a student's exception its own name, words, and cells."""
    found = cells.describe(error, ids)
    if isinstance(error, StudentError):
        told = outputs.error(error.described)
        found |= {"name": told["name"], "value": told["value"], "line": told["line"]}
        found |= {"trace": f"{found['trace']}\n{told['trace']}".strip(), "message": "", "hints": []}
        found["parts"] = []
    return found


class Session:
    """One submission. Every event goes to the grader as a line of JSON (sandbox.events).

    Most of them it need not know at once, and to wake it takes longer than to write: it reads when
    the bell rings, and every few seconds.
    """

    def __init__(self, job: dict, channel: Channel, events: int, bell: int) -> None:
        self._job, self._events, self._bell = job, events, bell
        self._unread = 0  # bytes that were written since the bell rang
        self._limit = int(job["limits"]["output_kb"] * 1024)
        self._ids: dict[str, str] = {}
        self._judge = Judge(
            channel, lambda: self._tell({"interrupt": True}, now=True), job["limits"]
        )
        self._names = cells.names()
        self._names.source, self._judge.after_call = self._judge.lookup, self._names.stale
        self._judge.bind = self._names.bind
        signal.signal(signal.SIGALRM, self._alarm)

    def _alarm(self, *_: object) -> None:
        """The cell's time is up. While the student computes, the channel's own deadline sees to it."""
        if not self._judge.waiting:
            self._judge.late = self._judge.late or "cell"
            raise Expired

    def _tell(self, *events: dict, now: bool = False) -> None:
        data = b"".join([json.dumps(event).encode() + b"\n" for event in events])
        for start in range(0, len(data), _PIECE):
            piece = data[start : start + _PIECE]
            self._unread += len(piece)
            while piece:
                piece = piece[os.write(self._events, piece) :]
            if self._unread > _QUIET:  # a full pipe would have us wait
                self._ring()
        if now:
            self._ring()

    def _ring(self) -> None:
        os.eventfd_write(self._bell, 1)
        self._unread = 0

    def run(self) -> None:
        """Runs every step."""
        hung: set[str] = set()
        ended: list[dict] = []  # told with what begins next
        for step in self._job["steps"]:
            if step["after"] in hung:
                continue
            self._tell(*ended, {"start": step["id"]})
            run = self._step(step)
            if self._judge.lost:
                self._tell({"lost": self._judge.lost}, now=True)
                return
            if run["status"] == "timeout":
                hung.add(step["id"])
            ended = [{"run": run}]
        self._tell(*ended, {"done": True}, now=True)

    def _step(self, step: dict) -> dict:
        judge = self._judge
        judge.late = judge.called = None
        judge.shut = judge.carrying and step["kind"] != "test"
        judge.cell_end = time.monotonic() + self._job["limits"]["cell_seconds"]
        banned = step["banned"] if step["kind"] == "test" else []
        judge.banned = dict.fromkeys(step["defines"], banned) if banned else {}
        started = time.monotonic()
        try:
            if step["kind"] == "test":
                run = self._ours(step)
            elif step["kind"] == "carry":
                run = self._carry(step)
            else:
                run = self._theirs(step)
                if step["kind"] == "given" and not judge.lost and not judge.late:
                    self._ours(step)
        except (Expired, PeerGone, CannotCross) as error:
            run = {"id": step["id"], "status": "error", "outputs": [], "banned": None}
            run["error"] = describe(error, self._ids)
        run["seconds"] = round(time.monotonic() - started, 3)
        if judge.late:
            run |= {"status": "timeout", "limit": judge.late}
        return run

    def _ours(self, step: dict) -> dict:
        """Runs a test or given cell here."""
        judge = self._judge
        recorder = judge.recorder = Recorder(self._limit)
        left = max(judge.cell_end - time.monotonic(), 0.001)
        signal.setitimer(signal.ITIMER_REAL, left, 0.5)  # again, should the first be swallowed
        try:
            run_it = cells.run_plain if step["kind"] == "test" else cells.run_cell
            run = run_it(step, recorder, self._ids, describe)
            judge.mirrors.check()
        except CannotCross as error:  # written into a mirror, and never used it again
            run["status"], run["error"] = "error", describe(error, self._ids)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            judge.recorder = None
            self._names.forget()
        run["banned"] = judge.called
        return run

    def _carry(self, step: dict) -> dict:
        """Puts the reference's functions in the place of the student's."""
        run = {"id": step["id"], "status": "ok", "outputs": [], "error": None, "banned": None}
        try:
            found = reference.functions(step["source"], step["defines"])
        except Exception as error:  # noqa: BLE001  the author's mistake: the student's stay
            return run | {"status": "error", "error": describe(error, self._ids)}
        for name, function in found.items():
            self._judge.carry(name, function)
        return run

    def _theirs(self, step: dict) -> dict:
        """Lets the student's process run a cell of its own."""
        if step["kind"] == "answer":
            self._names.expect(step["defines"])
        self._names.forget()
        reply = self._judge.ask(op="cell", id=step["id"])
        self._judge.learn(reply)
        return outputs.run(reply.get("run"), step["id"], self._limit)


def run_job(job: dict, channel: int, events: int, bell: int) -> None:
    """Judges one submission; see Session.

    Args:
        job: steps (with the source of given, test and carry cells only), files, limits, environment.
        channel, events, bell: descriptors; the bell is an eventfd.
    """
    prepared.enter(job)
    Session(job, Channel.of(channel), events, bell).run()

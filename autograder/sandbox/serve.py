"""In the student's process: runs the student's cells and answers the judge's calls.

No line of a test is ever here. The judge asks for one cell after the other, and in between for
what the cells defined.
"""

from __future__ import annotations

import contextlib
import signal
import types
from collections.abc import Iterable, Iterator

from autograder.judge import short
from autograder.judge.codec import Known
from autograder.judge.errors import CannotCross
from autograder.judge.peer import Peer
from autograder.sandbox import cells, prepared
from autograder.sandbox.channel import Channel, ChannelBroken, ChannelClosed
from autograder.sandbox.guard import Guard
from autograder.sandbox.recorder import Recorder

_MISSING = object()
_TEXT = 200  # characters of a name or docstring that go along with a handle


class Student(Peer):
    """Serves the student's names. Whatever happens in their code becomes an answer."""

    def __init__(self, channel: Channel, job: dict) -> None:
        super().__init__(channel)
        self._steps = {step["id"]: step for step in job["steps"]}
        self._limit = int(job["limits"]["output_kb"] * 1024)
        self._ids: dict[str, str] = {}
        self._guard = Guard(())
        self._bound: dict[str, types.FunctionType | None] = {}  # as the judge knows it
        self._interruptible = False
        signal.signal(signal.SIGINT, self._interrupted)

    def _interrupted(self, *_: object) -> None:
        """The judge asks the running code to stop. Between calls there is nothing to stop."""
        if self._interruptible:
            self._interruptible = False
            raise KeyboardInterrupt

    @contextlib.contextmanager
    def _running(self, yes: bool) -> Iterator[None]:
        kept, self._interruptible = self._interruptible, yes
        try:
            yield
        finally:
            self._interruptible = kept

    def serve(self) -> None:
        """Answers until the judge is gone."""
        with contextlib.suppress(ChannelClosed, ChannelBroken):
            while True:
                self.answer(self.channel.receive())

    def call(
        self, handle: int, args: tuple, kwargs: dict, *rest: object, **extra: object
    ) -> object:
        """See Peer. What takes the arguments apart may use what the exercise forbids."""
        with self._guard.paused():
            return super().call(handle, args, kwargs, *rest, **extra)

    def ask(self, known: Known | short.Arguments | None = None, **request: object) -> dict:
        """See Peer. Meanwhile it is the judge that computes: nothing here is to be stopped or guarded."""
        with self._running(False), self._guard.paused():
            return super().ask(known, **request)

    @contextlib.contextmanager
    def around(self, request: dict, reply: dict) -> Iterator[None]:
        """Records what is printed, and forbids what the exercise forbids."""
        recorder = Recorder(self._limit)
        kept, self._guard = self._guard, Guard(request.get("banned", ()))
        try:
            with cells.printing_into(recorder), self._guard.up(), self._running(True):
                yield
        finally:
            if self._guard.called:
                reply["called"] = self._guard.called[:1]
            if shown := recorder.finished():
                reply["outputs"] = shown
            self._guard = kept
            self._tell_names(reply)

    def _tell_names(self, reply: dict, also: Iterable[str] = ()) -> None:
        """Says which names of functions are bound to others than the judge knows; None for no function.

        The judge would ask for each of them, cell after cell.

        Args:
            also: names that it is to know from now on.
        """
        space = cells.names()
        self._bound |= {name: None for name in also if name not in self._bound}
        for name, known in self._bound.items():
            value = space.get(name)
            function = value if type(value) is types.FunctionType else None
            if function is not known:
                self._bound[name] = reply.setdefault("bound", {})[name] = function

    def perform(self, request: dict, reply: dict) -> None:
        """Runs a cell; looks up a name; puts the judge's function under one."""
        if request["op"] == "cell":
            step, recorder = self._steps[request["id"]], Recorder(self._limit)
            try:
                with self._running(True):
                    reply["run"] = cells.run_cell(step, recorder, self._ids)
            except KeyboardInterrupt as error:  # it came between two lines of ours
                reply["run"] = {"error": self.describe(error), "outputs": recorder.finished()}
            self._tell_names(reply, step["defines"] if step["kind"] == "answer" else ())
        elif request["op"] == "lookup":
            value = cells.names().get(request["name"], _MISSING)
            reply["found"] = value is not _MISSING
            reply["module"] = isinstance(value, types.ModuleType)
            if reply["found"] and not reply["module"]:
                self._outcome(value, None, [], reply)
        elif request["op"] == "carry":
            cells.names()[str(request["name"])] = request["value"]
            self._tell_names(reply)
        else:
            super().perform(request, reply)

    def reach(self, owner: object, name: str) -> object:
        """Any attribute: it is the student's own process."""
        return getattr(owner, str(name))

    def assign(self, owner: object, name: str, value: object) -> None:
        """Any attribute."""
        setattr(owner, str(name), value)

    def about(self, value: object) -> dict:
        """Name, docstring, and for a class which classes of the student's it descends from."""
        name, doc = getattr(value, "__name__", ""), getattr(value, "__doc__", None)
        found = {"name": str(name)[:_TEXT], "doc": doc[:_TEXT] if isinstance(doc, str) else None}
        if isinstance(value, type):
            own = [each for each in value.__mro__ if each.__module__ == "__main__"]
            found["classes"] = [self.number(each) for each in own]
        return found

    def describe(self, error: BaseException) -> dict:
        """As for a cell: the frames of the student's cells only."""
        if isinstance(error, CannotCross):
            return {"name": "CannotCross", "base": "TypeError", "value": str(error)}
        return cells.describe(error, self._ids)


def run_job(job: dict, descriptor: int) -> None:
    """Serves the judge at the other end of the channel `descriptor`, in the job's folder."""
    prepared.enter(job)
    Student(Channel.of(descriptor), job).serve()

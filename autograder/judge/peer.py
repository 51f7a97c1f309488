"""One end of the conversation between the judge and the student's process.

Both ends are alike: each can call what the other handed out. Exactly one side computes at any moment; while
one waits for its answer it serves what the other asks in turn (a callback), so nested calls nest and
need no numbers. What crosses is a value of `autograder.judge.codec` and nothing else.
"""

from __future__ import annotations

import contextlib
import copy
import types
import weakref
from collections.abc import Iterator, Sequence

import torch

from autograder.judge import modes, remote, structure, writeback
from autograder.judge.codec import CodecError, Limits, Ref, decode, encode
from autograder.judge.errors import CannotCross, PeerGone, builtin_base, revived
from autograder.judge.grads import Link, Tapes, connected, leaves_of
from autograder.judge.mirrors import Mirrors, Owned
from autograder.sandbox.channel import MAX_MESSAGE, Channel

MAX_NESTING = 40  # calls in calls in calls across the wall
LIMITS = Limits(max_bytes=MAX_MESSAGE - 2**20)
_REQUEST, _REPLY = b"?", b"!"
_UNREADABLE = (CodecError, LookupError, TypeError, ValueError, AttributeError, RuntimeError)
_FUNCTIONS = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    types.MethodWrapperType,
)
# What runs the machinery itself; handing it out would hand out everything.
_NEVER = (types.ModuleType, types.FrameType, types.CodeType, types.TracebackType)


class _Mark:
    """Stands in a value for a tensor that needs more than its numbers: see `Peer._outcome`."""

    def __init__(self, kind: str, number: int) -> None:
        self.kind, self.number = kind, number


class Peer:
    """See the module. Subclasses say what is served (`reach`), how long one waits, what surrounds a call."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self._handed: dict[int, object] = {}  # handle → object of ours
        self._handles: dict[int, int] = {}  # id(object) → handle
        self._proxies: weakref.WeakValueDictionary = weakref.WeakValueDictionary()
        self._random = modes.RandomState()
        self._tapes = Tapes()
        self._unneeded: list[int] = []
        self._passed: dict[int, BaseException] = {}  # our exceptions, on their way through
        self._nesting = 0
        self.mirrors = Mirrors()
        self.owned = Owned()

    # ------------------------------------------------------------ for subclasses

    def reach(self, owner: object, name: str) -> object:
        """The attribute `name` of a handed-out object, where the other side may have it."""
        raise CannotCross(name)

    def assign(self, owner: object, name: str, value: object) -> None:
        """Sets an attribute of a handed-out object, where the other side may."""
        raise CannotCross(name)

    @contextlib.contextmanager
    def around(self, request: dict, reply: dict) -> Iterator[None]:
        """Surrounds the running of our side's code for the other side."""
        yield

    def describe(self, error: BaseException) -> dict:
        """What the other side learns of an exception of ours."""
        raise NotImplementedError

    def perform(self, request: dict, reply: dict) -> None:
        """A request that only one of the sides serves."""
        raise CannotCross(str(request.get("op")))

    def send(self, data: bytes) -> None:
        """Sends a message."""
        self.channel.send(data)

    def wait(self, request: dict) -> bytes:
        """The next message while `request` is being answered by the other side."""
        return self.channel.receive()

    # ------------------------------------------------------------ handles

    def _to_ref(self, value: object) -> Ref | None:
        if isinstance(value, torch.Tensor | torch.Generator):
            return None  # numbers and states; what hangs on them is told beside them
        if isinstance(value, _Mark):
            return Ref(value.kind, value.number)
        if isinstance(value, remote.Remote):
            if value.peer is not self:
                raise CodecError("a handle of another process cannot cross")
            return Ref("home", value.handle)
        kind, meta = self._kind(value)
        return Ref(kind, self.number(value), meta)

    def number(self, value: object) -> int:
        """The handle of a thing of ours, which is kept from now on."""
        handle = self._handles.get(id(value))
        if handle is None:
            handle = self._handles[id(value)] = len(self._handed) + 1
            self._handed[handle] = value
        return handle

    def _kind(self, value: object) -> tuple[str, dict]:
        """How a thing that stays here is to look over there."""
        if isinstance(value, type):
            return "class", self.about(value)
        if isinstance(value, torch.nn.Module):
            return "module", self.about(type(value))
        if isinstance(value, _FUNCTIONS):
            return "function", self.about(value)
        if isinstance(value, types.GeneratorType):
            return "iterator", {}
        if isinstance(value, _NEVER):
            raise CodecError(f"a {type(value).__name__} cannot cross")
        return "object", self.about(type(value))

    def about(self, value: object) -> dict:
        """Names that go along with a handle."""
        return {}

    def _from_ref(self, ref: Ref) -> object:
        if ref.kind in ("out", "arg", "param"):
            return _Mark(ref.kind, ref.id)
        if ref.kind == "home":
            return self.thing(ref.id)
        known = self._proxies.get(ref.id)
        if known is None:
            if ref.kind not in remote.KINDS:
                raise CodecError("a handle of an unknown kind")
            known = self._proxies[ref.id] = remote.KINDS[ref.kind](self, ref.id, ref.meta)
        return known

    def thing(self, handle: object) -> object:
        """What we handed out under this number."""
        if handle not in self._handed:
            raise CannotCross("이런 것을 건네준 적이 없습니다")
        return self._handed[handle]

    # ------------------------------------------------------------ messages

    def _post(self, message: dict) -> None:
        message["_random"] = self._random.changed()
        message["_free"], self._unneeded = self._unneeded, []
        message["_owned"], message["_grads"] = self.owned.changes(), self.mirrors.grads()
        kind = _REQUEST if "op" in message else _REPLY
        self.send(kind + encode(message, to_ref=self._to_ref, limits=LIMITS))

    def _take(self, data: bytes) -> dict:
        message = decode(data[1:], from_ref=self._from_ref, limits=LIMITS)
        if not isinstance(message, dict):
            raise CodecError("no message")
        self._random.accept(message.pop("_random", {}))
        self._tapes.forget(message.pop("_free", []))
        self.owned.take_grads(message.pop("_grads", {}))
        self.mirrors.refresh(message.pop("_owned", {}))
        return message

    def ask(self, **request: object) -> dict:
        """Sends a request, serves what the other side asks meanwhile, and returns the answer.

        Raises:
            CannotCross: an argument or the answer cannot cross.
            StudentError (or what the exception was at home): the other side's code raised.
        """
        self.mirrors.check()
        if self._nesting >= MAX_NESTING:
            raise RecursionError("프로세스를 오가는 호출이 너무 깊습니다")
        try:
            self._post(request)
        except CodecError as error:
            raise CannotCross(str(error)) from None
        self._nesting += 1
        try:
            while True:
                data = self.wait(request)
                if data[:1] == _REQUEST:
                    self.answer(data)
                    continue
                try:
                    return self._take(data)
                except _UNREADABLE as error:
                    raise CannotCross(f"돌려준 값을 읽을 수 없습니다: {error}") from None
        finally:
            self._nesting -= 1

    def answer(self, data: bytes) -> None:
        """Serves one request of the other side."""
        reply: dict = {}
        try:
            self._serve(self._take(data), reply)
        except PeerGone:
            raise
        except BaseException as error:  # noqa: BLE001  what cannot be served is an answer, too
            reply["error"] = self._told(error)
        try:
            self._post(reply)
        except CodecError as error:
            kept = {key: reply[key] for key in ("called", "outputs") if key in reply}
            self._post(kept | {"error": self._told(CannotCross(str(error)))})

    def _serve(self, request: dict, reply: dict) -> None:
        operation = request["op"]
        if operation == "call":
            self._serve_call(request, reply)
        elif operation == "pull":
            found = self._tapes.pull(request["tape"], request["grads"], bool(request["graph"]))
            reply["grads"], reply["tape"], reply["live"] = found
        elif operation == "get":
            with self.around(request, reply):
                self._outcome(
                    self.reach(self.thing(request["target"]), request["name"]), (), [], reply
                )
        elif operation == "set":
            self.assign(self.thing(request["target"]), request["name"], request["value"])
        elif operation == "step":
            with self.around(request, reply):
                try:
                    value = next(self.thing(request["target"]))
                except StopIteration:
                    reply["more"] = False
                else:
                    reply["more"] = True
                    self._outcome(value, (), [], reply)
        elif operation == "copy":
            reply["value"] = copy.deepcopy(self.thing(request["target"]))
        elif operation == "parameters":
            module = self.thing(request["target"])
            names = list(module.named_parameters())
            reply["names"] = [[name, self.owned.number(p)] for name, p in names]
        else:
            self.perform(request, reply)

    # ------------------------------------------------------------ calls, served

    def _serve_call(self, request: dict, reply: dict) -> None:
        function = self.thing(request["target"])
        if request["special"]:
            function = remote.special(function, request["special"])
        elif request["method"]:
            function = self.reach(function, request["method"])
        arguments = (request["args"], request["kwargs"])
        before = writeback.snapshot(arguments)
        sent = structure.tensors(arguments)
        inputs = [sent[place].requires_grad_() for place in request["inputs"]]
        error = None
        with modes.applied(request["modes"]), self.around(request, reply):
            try:
                value = function(*arguments[0], **arguments[1])
            except BaseException as raised:  # noqa: BLE001  every exception is an answer
                error = raised
        reply["changes"] = writeback.changes(before, arguments)
        if error is None:
            self._outcome(value, arguments, inputs, reply)
        else:
            reply["error"] = self._told(error)
            del error

    def _told(self, error: BaseException) -> dict:
        """The exception as data. One that came from the other side goes home under its number."""
        home = getattr(error, "home", None) if isinstance(error, Exception) else None
        if home is not None:
            return {"home": home}
        number = len(self._passed) + 1
        self._passed[number] = error
        return self.describe(error) | {"base": builtin_base(error), "number": number}

    def _outcome(
        self, value: object, arguments: object, inputs: list[torch.Tensor], reply: dict
    ) -> None:
        """Puts a value into the reply, with marks for tensors that are more than numbers.

        «arg»: the very tensor that came as an argument; «param»: a parameter of a module that stays here
        (the other side has a mirror of it); «out»: its gradient flows back through a tape.
        """
        given = {id(t): i for i, t in enumerate(structure.tensors(arguments))}
        outputs: dict[int, tuple[int, torch.Tensor]] = {}

        def mark(leaf: object) -> object:
            if not isinstance(leaf, torch.Tensor):
                return leaf
            if id(leaf) in given:
                return _Mark("arg", given[id(leaf)])
            if isinstance(leaf, torch.nn.Parameter):
                return _Mark("param", self.owned.number(leaf))
            if leaf.requires_grad:
                return _Mark("out", outputs.setdefault(id(leaf), (len(outputs), leaf))[0])
            return leaf

        reply["value"] = structure.swap(value, mark)
        if outputs:
            live = [tensor for _, tensor in outputs.values()]
            known = {id(t) for t in inputs}
            others = [leaf for leaf in leaves_of(live) if id(leaf) not in known]
            reply["outs"] = [t.detach() for t in live]
            reply["params"] = [self.owned.number(leaf) for leaf in others]
            reply["tape"] = self._tapes.keep([*inputs, *others], live)

    # ------------------------------------------------------------ calls, asked

    def call(
        self,
        handle: int,
        args: tuple,
        kwargs: dict,
        method: str = "",
        special: str = "",
        **extra: object,
    ) -> object:
        """Calls what the other side handed out; changed arguments are written back even when it raises."""
        arguments = (args, kwargs)
        sent = structure.tensors(arguments)
        places = [i for i, t in enumerate(sent) if t.requires_grad]
        inputs = [sent[i] for i in places]
        reply = self.ask(
            op="call",
            inputs=places,
            target=handle,
            method=method,
            special=special,
            args=args,
            kwargs=kwargs,
            modes=modes.current(),
            **extra,
        )
        try:
            if (changed := reply.get("changes")) is not None:
                writeback.apply(changed, arguments)
        except (CodecError, ValueError, TypeError, RuntimeError) as error:
            raise CannotCross(f"바뀐 인자를 옮길 수 없습니다: {error}") from None
        self._raise(reply)
        return self._received(reply, arguments, inputs)

    def get(self, handle: int, name: str) -> object:
        """An attribute of what the other side handed out."""
        reply = self.ask(op="get", target=handle, name=name)
        self._raise(reply)
        return self._received(reply, (), [])

    def put(self, handle: int, name: str, value: object) -> None:
        """Sets an attribute over there."""
        self._raise(self.ask(op="set", target=handle, name=name, value=value))

    def step(self, handle: int) -> tuple[bool, object]:
        """(True, the next item) of an iterator over there, or (False, None) at its end."""
        reply = self.ask(op="step", target=handle)
        self._raise(reply)
        return (True, self._received(reply, (), [])) if reply["more"] else (False, None)

    def copy(self, handle: int) -> object:
        """A deep copy of a thing over there, over there."""
        reply = self.ask(op="copy", target=handle)
        self._raise(reply)
        return self._received(reply, (), [])

    def parameters(self, handle: int) -> list[tuple[str, torch.nn.Parameter]]:
        """Name and mirror of every parameter of a module over there."""
        reply = self.ask(op="parameters", target=handle)
        self._raise(reply)
        return [(str(name), self.mirrors[number]) for name, number in reply["names"]]

    def _raise(self, reply: dict) -> None:
        if (described := reply.get("error")) is None:
            return
        if (number := described.get("home")) in self._passed:
            raise self._passed.pop(number)
        raise self.revive(described)

    def revive(self, described: dict) -> Exception:
        """The exception to raise for the other side's; going home it is known by its number."""
        return revived(described | {"home": described.get("number")})

    def _received(self, reply: dict, arguments: object, inputs: list[torch.Tensor]) -> object:
        """The value of a reply, its marks replaced."""
        try:
            given = structure.tensors(arguments)
            outs = list(reply.get("outs", []))
            if outs:
                mirrors = [self.mirrors[number] for number in reply["params"]]
                outs = connected(Link(self, reply["tape"]), outs, [*inputs, *mirrors])
            found = {"arg": given, "out": outs, "param": self.mirrors}

            def fill(leaf: object) -> object:
                return found[leaf.kind][leaf.number] if isinstance(leaf, _Mark) else leaf

            return structure.swap(reply.get("value"), fill)
        except (LookupError, TypeError, AttributeError) as error:
            raise CannotCross(f"돌려준 값을 읽을 수 없습니다: {error}") from None

    # ------------------------------------------------------------ grads.Puller

    def pull(
        self, tape: int, grads: Sequence[torch.Tensor | None], graph: bool
    ) -> tuple[list[torch.Tensor | None], int, list[int]]:
        """See Tapes.pull: asks the other side."""
        sent = [None if g is None else g.detach() for g in grads]
        reply = self.ask(op="pull", tape=tape, grads=sent, graph=graph)
        self._raise(reply)
        return list(reply["grads"]), reply["tape"], list(reply["live"])

    def drop(self, tape: int) -> None:
        """Tells the other side with the next message that a tape is not needed."""
        self._unneeded.append(tape)

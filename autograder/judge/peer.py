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

from autograder.judge import modes, remote, short, structure, writeback
from autograder.judge.codec import (
    CodecError,
    Known,
    Limits,
    Ref,
    decode,
    decode_result,
    encode,
    encode_result,
    flat,
)
from autograder.judge.codec.tensors import is_tensor, requires_grad
from autograder.judge.errors import CannotCross, PeerGone, builtin_base, revived
from autograder.judge.grads import Link, Tapes, connected, leaves_of
from autograder.judge.mirrors import Mirrors, Owned
from autograder.sandbox.channel import MAX_MESSAGE, Channel

MAX_NESTING = 40  # calls in calls in calls across the wall
LIMITS = Limits(max_bytes=MAX_MESSAGE - 2**20)
_REQUEST, _REPLY, _REPLY_KNOWN = b"?", b"!", b"="
REQUESTS = (_REQUEST, short.REQUEST)
_NOTHING = ({}, [], {}, {})
_UNREADABLE = (CodecError, LookupError, TypeError, ValueError, AttributeError, RuntimeError)
_FUNCTIONS = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    types.MethodWrapperType,
)
# What runs the machinery itself; handing it out would hand out everything.
_NEVER = (types.ModuleType, types.FrameType, types.CodeType, types.TracebackType)


def _is_default(key: str, value: object) -> bool:
    """Whether a field of a request need not be said."""
    return key not in ("op", "args", "value", "gradients", "id") and (
        value is None or value is False or (isinstance(value, str | list | dict) and not value)
    )


def _joined(old: dict | list, new: dict | list) -> dict | list:
    return old | new if isinstance(old, dict) else old + new


def _plain(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor without the methods of a class of the student's."""
    if type(tensor) is torch.Tensor:
        return tensor
    with torch._C.DisableTorchFunctionSubclass(), torch.enable_grad():
        return torch.Tensor.as_subclass(tensor, torch.Tensor)


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
        self._untold: tuple | None = None  # see _news
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
        if isinstance(value, Iterator):
            return "iterator", {}
        if isinstance(value, _NEVER):
            raise CodecError(f"a {type(value).__name__} cannot cross")
        return "object", self.about(type(value))

    def about(self, value: object) -> dict:
        """What goes along with a handle."""
        return {}

    def _from_ref(self, ref: Ref) -> object:
        if ref.kind in ("out", "param", "yours"):
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

    def _post(self, message: dict, known: Known | None = None) -> None:
        """Sends a request or a reply, and with it whatever both sides have to agree on."""
        kind = _REQUEST if "op" in message else _REPLY
        if any(news := self._news()):  # most messages have none
            message["_"] = news
        if known is None:
            data = encode(message, to_ref=self._to_ref, limits=LIMITS, name="")
        else:
            kind = _REPLY_KNOWN
            data = encode_result(message, known, to_ref=self._to_ref, limits=LIMITS, name="")
        self._untold = None  # a message that could not be written has told nothing
        self.send(kind + data)

    def _news(self) -> tuple:
        """What both sides have to agree on and the other side has not been told yet, as of now."""
        unneeded, self._unneeded = self._unneeded, []
        changes = self.owned.changes(), self.mirrors.grads()
        news = (self._random.changed(), unneeded, *changes)
        if self._untold is not None:  # asked for earlier, and not sent: later news come on top
            news = tuple(map(_joined, self._untold, news))
        self._untold = news
        return news

    def _no_news(self) -> bool:
        """Whether a message may go without any; what there is goes with the next one that may not."""
        if any(self._news()):
            return False
        self._untold = None
        return True

    def _take(self, data: bytes, known: Known | short.Arguments | None = None) -> dict:
        body = memoryview(data)[1:]
        if isinstance(known, short.Arguments):
            if data[:1] == short.REPLY:
                value, changed = short.read_reply(data)
                return {"short": value, "changed": changed}
            known = known.known
        if data[:1] == _REPLY_KNOWN and known is not None:
            message = decode_result(body, known, from_ref=self._from_ref, limits=LIMITS)
        else:
            message = decode(body, from_ref=self._from_ref, limits=LIMITS)
        if not isinstance(message, dict):
            raise CodecError("no message")
        random, unneeded, owned, grads = message.pop("_", _NOTHING)
        self._random.accept(random)
        self._tapes.forget(unneeded)
        self.owned.take_grads(grads)
        self.mirrors.refresh(owned)
        return message

    def ask(self, known: Known | short.Arguments | None = None, **request: object) -> dict:
        """Sends a request, serves what the other side asks meanwhile, and returns the answer.

        Args:
            known: the request's arguments, if the answer may name them.
            request: what is asked; `frame`: the whole request in the short form.

        Raises:
            CannotCross: an argument or the answer cannot cross.
        """
        self.mirrors.check()
        if self._nesting >= MAX_NESTING:
            raise RecursionError("프로세스를 오가는 호출이 너무 깊습니다")
        try:
            if "frame" in request:
                self.send(request["frame"])
            else:
                self._post(
                    {key: value for key, value in request.items() if not _is_default(key, value)}
                )
        except CodecError as error:
            raise CannotCross(f"건네줄 수 없는 값입니다: {error}") from None
        self._nesting += 1
        try:
            while (data := self.wait(request))[:1] in REQUESTS:
                if isinstance(known, short.Arguments):
                    known.note()  # as they went, before we do anything to them
                self.answer(data)
            return self._take(data, known)
        except _UNREADABLE as error:
            raise CannotCross(f"돌려준 값을 읽을 수 없습니다: {error}") from None
        finally:
            self._nesting -= 1

    def answer(self, data: bytes) -> None:
        """Serves one request of the other side."""
        reply: dict = {}
        known = None
        try:
            if data[:1] == short.REQUEST:
                known = self._serve_short(*short.read_request(data), reply)
            else:
                known = self._serve(self._take(data), reply)
        except PeerGone:
            raise
        except BaseException as error:  # noqa: BLE001  what cannot be served is an answer, too
            reply["error"] = self._told(error)
        if isinstance(known, bytes):
            self.send(known)
            return
        try:
            self._post(reply, known)
        except CodecError as error:
            kept = {key: reply[key] for key in ("called", "outputs", "bound") if key in reply}
            self._post(kept | {"error": self._told(CannotCross(str(error)))})

    def _serve(self, request: dict, reply: dict) -> Known | None:
        """Does what is asked. Returns the arguments, where the reply may name them."""
        operation, target = request["op"], request.get("target")
        if operation == "call":
            return self._serve_call(request, reply)
        if operation == "pull":
            found = self._tapes.pull(
                request["tape"], request["gradients"], bool(request.get("graph"))
            )
            reply["gradients"], reply["tape"], reply["live"] = found
        elif operation == "get":
            with self.around(request, reply):
                value = self.reach(self.thing(target), request["name"])
            self._outcome(value, None, [], reply)
        elif operation == "set":
            self.assign(self.thing(target), request["name"], request.get("value"))
        elif operation == "step":
            end = object()
            with self.around(request, reply):
                value = next(self.thing(target), end)
            reply["more"] = value is not end
            self._outcome(None if value is end else value, None, [], reply)
        elif operation == "copy":
            reply["value"] = copy.deepcopy(self.thing(target))
        elif operation == "parameters":
            named = self.thing(target).named_parameters()
            reply["names"] = [(name, self.owned.number(p)) for name, p in named]
        else:
            self.perform(request, reply)
        return None

    # ------------------------------------------------------------ calls, served

    def _serve_call(self, request: dict, reply: dict) -> Known:
        function = self.thing(request["target"])
        if special := request.get("special"):
            function = remote.special(function, special)
        arguments = (request["args"], request.get("kwargs", {}))
        if self.owned:
            arguments = structure.swap(arguments, self._came_home)
        with modes.applied(request.get("modes", modes.USUAL)):
            inputs, inner = self._tracked(arguments, request.get("inputs", ()))
            before = writeback.snapshot(arguments)
            error = value = None
            with self.around(request, reply):
                try:
                    value = function(*arguments[0], **arguments[1])
                except BaseException as raised:  # noqa: BLE001  every exception is an answer
                    error = raised
        changed = writeback.changes(before, arguments)
        reply["flows"] = [(place, t.grad) for place, t in inner.items() if t.grad is not None]
        self._outcome((value, changed), before, inputs, reply)
        if error is not None:
            reply["error"] = self._told(error)
        return before

    def _serve_short(self, request: dict, row: flat.Row, reply: dict) -> bytes | Known:
        """A call in the short form. Returns the whole reply, or the arguments where it takes the long one."""
        function, arguments = self.thing(request["target"]), (request["args"], {})
        error = value = None
        with modes.applied(request["modes"]), self.around(request, reply):
            try:
                value = function(*arguments[0])
            except BaseException as raised:  # noqa: BLE001  every exception is an answer
                error = raised
        if error is None and not reply and (changed := flat.numbers_changed(row)) is not None:
            if self._no_news() and (sent := short.reply(value, row, changed)) is not None:
                return sent
        before = short.snapshot(arguments, row)
        self._outcome((value, writeback.changes(before, arguments)), before, [], reply)
        if error is not None:
            reply["error"] = self._told(error)
        return before

    @staticmethod
    def _tracked(arguments: object, places: Sequence) -> tuple[list, dict[int, torch.Tensor]]:
        """The tensors to differentiate by. What is no leaf at the caller's is none here either."""
        known = Known(arguments).objects if places else []
        inputs, inner = [], {}
        for place, leaf in places:
            tensor = known[place]
            if not leaf:
                inner[place] = tensor.detach().clone().requires_grad_()
                with torch.enable_grad():
                    tensor.requires_grad_(False).copy_(inner[place])
            inputs.append(tensor.requires_grad_() if leaf else inner[place])
        return inputs, inner

    def _told(self, error: BaseException) -> dict:
        """The exception as data. One that came from the other side goes home under its number."""
        home = getattr(error, "home", None) if isinstance(error, Exception) else None
        if home is not None:
            return {"home": home}
        number = len(self._passed) + 1
        self._passed[number] = error
        return self.describe(error) | {"base": builtin_base(error), "number": number}

    def _outcome(
        self, value: object, known: Known | None, inputs: list[torch.Tensor], reply: dict
    ) -> None:
        """Puts a value into the reply, with marks for tensors that are more than numbers.

        «param»: a parameter that stays here (the other side has a mirror of it); «yours»: the mirror of one
        over there; «out»: its gradient flows back through a tape.
        """
        given = known.places if known else {}
        outputs: dict[int, tuple[int, torch.Tensor, torch.Tensor]] = {}

        def mark(leaf: object) -> object:
            if not is_tensor(leaf) or id(leaf) in given:
                return leaf
            if issubclass(type(leaf), torch.nn.Parameter):
                return self._parameter(leaf)
            if not requires_grad(leaf):
                return leaf
            if id(leaf) not in outputs:
                outputs[id(leaf)] = (len(outputs), _plain(leaf), leaf)  # the id stays taken
            return _Mark("out", outputs[id(leaf)][0])

        reply["value"] = structure.swap(value, mark)
        if outputs:
            live = [tensor for _, tensor, _ in outputs.values()]
            sent = {id(t) for t in inputs}
            others = [leaf for leaf in leaves_of(live) if id(leaf) not in sent]
            reply["outs"] = [t.detach().clone() for t in live]
            reply["params"] = [self._parameter(leaf) for leaf in others]
            reply["tape"] = self._tapes.keep([*inputs, *others], live)

    def _parameter(self, tensor: torch.Tensor) -> _Mark:
        """A parameter, ours or the other side's, as the other side is to know it."""
        number = self.mirrors.number(tensor)
        if number is not None:
            return _Mark("yours", number)
        return _Mark("param", self.owned.number(tensor))

    def _sent_home(self, leaf: object) -> object:
        """A mirror among the arguments goes as what it mirrors."""
        number = self.mirrors.number(leaf) if isinstance(leaf, torch.Tensor) else None
        return leaf if number is None else _Mark("yours", number)

    def _came_home(self, leaf: object) -> object:
        return self.owned[leaf.number] if isinstance(leaf, _Mark) else leaf

    # ------------------------------------------------------------ calls, asked

    def call(
        self, handle: int, args: tuple, kwargs: dict, special: str = "", **extra: object
    ) -> object:
        """Calls what the other side handed out; changed arguments are written back even when it raises."""
        if not kwargs and not special and self._no_news():
            frame = short.request(handle, args, extra.get("banned", ()))
            if frame is not None:
                went = short.Arguments(args)
                reply = self.ask(went, op="call", frame=frame)
                if "short" in reply:
                    return self._came_short(reply, went)
                return self._came(reply, went.known, [])
        arguments = (args, kwargs)
        known = Known(arguments)
        inputs = {
            place: each
            for place, (each, kind) in enumerate(zip(known.objects, known.kinds, strict=True))
            if kind == "T" and each.requires_grad
        }
        if self.mirrors:
            args, kwargs = structure.swap(arguments, self._sent_home)
        now = modes.current()
        reply = self.ask(
            known,
            op="call",
            target=handle,
            special=special,
            args=args,
            kwargs=kwargs,
            inputs=[(place, each.is_leaf) for place, each in inputs.items()],
            modes=None if now == modes.USUAL else now,
            **extra,
        )
        return self._came(reply, known, list(inputs.values()))

    def _came_short(self, reply: dict, went: short.Arguments) -> object:
        """The value of a short reply, after the numbers that it changed have been changed here, too."""
        try:
            went.change(reply["changed"])
        except (CodecError, RuntimeError) as error:
            raise CannotCross(f"돌려준 값을 읽을 수 없습니다: {error}") from None
        self._raise({})
        return reply["short"]

    def _came(self, reply: dict, known: Known, inputs: list[torch.Tensor]) -> object:
        """The value of a call's reply, after its changes to the arguments have been made here, too."""
        try:
            value, changed = self._received(reply, inputs) or (None, [])
            writeback.apply(changed, known)
            for place, grad in reply.get("flows", ()):
                torch.autograd.backward([known.objects[place]], [grad])
        except (CodecError, ValueError, TypeError, LookupError, RuntimeError) as error:
            self._raise(reply)
            raise CannotCross(f"돌려준 값을 읽을 수 없습니다: {error}") from None
        self._raise(reply)
        return value

    def get(self, handle: int, name: str) -> object:
        """An attribute of what the other side handed out."""
        return self._asked(op="get", target=handle, name=name)

    def put(self, handle: int, name: str, value: object) -> None:
        """Sets an attribute over there."""
        self._asked(op="set", target=handle, name=name, value=value)

    def step(self, handle: int) -> tuple[bool, object]:
        """(True, the next item) of an iterator over there, or (False, None) at its end."""
        reply = self.ask(op="step", target=handle)
        self._raise(reply)
        return bool(reply.get("more")), self._received(reply, [])

    def copy(self, handle: int) -> object:
        """A deep copy of a thing over there, over there."""
        return self._asked(op="copy", target=handle)

    def parameters(self, handle: int) -> list[tuple[str, torch.nn.Parameter]]:
        """Name and mirror of every parameter of a module over there."""
        reply = self.ask(op="parameters", target=handle)
        self._raise(reply)
        return [(str(name), self.mirrors[number]) for name, number in reply["names"]]

    def _asked(self, **request: object) -> object:
        reply = self.ask(**request)
        self._raise(reply)
        return self._received(reply, [])

    def _raise(self, reply: dict) -> None:
        if (described := reply.get("error")) is None:
            return
        if (number := described.get("home")) in self._passed:
            raise self._passed.pop(number)
        raise revived(described | {"home": described.get("number")})

    def _received(self, reply: dict, inputs: list[torch.Tensor]) -> object:
        """The value of a reply, its marks replaced."""
        try:
            outs = list(reply.get("outs", []))
            found = {"out": outs, "param": self.mirrors, "yours": self.owned}

            def fill(leaf: object) -> object:
                return found[leaf.kind][leaf.number] if isinstance(leaf, _Mark) else leaf

            if outs:
                others = [fill(mark) for mark in reply["params"]]
                found["out"] = connected(Link(self, reply["tape"]), outs, [*inputs, *others])
            return structure.swap(reply.get("value"), fill)
        except (LookupError, TypeError, AttributeError) as error:
            raise CannotCross(f"돌려준 값을 읽을 수 없습니다: {error}") from None

    # ------------------------------------------------------------ grads.Puller

    def pull(
        self, tape: int, grads: Sequence[torch.Tensor | None], graph: bool
    ) -> tuple[list[torch.Tensor | None], int, list[int]]:
        """See Tapes.pull: asks the other side."""
        sent = [None if g is None else g.detach() for g in grads]
        reply = self.ask(op="pull", tape=tape, gradients=sent, graph=graph)
        self._raise(reply)
        return list(reply["gradients"]), reply["tape"], list(reply["live"])

    def drop(self, tape: int) -> None:
        """Tells the other side with the next message that a tape is not needed."""
        self._unneeded.append(tape)

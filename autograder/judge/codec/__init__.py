"""The codec between judge and student process: values ↔ bytes, and nothing is ever executed.

One message is one graph: what is one object, or shares memory, on one side does so on the other.

    wire      the format                  encode    values → bytes
    tables    the closed lists            views     … their memory
    records   namedtuples                 decode    bytes → values
    tensors   tensors without their class storage   … their memory
    memory    strided views that share    known     what both sides hold already
"""

from __future__ import annotations

from collections.abc import Callable

from autograder.judge.codec.common import CodecError, Limits, Ref
from autograder.judge.codec.decode import Decoder
from autograder.judge.codec.encode import Encoder
from autograder.judge.codec.known import Known

__all__ = [
    "CodecError",
    "Known",
    "Limits",
    "Ref",
    "decode",
    "decode_result",
    "encode",
    "encode_result",
]


def _no_ref(value: object) -> Ref | None:
    return None


def _refuse_ref(ref: Ref) -> object:
    raise CodecError("the message refers to something on the other side")


def encode(
    value: object,
    *,
    to_ref: Callable[[object], Ref | None] = _no_ref,
    limits: Limits = Limits(),  # noqa: B008  (frozen)
    name: str = "args",
) -> bytes:
    """A value as one message.

    Args:
        to_ref: asked for tensors that autograd made, and for whatever is no plain data; None: the
            tensor travels detached, anything else cannot cross.
        name: what error messages call `value`.

    Raises:
        CodecError: «args[0]['x']: a generator object cannot cross».
    """
    return Encoder(to_ref, limits, None, name).encode(value)


def decode(
    data: bytes | bytearray | memoryview,
    *,
    from_ref: Callable[[Ref], object] = _refuse_ref,
    limits: Limits = Limits(),  # noqa: B008
) -> object:
    """The value of a message, whoever wrote it.

    Args:
        from_ref: gives what a reference stands for; runs in the caller's grad mode.

    Raises:
        CodecError: whatever the bytes are; also for anything that `from_ref` raises.
    """
    return _decode(data, from_ref, limits, None)


def encode_result(
    value: object,
    args: object,
    *,
    to_ref: Callable[[object], Ref | None] = _no_ref,
    limits: Limits = Limits(),  # noqa: B008
    name: str = "result",
) -> bytes:
    """As `encode`, for a receiver that holds `args` too.

    An object of `args` crosses as «your own», and a view of its memory as a view of yours.

    Args:
        args: a Known (or Snapshot) taken when the arguments crossed.
    """
    return Encoder(to_ref, limits, _known(args), name).encode(value)


def decode_result(
    data: bytes | bytearray | memoryview,
    args: object,
    *,
    from_ref: Callable[[Ref], object] = _refuse_ref,
    limits: Limits = Limits(),  # noqa: B008
) -> object:
    """As `decode`, of what `encode_result` wrote.

    Args:
        args: a Known taken when the arguments crossed; or the arguments, if unchanged since.
    """
    return _decode(data, from_ref, limits, _known(args))


def _known(args: object) -> Known:
    return args if isinstance(args, Known) else Known(args)


def _decode(
    data: bytes | bytearray | memoryview,
    from_ref: Callable[[Ref], object],
    limits: Limits,
    known: Known | None,
) -> object:
    message = memoryview(data).cast("B")
    try:
        return Decoder(message, from_ref, limits, known).decode()
    except CodecError:
        raise
    except (TypeError, ValueError, OverflowError, RuntimeError, MemoryError) as error:
        # An unhashable key; what torch or numpy refuses beyond our checks; a machine too small.
        raise CodecError(f"the message cannot be read: {type(error).__name__}") from error

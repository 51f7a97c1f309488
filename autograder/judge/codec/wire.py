"""The bytes of a message: magic, tags, and numbers of variable length.

    MAGIC  version
    #storages  (size)*                    buffers that tensors and arrays look into
    #views     (VIEW shape strides)*      whole numbers of 8 bytes: read at once, there are many
               where of VIEW: 2·storage; or 2·known + 1, with the checksum of its layout
    digest of the known objects           only when MAGIC is MAGIC_KNOWN
    graph                                 one value, depth first, see Tag
    storages                              raw bytes, back to back, up to the end

Numbers are LEB128 (`uint`), signed ones zigzag (`sint`). A tensor or array in the graph takes the
next view of the table.
"""

from __future__ import annotations

import struct
from enum import IntEnum

from autograder.judge.codec.common import CodecError

VERSION = 2
MAGIC = b"\xf0CRA" + bytes([VERSION])
MAGIC_KNOWN = b"\xf0CRK" + bytes([VERSION])

_WORD = 2**64
VIEW = struct.Struct("<BBBIqI")  # kind, dtype, number of dimensions, where, offset, layout
NUMBERS_OF_VIEW = [struct.Struct(f"<{2 * n}q") for n in range(33)]


class Tag(IntEnum):
    """The first byte of every value. Numbers are part of the format: append, never renumber."""

    NONE = 0
    TRUE = 1
    FALSE = 2
    INT = 3  # sint
    BIGINT = 4  # size, two's complement, little endian
    FLOAT = 5  # 8 bytes
    COMPLEX = 6  # 16 bytes
    STR = 7  # size, UTF-8 with surrogates
    BYTES = 8
    BYTEARRAY = 9
    LIST = 10  # count, values
    TUPLE = 11
    RECORD = 12  # a namedtuple: name, count, field names, values
    SET = 13
    FROZENSET = 14
    DICT = 15  # count, (key value)*
    ORDERED_DICT = 16
    COUNTER = 17
    DEFAULT_DICT = 18  # factory, then as DICT
    DEQUE = 19  # maxlen + 1 or 0, then as LIST
    SLICE = 20  # three values
    RANGE = 21  # three values
    ELLIPSIS = 22
    SIZE = 23  # count, sint*
    TORCH_DTYPE = 24
    DEVICE = 25  # kind, index + 1 or 0
    LAYOUT = 26
    MEMORY_FORMAT = 27
    NUMPY_DTYPE = 28  # dtype, 1 when bytes are swapped
    NUMPY_TYPE = 29
    NUMPY_SCALAR = 30  # dtype, its bytes
    TENSOR = 31  # flags; with GRAD a value follows
    ARRAY = 32  # flags
    GENERATOR = 33  # size, state
    REF = 34  # kind, sint id, a value: meta
    ALIAS = 35  # the n-th object of this message
    KNOWN = 36  # the n-th object that both sides hold already
    LIST_OF_INT = 37  # count, 8 bytes each
    TUPLE_OF_INT = 38
    LIST_OF_FLOAT = 39
    TUPLE_OF_FLOAT = 40
    WORD = 41  # place in the table of words


# Kinds of views in the table.
TENSOR, ARRAY = 0, 1
MAX_DIMENSIONS = 32
MAX_SIZE = 256  # numbers in a torch.Size
# Flags of a TENSOR.
REQUIRES_GRAD, PARAMETER, CONJ, NEG, GRAD = 1, 2, 4, 8, 16
# Flags of an ARRAY.
READ_ONLY, SWAPPED = 1, 2

# Lists and tuples of at least so many int (of 64 bits) or float are packed.
PACKED = 16

# What a value weighs against Limits.max_items where it costs more than one Python object.
HEAVY = 8
NEW_RECORD = 64
GENERATOR = 1024
NUMBERS = 8  # that many packed numbers weigh as much as one more value
# Strings and bytes shorter than this get no place of their own: an alias would be no shorter.
SHORT = 3
CHARACTERS = 4096  # that many bytes of text weigh as much as one more value


def put_uint(out: bytearray, value: int) -> None:
    """Appends 0 ≤ value < 2**64."""
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)


def put_sint(out: bytearray, value: int) -> None:
    """Appends −2**63 ≤ value < 2**63."""
    put_uint(out, value << 1 if value >= 0 else (~value << 1) | 1)


def put_bytes(out: bytearray, value: bytes) -> None:
    """Appends a size and that many bytes."""
    put_uint(out, len(value))
    out += value


def put_text(out: bytearray, value: str) -> None:
    """Appends a string; unpaired surrogates are kept."""
    put_bytes(out, value.encode("utf-8", "surrogatepass"))


def to_text(data: memoryview) -> str:
    """A string out of its bytes."""
    try:
        return str(data, "utf-8", "surrogatepass")
    except UnicodeDecodeError:
        raise CodecError("a string in the message is no UTF-8") from None


class Reader:
    """Reads `data` from left to right up to `end`; a CodecError where it is cut short."""

    __slots__ = ("data", "end", "position")

    def __init__(self, data: memoryview) -> None:
        self.data = data
        self.position = 0
        self.end = len(data)

    @property
    def left(self) -> int:
        """Bytes not read yet."""
        return self.end - self.position

    def byte(self) -> int:
        """The next byte."""
        if self.position >= self.end:
            raise CodecError("the message is cut short")
        value = self.data[self.position]
        self.position += 1
        return value

    def take(self, size: int) -> memoryview:
        """The next `size` bytes, not copied."""
        start = self.position
        if size > self.end - start:
            raise CodecError("the message is cut short")
        self.position = start + size
        return self.data[start : start + size]

    def uint(self) -> int:
        """A number below 2**64."""
        position = self.position
        if position < self.end and (value := self.data[position]) < 0x80:
            self.position = position + 1
            return value  # almost all
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
            shift += 7
            if shift > 63:
                raise CodecError("a number in the message is too long")
        if value >= _WORD:
            raise CodecError("a number in the message is too large")
        return value

    def sint(self) -> int:
        """A signed number of 64 bits."""
        value = self.uint()
        return ~(value >> 1) if value & 1 else value >> 1

    def count(self, each: int = 1) -> int:
        """How many things follow, of which each takes `each` bytes or more."""
        value = self.uint()
        if value * each > self.end - self.position:
            raise CodecError("the message is cut short")
        return value

    def name(self, longest: int) -> str:
        """A short string."""
        size = self.count()
        if size > longest:
            raise CodecError("a name in the message is too long")
        return to_text(self.take(size))

    def numbers(self, count: int, code: str = "d") -> tuple[float, ...] | tuple[int, ...]:
        """`count` numbers of 8 bytes: "d", or "q" for integers."""
        return struct.unpack(f"<{count}{code}", self.take(8 * count))

"""A zip with a password."""

from __future__ import annotations

import struct

from tests.threats.handins.zips import RIGHT_BYTES, make_zip, refused_all


def test_it_is_refused_with_the_reason(court):
    data = bytearray(make_zip(("toy.ipynb", RIGHT_BYTES)))
    for offset in (6, data.rindex(b"PK\x01\x02") + 8):
        (flags,) = struct.unpack_from("<H", data, offset)
        struct.pack_into("<H", data, offset, flags | 1)
    refused_all(court(bytes(data), "m50_toy.zip"), "암호가 걸린 zip", 1)

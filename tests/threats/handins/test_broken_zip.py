"""A zip cut short, with a wrong checksum, with a directory that points nowhere, that is no zip."""

from __future__ import annotations

import struct

import pytest

from tests.threats.handins.zips import RIGHT_BYTES, make_zip, refused_all

GOOD = make_zip(("toy.ipynb", RIGHT_BYTES))


def changed(offset: int, *values: int) -> bytes:
    data = bytearray(GOOD)
    struct.pack_into(f"<{len(values)}I", data, offset, *values)
    return bytes(data)


DIRECTORY = GOOD.rindex(b"PK\x01\x02")
BROKEN = {
    "half": GOOD[: len(GOOD) // 2],
    "no end": GOOD[:-22],
    "no last byte": GOOD[:-1],
    "head only": GOOD[:4],
    "checksum": changed(DIRECTORY + 16, 7),
    "unknown method": changed(DIRECTORY + 10, 0x5A5A),
    "entry elsewhere": changed(DIRECTORY + 42, 2**31 - 1),
    "directory elsewhere": changed(len(GOOD) - 6, 2**31 - 1),
    "no directory": GOOD[:DIRECTORY] + GOOD[-22:],
    "packed bytes": GOOD[:60] + b"\xff" * 40 + GOOD[100:],
}


@pytest.mark.parametrize("name", BROKEN)
def test_it_is_refused_in_one_line(court, name):
    refused_all(court(BROKEN[name], "m50_toy.zip"), "zip", 1)

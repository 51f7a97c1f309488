"""Little that becomes much: one entry of zeros, many of them, a header that lies."""

from __future__ import annotations

import struct

from tests.threats.handins.zips import RIGHT_BYTES, make_zip, refused_all, try_zip

MUCH = b"\0" * (64 * 2**20)


def test_a_bomb_beside_a_notebook(court):
    outcome = try_zip(court, ("bomb.ipynb", MUCH), ("toy.ipynb", RIGHT_BYTES))
    (line,) = outcome.refusals
    assert "압축 폭탄으로 보여 풀지 않았습니다" in line
    assert outcome.points["m50"] == 100
    assert sum(path.stat().st_size for path in court.course.inbox.rglob("*")) < 2**20


def test_a_bomb_with_a_small_size_in_its_header(court):
    data = bytearray(make_zip(("toy.ipynb", MUCH)))
    place = data.rindex(b"PK\x01\x02")
    for offset in (place + 24, 22):  # in the directory and in the entry itself
        struct.pack_into("<I", data, offset, 1000)
    refused_all(court(bytes(data), "m50_toy.zip"), "풀", 1)
    assert sum(path.stat().st_size for path in court.course.inbox.rglob("*")) < 2**20

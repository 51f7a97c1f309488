"""JSON that is no notebook, and files that are no JSON."""

from __future__ import annotations

import pytest

from tests.threats.handins.court import RIGHT_BYTES

JSON = [b"[1, 2]", b"5", b'"text"', b"null", b"true", b"{}", b'[{"cells": []}]']
OTHER = [b"", b" \n", b"%PDF-1.7", b"<html></html>", RIGHT_BYTES[:-40], b"\xff\xfe" + RIGHT_BYTES]


@pytest.mark.parametrize("data", JSON + OTHER, ids=range(len(JSON + OTHER)))
def test_it_is_refused_in_one_line(court, data):
    court(data).assert_refused("파일")


def test_a_notebook_without_anything_of_the_lab(court):
    court(b'{"nbformat": 4, "cells": []}').assert_refused("답 셀이 하나도 없습니다")

"""Hostile notebooks through the desk: nothing happens in a browser, and the next student is served."""

from __future__ import annotations

import json

import pytest
from starlette.testclient import TestClient

from autograder import notebooks
from autograder.portal.auth import links
from tests.browsing import Visit
from tests.grading.toycourse import RIGHT
from tests.judge.lab import handed_in
from tests.portal.serving import secrets_of
from tests.portal.toydesk import hand_in, make_desk, notebook, receipt_of
from tests.threats.handins import (
    test_css,
    test_formgrader,
    test_frames,
    test_javascript_links,
    test_mathml,
    test_no_notebook,
    test_scripts,
    test_svg,
)
from tests.threats.handins.court import as_bytes
from tests.threats.handins.pages import raised, shown, written

MODULES = (test_css, test_frames, test_javascript_links, test_mathml, test_scripts, test_svg,
           test_formgrader)  # fmt: skip
PAYLOADS = [payload for module in MODULES for payload in module.PAYLOADS]
DEEP = b'{"nbformat": 4, "cells": ' + b"[" * 50_000 + b"]" * 50_000 + b"}"
NUMBER = b'{"nbformat": 4, "cells": [], "x": ' + b"9" * 1_000_000 + b"}"
CODE = {
    "ends its process": "import os\nos._exit(0)",
    "forks for ever": "import os\nwhile True:\n    os.fork()",
    "takes all memory": "x = [bytearray(2**28) for _ in range(100)]",
    "looks for secrets": "print(open('/proc/1/environ').read(), __import__('os').listdir('/'))",
    "floods its output": "print('x' * 50_000_000)",
    "stays in a loop": "while True:\n    pass",
    "prints nonsense": "print('\\x00\\ud800 \\u202e')",
    "calls for others": "import socket\nsocket.create_connection(('127.0.0.1', 8000), 1)",
}


def notebook_of(way, *payloads: str) -> bytes:
    """The threat's notebook itself: its `court` only hands back what it is given."""
    made = way(lambda notebook: notebook, *payloads)
    return made if isinstance(made, bytes) else as_bytes(made)


@pytest.mark.browser
@pytest.mark.parametrize("way", [shown, written, raised])
def test_nothing_acts_in_the_browser(served, browser, way, tmp_path):
    here = Visit(browser, served.address)
    page, said = here.page, []
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    token = secrets_of(served.course, ["t01"], links.LINK)["t01"]
    page.goto(f"{served.address}/desk/in/{token}")
    page.get_by_role("button", name="들어가기").click()
    page.wait_for_url("**/desk/")
    page.goto(f"{served.address}/desk/labs/toy")
    (tmp_path / "x.ipynb").write_bytes(notebook_of(way, *PAYLOADS))
    page.set_input_files("#notebook", tmp_path / "x.ipynb")
    page.get_by_text("모든 답 칸이 있습니다.").wait_for()
    page.get_by_role("button", name="내기", exact=True).click()
    page.get_by_role("heading", name="채점 결과").wait_for(timeout=90_000)
    for summary in page.locator("summary").all():
        summary.click()
    page.wait_for_timeout(1500)
    frames = [frame for frame in page.frames if "/output/" in frame.url]
    assert bool(frames) == (way is not written)
    for frame in frames:
        # A document in a sandbox without allow-scripts runs nothing, whatever is in it.
        assert (
            frame.locator("script, iframe, object, embed, form, link, meta[http-equiv]").count()
            == 0
        )
    assert page.locator("main script, main style, main svg, main math, main object").count() == 0
    assert said == [] and here.foreign == [] and here.problems == []
    here.context.close()


@pytest.fixture(scope="module")
def graded(tmp_path_factory, kept):
    made = make_desk(tmp_path_factory.mktemp("threats") / "course", executor=kept)
    with TestClient(made.app):
        yield made


def test_hostile_code_costs_its_own_exercise_only(graded):
    client = graded.client("s01")
    for name, code in CODE.items():
        made = handed_in({**RIGHT, "double": f"def double(x):\n    return 0\n{code}"})
        data = notebooks.dumps(made).encode() if "ud800" not in code else json.dumps(made).encode()
        page = graded.wait(client, receipt_of(hand_in(client, data)), 120)
        assert "60<small> / 100" in page or "0<small> / 100" in page, name
        assert "HIDDEN_SECRET" not in page and "COURSE" not in page, name
    other = graded.client("s02")
    assert "100<small>" in graded.wait(other, receipt_of(hand_in(other, notebook())))


@pytest.mark.parametrize("data", [DEEP, NUMBER, *test_no_notebook.JSON, *test_no_notebook.OTHER])
def test_hostile_files_are_refused_with_a_reason(graded, data):
    answer = hand_in(graded.client("s03"), data)
    assert answer.status_code == 422 and "아직 내지 않았습니다" in answer.text

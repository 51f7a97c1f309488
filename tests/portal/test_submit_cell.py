"""The lab's last cell, in a real kernel: from a saved file, and with a stand-in of Colab's message API."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from jupyter_client.manager import KernelManager

from autograder import notebooks
from autograder.portal.auth import links
from autograder.portal.tables import Handin
from autograder.publish.submit_cell import source
from tests.grading.toycourse import RIGHT
from tests.judge.lab import handed_in
from tests.portal.serving import secrets_of

COLAB = """
import json, sys, types
def blocking_request(kind, request="", timeout_sec=5, parent=None):
    assert kind == "get_ipynb" and timeout_sec
    return {answer}
message = types.ModuleType("google.colab._message")
message.blocking_request = blocking_request
colab = types.ModuleType("google.colab"); colab._message = message
google = types.ModuleType("google"); google.colab = colab
sys.modules.update({{"google": google, "google.colab": colab, "google.colab._message": message}})
"""


class Kernel:
    """A kernel in a folder; `run` answers what the code asks for and returns what it printed."""

    def __init__(self, folder: Path) -> None:
        self.manager = KernelManager(kernel_name="python3")
        clean = {name: value for name, value in os.environ.items() if name != "JPY_SESSION_NAME"}
        self.manager.start_kernel(cwd=str(folder), env=clean)
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def run(self, code: str, *answers: str) -> str:
        left, said = list(answers), []

        def reply(_message) -> None:
            self.client.input(left.pop(0))

        def hear(message) -> None:
            content = message["content"]
            said.append(content.get("text") or "\n".join(content.get("traceback", [])))

        self.client.execute_interactive(
            code, allow_stdin=True, stdin_hook=reply, output_hook=hear, timeout=120
        )
        return "".join(said)

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kernel")
    made = Kernel(folder)
    made.folder = folder
    yield made
    made.close()


def colab_saved() -> dict:
    """A notebook as Colab's page holds it: nbformat 4.0, ids in the metadata."""
    notebook = json.loads(notebooks.dumps(handed_in(RIGHT)))
    notebook["nbformat_minor"] = 0
    for cell in notebook["cells"]:
        cell["metadata"] = {"id": cell.pop("id")}
    notebook["metadata"] = {"colab": {"provenance": []}}
    return notebook


def test_from_colab(served, kernel):
    toy, server = served.toy, served
    key = secrets_of(toy.course, ["c01"], links.SUBMIT)["c01"]
    kernel.run(COLAB.format(answer=repr({"ipynb": colab_saved()})))
    said = kernel.run(source("toy", server.address), key)
    assert "냈습니다: 1번째" in said and "100 / 100점" in said, said
    assert key not in said
    with toy.desk.database.session() as db:
        row = db.query(Handin).filter_by(student="c01").one()
        assert row.source == "cell" and row.sha256 in said and row.receipt in said
    kernel.run("del sys.modules['google'], sys.modules['google.colab']")
    kernel.run("del sys.modules['google.colab._message']")


def test_from_the_saved_file_and_a_missing_cell_is_asked_about(served, kernel):
    toy, server = served.toy, served
    key = secrets_of(toy.course, ["c02"], links.SUBMIT)["c02"]
    notebook = handed_in(RIGHT)
    notebook.cells = [cell for cell in notebook.cells if cell.id != "relu"]
    notebooks.write(kernel.folder / "내 실습.ipynb", notebook)
    (kernel.folder / "other.ipynb").write_text("{}", "utf-8")
    said = kernel.run(source("toy", server.address), key, "n")
    assert "relu의 답 칸이 없습니다" in said and "내지 않았습니다." in said
    said = kernel.run(source("toy", server.address), key, "y")
    assert "40 / 100점" in said, said
    with toy.desk.database.session() as db:
        assert db.query(Handin).filter_by(student="c02").one().file == "내 실습.ipynb"


@pytest.mark.parametrize("address", ["", "http://127.0.0.1:9", None])
def test_whatever_goes_wrong_the_way_round_is_told(served, kernel, address):
    notebooks.write(kernel.folder / "toy.ipynb", handed_in(RIGHT))
    address = served.address if address is None else address
    said = kernel.run(source("toy", address), "a wrong key")
    assert "내지 못했습니다" in said and "올리세요" in said and "Traceback" not in said
    assert not address or f"{address}/desk/labs/toy에" in said


def test_a_page_that_does_not_answer_is_no_end(served, kernel):
    kernel.run(COLAB.format(answer="(_ for _ in ()).throw(TimeoutError('no answer'))"))
    said = kernel.run(source("toy", served.address))
    assert "내지 못했습니다: no answer" in said and "올리세요" in said


def test_it_needs_nothing_but_the_standard_library_and_fits_the_page():
    import ast
    import sys

    text = source("rnn", "https://desk.example.org")
    tree = ast.parse(text)
    names = [alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import)
             for alias in node.names]  # fmt: skip
    assert set(names) <= set(sys.stdlib_module_names)
    assert max(map(len, text.splitlines())) <= 88 and not re.search(r"\{\{", text)

"""The error dictionary says what torch says: every example on the page is run."""

from __future__ import annotations

import contextlib
import io
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch
from bs4 import BeautifulSoup

from tests import booksite

ROOT = booksite.ROOT
for folder in ("book", "book/_ext"):
    sys.path.insert(0, str(ROOT / folder))

import bookconfig  # noqa: E402
from edition import parser  # noqa: E402

CONFIG = bookconfig.load()
# Errors that need a GPU; the page marks each with `% gpu`. No other entry may be exempt.
ON_A_GPU = {"err-device", "err-oom", "err-device-assert"}
TOPICS = {
    "err-matmul", "err-broadcast", "err-view", "err-cat", "err-cross-entropy-shape",
    "err-target-float", "err-index", "err-double-float", "err-device", "err-oom",
    "err-device-assert", "err-nan", "err-inplace", "err-backward-twice", "err-no-grad",
    "err-leaf-inplace", "err-numpy", "err-scalar", "err-optimizer-empty", "err-integer-grad",
    "err-state-dict", "err-kit", "err-none",
}  # fmt: skip


@dataclass
class Entry:
    """An error of the page: its message, and the code that makes and mends it."""

    label: str
    line: int
    gpu: bool = False
    messages: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)
    words: str = ""


def read(text: str) -> tuple[str, list[Entry]]:
    """The page's prelude and its entries."""
    prelude, label, entries = "", "", []
    for block in parser.blocks(text, CONFIG.syntax):
        entry = entries[-1] if entries else None
        if block.kind == "myst_target":
            label = block.token.content
        elif block.kind == "heading" and block.token.tag == "h3":
            entries.append(Entry(label, block.start + 1))
        elif block.kind == "fence" and entry is None:
            prelude = block.token.content
        elif block.kind == "fence" and block.token.info == "text":
            entry.messages.append(block.token.content.rstrip("\n"))
        elif block.kind == "fence":
            assert block.token.info == "python", block.start
            entry.code.append(block.token.content)
        elif block.kind == "myst_line_comment" and entry:
            assert block.token.content.strip() == "gpu", block.start
            entry.gpu = True
        elif entry and block.kind == "paragraph":
            entry.words += block.inner[1].content + "\n"
    return prelude, entries


PRELUDE, ENTRIES = read(CONFIG.source("errors").read_text("utf-8"))
HERE = [entry for entry in ENTRIES if not entry.gpu]


def each(entries: list[Entry]) -> Iterator:
    return pytest.mark.parametrize("entry", entries, ids=lambda entry: entry.label)


def run(code: str) -> None:
    """Run an example in a fresh namespace, as after the page's prelude."""
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        # Anomaly mode says that it is slow, and where in the forward pass the nan arose.
        warnings.simplefilter("ignore")
        exec(compile(PRELUDE + code, "example", "exec"), {"__name__": "example"})


def last_line(error: BaseException) -> str:
    """What a traceback ends with (several lines for some errors)."""
    kind = type(error)
    home = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return f"{home}{kind.__qualname__}" + (f": {error}".rstrip() if str(error) else "")


def test_the_entries_that_a_student_needs_are_there():
    labels = [entry.label for entry in ENTRIES]
    assert len(labels) == len(set(labels))
    assert set(labels) >= TOPICS
    assert {entry.label for entry in ENTRIES if entry.gpu} == ON_A_GPU


@each(ENTRIES)
def test_entry_is_complete(entry):
    assert entry.label.startswith("err-")
    assert (len(entry.messages), len(entry.code)) == (1, 2), entry.line
    assert "**고치기**" in entry.words and "**먼저 볼 것**" in entry.words
    assert max(map(len, "".join(entry.code).splitlines())) <= 88


@each(HERE)
def test_message_is_what_torch_says(entry):
    with pytest.raises(Exception) as raised:
        run(entry.code[0])
    assert last_line(raised.value) == entry.messages[0]


@each(ENTRIES)
def test_mended_code_runs(entry):
    run(entry.code[1])


def test_gpu_messages_begin_with_errors_that_torch_has():
    messages = {entry.label: entry.messages[0] for entry in ENTRIES if entry.gpu}
    for message in messages.values():
        name = message.partition(":")[0].removeprefix("torch.")
        assert issubclass(getattr(torch, name, RuntimeError), RuntimeError)
    # Of the three, this text is compiled into the library for CPUs too.
    known = "Expected all tensors to be on the same device, but found at least two devices, "
    assert known in messages["err-device"]
    library = Path(torch.__file__).parent / "lib" / "libtorch_cpu.so"
    if library.exists():
        assert known.encode() in library.read_bytes()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="GPU가 없습니다")
@pytest.mark.parametrize("label", ["err-device", "err-oom"])
def test_gpu_messages_on_a_gpu(label):
    entry = next(entry for entry in ENTRIES if entry.label == label)
    with pytest.raises(Exception) as raised:
        run(entry.code[0])
    said = last_line(raised.value)
    assert said.startswith(entry.messages[0].partition(" GPU 0")[0])


def test_other_errors_that_the_page_mentions():
    with pytest.raises(IndexError, match=r"^Target 6 is out of bounds\.$"):
        torch.nn.functional.cross_entropy(torch.zeros(1, 6), torch.tensor([6]))
    with pytest.raises(IndexError, match="index out of range in self"):
        torch.nn.Embedding(6, 4)(torch.tensor([-100]))


def test_page_keeps_labels_and_messages():
    soup = BeautifulSoup((booksite.site() / "errors.html").read_text("utf-8"), "html.parser")
    shown = [pre.get_text().rstrip("\n") for pre in soup.select("article .highlight-text pre")]
    assert shown == [entry.messages[0] for entry in ENTRIES]
    for entry in ENTRIES:
        assert soup.find(id=entry.label), entry.label

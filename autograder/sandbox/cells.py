"""Inside a forked child: runs cells with IPython's semantics and reports what each one did."""

from __future__ import annotations

import ast
import contextlib
import functools
import linecache
import os
import re
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from autograder.sandbox import prepared
from autograder.sandbox.recorder import Recorder, Stream

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_OURS = str(Path(__file__).parents[1]) + os.sep
_MAGIC = re.compile(r"[%!?]|^\s*[,;/]", re.MULTILINE)
_ASYNC = re.compile("async|await")
MAX_PARTS = 50  # of one test cell
_shell = None
_pristine: list[object] = []  # a publisher and a display hook as no cell has seen them


def prepare_shell(names: dict | None = None, ours: bool = False) -> None:
    """Makes IPython's shell before the fork, without history (its thread would not survive a fork).

    Args:
        names: the dictionary in which cells find and put their names; by default a plain one.
        ours: the cells are an instructor's. Of these, what Python can read is Python: IPython's
            search for magics, which costs more than most tests, is left out.
    """
    global _shell
    from IPython.core.history import HistoryManager
    from IPython.core.interactiveshell import InteractiveShell
    from matplotlib_inline.backend_inline import configure_inline_support
    from traitlets.config import Config

    HistoryManager.enabled = False
    config = Config()
    config.InteractiveShell.colors = "NoColor" if _old_ipython() else "nocolor"
    config.InteractiveShell.cache_size = 0
    _shell = InteractiveShell.instance(config=config, user_ns=names)
    _shell.enable_gui = lambda gui=None: None  # `%matplotlib inline` asks for it
    configure_inline_support(_shell, "module://matplotlib_inline.backend_inline")
    _search_magics_only_in_magics(_shell.input_transformer_manager)
    _look_for_await_only_in_await(_shell)
    publisher, hook = _displays()
    _pristine[:] = publisher(parent=_shell), hook(parent=_shell, cache_size=0, shell=_shell)
    if ours:
        transform = _shell.transform_cell
        _shell.transform_cell = lambda raw: f"{raw}\n" if _is_python(raw) else transform(raw)


def _search_magics_only_in_magics(manager: Any) -> None:
    """IPython tokenizes every cell, in Python, to find lines such as `%time f()`: half of what a cell costs.

    Each of them begins or ends with one of a few signs, and is nothing that Python could read.
    """
    search, usual = manager.do_token_transforms, [*manager.token_transformers]

    def do_token_transforms(lines: list[str]) -> list[str]:
        if manager.token_transformers == usual:
            source = "".join(lines)
            if not _MAGIC.search(source) or _is_python(source):
                return lines
        return search(lines)

    manager.do_token_transforms = do_token_transforms


def _look_for_await_only_in_await(shell: Any) -> None:
    """IPython compiles every cell once more to see whether it waits for something at its top level."""
    look = shell.should_run_async

    def should_run_async(
        raw_cell: str, *, transformed_cell: str | None = None, **more: Any
    ) -> bool:
        if transformed_cell is not None and not _ASYNC.search(transformed_cell):
            return False
        return look(raw_cell, transformed_cell=transformed_cell, **more)

    shell.should_run_async = should_run_async


def rehearse() -> None:
    """Runs cells of no effect, so that the first real one does not pay for IPython's first time."""
    for _ in range(3):
        run_cell({"id": "", "source": "import math\nmath.sqrt(2) and None"}, Recorder(0), {})
    names().pop("math", None)


def _is_python(source: str) -> bool:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError):
        return False
    return True


def _old_ipython() -> bool:
    import IPython

    return IPython.version_info[0] < 9


def python(source: str) -> str:
    """A cell's source as plain Python: magics become the calls that they stand for."""
    return _shell.transform_cell(source)


def names() -> dict:
    """Where the cells' names are."""
    return _shell.user_ns


@functools.cache
def _displays() -> tuple[type, type]:
    """IPython's classes for what a cell shows, writing into `recorder`."""
    from IPython.core.displayhook import DisplayHook
    from IPython.core.displaypub import DisplayPublisher

    class Publisher(DisplayPublisher):
        recorder: Recorder

        def publish(self, data, metadata=None, *args, **kwargs):
            self.recorder.data("display_data", data, metadata)

        def clear_output(self, wait=False):
            pass

    class Hook(DisplayHook):
        recorder: Recorder

        def write_format_data(self, format_dict, md_dict=None):
            self.recorder.data("execute_result", format_dict, md_dict)

        def write_output_prompt(self):
            pass

        def finish_displayhook(self):
            pass

    return Publisher, Hook


def _like(pristine: object) -> object:
    """Another object as IPython made this one; to configure one anew takes a tenth of a millisecond."""
    made = object.__new__(type(pristine))
    for name, value in vars(pristine).items():
        vars(made)[name] = dict(value) if type(value) is dict else value
    return made


@contextlib.contextmanager
def _recording(recorder: Recorder) -> Iterator[None]:
    kept = _shell.display_pub, _shell.displayhook, sys.displayhook
    # New ones for every cell: what a cell does to them does not outlive it.
    _shell.display_pub, _shell.displayhook = map(_like, _pristine)
    _shell.display_pub.recorder = _shell.displayhook.recorder = recorder
    _shell.display_trap.hook = _shell.displayhook
    try:
        with printing_into(recorder):
            yield
    finally:
        _shell.display_pub, _shell.displayhook, sys.displayhook = kept


@contextlib.contextmanager
def printing_into(recorder: Recorder) -> Iterator[None]:
    """While it lasts, what is printed goes to the recorder."""
    kept = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = Stream("stdout", recorder), Stream("stderr", recorder)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = kept


def describe(error: BaseException, ids: dict[str, str]) -> dict:
    """A CellError's fields. `trace` names cells by their ids instead of IPython's file names."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.endswith("interactiveshell.py")
        and not frame.filename.startswith(_OURS)
    ]
    lines = [
        f"{ids.get(f.filename, os.path.basename(f.filename))}, line {f.lineno}: {f.line or ''}"
        for f in frames
    ]
    if isinstance(error, SyntaxError):
        line, lines = error.lineno, [f"line {error.lineno}: {error.text or ''}".rstrip()]
    else:
        line = next((f.lineno for f in reversed(frames) if f.filename in ids), None)
    message, hints = getattr(error, "message", ""), getattr(error, "hints", ())
    parts = getattr(error, "parts", ())
    try:
        value = str(error)
    except Exception:  # noqa: BLE001  a student's __str__ may do anything
        value = ""
    return {
        "name": type(error).__name__,
        "value": _ANSI.sub("", value)[:2000],
        "trace": "\n".join(lines[-20:]),
        "line": line,
        "message": message[:2000] if isinstance(message, str) else "",
        "hints": [str(h)[:2000] for h in hints][:5] if isinstance(hints, tuple | list) else [],
        "parts": [str(p)[:1000] for p in parts][:MAX_PARTS] if isinstance(parts, tuple) else [],
    }


def run_cell(
    step: dict,
    recorder: Recorder,
    ids: dict[str, str],
    describing: Callable[[BaseException, dict[str, str]], dict] = describe,
) -> dict:
    """Runs one cell and says what it did, in CellRun's fields.

    Args:
        step: `id` and `source` of the cell.
        recorder: takes what it shows.
        ids: file name that IPython gave to a cell → the cell's id; this cell's is added.
        describing: makes CellError's fields of what it raised.
    """
    if (done := prepared.run(step)) is not None:
        run, known = done
        ids |= known
        return run
    started = time.monotonic()
    name = _shell.compile.cache  # IPython names a cell's file when it compiles it

    def remember(*args, **kwargs):
        filename = name(*args, **kwargs)
        ids[filename] = step["id"]
        return filename

    with _recording(recorder):
        _shell.compile.cache = remember
        _shell.showtraceback = lambda *args, **kwargs: None
        _shell.showsyntaxerror = lambda *args, **kwargs: None
        result = _shell.run_cell(step["source"], store_history=False, silent=False)
        _shell.compile.cache = name
    error = result.error_before_exec or result.error_in_exec
    return _told(step, recorder, error, ids, describing, started)


def run_plain(
    step: dict,
    recorder: Recorder,
    ids: dict[str, str],
    describing: Callable[[BaseException, dict[str, str]], dict] = describe,
) -> dict:
    """As run_cell, of a test that is plain Python: compiled as one piece, and no display of its last line.

    IPython compiles statement by statement; for our own tests that is a third of their time.
    """
    source, started = step["source"], time.monotonic()
    filename = prepared.test_file(step)
    try:
        code = prepared.code(step) or compile(source, filename, "exec")
    except (SyntaxError, ValueError):
        return run_cell(step, recorder, ids, describing)
    ids[filename] = step["id"]
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    error = None
    with printing_into(recorder):
        try:
            exec(code, _shell.user_ns)  # noqa: S102
        except BaseException as raised:  # noqa: BLE001  whatever it is, it is this cell's outcome
            error = raised.with_traceback(raised.__traceback__.tb_next)
    return _told(step, recorder, error, ids, describing, started)


def _told(
    step: dict,
    recorder: Recorder,
    error: BaseException | None,
    ids: dict[str, str],
    describing: Callable[[BaseException, dict[str, str]], dict],
    started: float,
) -> dict:
    return {
        "id": step["id"],
        "status": "error" if error is not None else "ok",
        "outputs": recorder.finished(),
        "error": describing(error, ids) if error is not None else None,
        "seconds": round(time.monotonic() - started, 3),
        "banned": None,
    }

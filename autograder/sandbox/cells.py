"""Inside the forked child: runs cells with IPython's semantics and reports what each one did."""

from __future__ import annotations

import contextlib
import functools
import importlib
import io
import json
import os
import re
import resource
import signal
import sys
import time
import traceback
import types
from collections.abc import Iterator

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_shell = None


def prepare_shell() -> None:
    """Makes IPython's shell before the fork, without history (its thread would not survive a fork)."""
    global _shell
    from IPython.core.history import HistoryManager
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    HistoryManager.enabled = False
    config = Config()
    config.InteractiveShell.colors = "NoColor" if _old_ipython() else "nocolor"
    config.InteractiveShell.cache_size = 0
    _shell = InteractiveShell.instance(config=config)


def _old_ipython() -> bool:
    import IPython

    return IPython.version_info[0] < 9


class Recorder:
    """Collects one cell's outputs as nbformat outputs, up to `limit` bytes of text and pictures."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.outputs: list[dict] = []
        self.size = 0
        self.cut = False

    def add(self, output: dict, size: int) -> None:
        """Keeps the output if it still fits; says once that something was left out."""
        if self.size + size > self.limit:
            if not self.cut:
                self.cut = True
                self._stream("stderr", "\n… 출력이 너무 길어 여기서 잘랐습니다.\n")
            return
        self.size += size
        self.outputs.append(output)

    def text(self, name: str, text: str) -> None:
        """Printed text; what does not fit is cut off."""
        room = self.limit - self.size
        if len(text) > room:
            if not self.cut:
                self.cut = True
                self._stream(name, text[: max(room, 0)])
                self._stream("stderr", "\n… 출력이 너무 길어 여기서 잘랐습니다.\n")
            self.size = self.limit
            return
        self.size += len(text)
        self._stream(name, text)

    def _stream(self, name: str, text: str) -> None:
        last = self.outputs[-1] if self.outputs else None
        if last and last["output_type"] == "stream" and last["name"] == name:
            last["text"].append(text)
        else:
            self.outputs.append({"output_type": "stream", "name": name, "text": [text]})

    def data(self, kind: str, data: dict, metadata: dict | None = None) -> None:
        """A rich output; bytes become base64, anything that is no text is dropped."""
        import base64

        clean = {}
        for mime, value in data.items():
            if isinstance(value, bytes):
                value = base64.b64encode(value).decode()
            if isinstance(value, str):
                clean[str(mime)] = value
        output = {"output_type": kind, "data": clean, "metadata": {}}
        if kind == "execute_result":
            output["execution_count"] = None
        self.add(output, sum(len(value) for value in clean.values()))

    def finished(self) -> list[dict]:
        """The outputs, stream pieces joined."""
        for output in self.outputs:
            if output["output_type"] == "stream":
                output["text"] = "".join(output["text"])
        return self.outputs


class Stream(io.TextIOBase):
    """A sys.stdout that writes into a Recorder."""

    encoding = "utf-8"

    def __init__(self, name: str, recorder: Recorder) -> None:
        self.name_, self.recorder = name, recorder

    def write(self, text: str) -> int:
        """Takes the text; never blocks, never fails."""
        self.recorder.text(self.name_, str(text))
        return len(text)

    def writable(self) -> bool:
        """Yes."""
        return True


@contextlib.contextmanager
def _recording(limit: int) -> Iterator[Recorder]:
    from IPython.core.displayhook import DisplayHook
    from IPython.core.displaypub import DisplayPublisher

    recorder = Recorder(limit)

    class Publisher(DisplayPublisher):
        def publish(self, data, metadata=None, *args, **kwargs):
            recorder.data("display_data", data, metadata)

        def clear_output(self, wait=False):
            pass

    class Hook(DisplayHook):
        def write_format_data(self, format_dict, md_dict=None):
            recorder.data("execute_result", format_dict, md_dict)

        def write_output_prompt(self):
            pass

        def finish_displayhook(self):
            pass

    kept = sys.stdout, sys.stderr, _shell.display_pub, _shell.displayhook, sys.displayhook
    sys.stdout, sys.stderr = Stream("stdout", recorder), Stream("stderr", recorder)
    _shell.display_pub = Publisher(parent=_shell)
    _shell.displayhook = Hook(parent=_shell, cache_size=0, shell=_shell)
    _shell.display_trap.hook = _shell.displayhook
    try:
        yield recorder
    finally:
        sys.stdout, sys.stderr, _shell.display_pub, _shell.displayhook, sys.displayhook = kept


def _resolve(dotted: str) -> tuple[object, str] | None:
    """(owner, attribute) of a dotted name such as torch.nn.functional.cross_entropy."""
    parts = dotted.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        try:
            owner = importlib.import_module(".".join(parts[:cut]))
        except ImportError:
            continue
        for part in parts[cut:-1]:
            owner = getattr(owner, part, None)
        return (owner, parts[-1]) if hasattr(owner, parts[-1]) else None
    return None


@contextlib.contextmanager
def _guarded(names: list[str], banned: list[str], called: list[str]) -> Iterator[None]:
    """While one of the student's functions `names` runs, every name in `banned` raises and is noted."""
    targets = [(dotted, found) for dotted in banned if (found := _resolve(dotted))]

    def raiser(dotted: str):
        def forbidden(*args, **kwargs):
            called.append(dotted)
            raise RuntimeError(f"{dotted} may not be used in this exercise")

        return forbidden

    def guard(function):
        @functools.wraps(function)
        def inner(*args, **kwargs):
            kept = [(owner, name, getattr(owner, name)) for _, (owner, name) in targets]
            for dotted, (owner, name) in targets:
                setattr(owner, name, raiser(dotted))
            try:
                return function(*args, **kwargs)
            finally:
                for owner, name, value in kept:
                    setattr(owner, name, value)

        return inner

    space = _shell.user_ns
    kept = {n: space[n] for n in names if isinstance(space.get(n), types.FunctionType)}
    if targets:
        space.update({name: guard(function) for name, function in kept.items()})
    try:
        yield
    finally:
        if targets:
            space.update(kept)


def _describe(error: BaseException, ids: dict[str, str]) -> dict:
    """A CellError's fields. `trace` names cells by their ids instead of IPython's file names."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.endswith(("interactiveshell.py", "sandbox/cells.py"))
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
    }


def _run_cell(step: dict, limit: int, ids: dict[str, str]) -> dict:
    called: list[str] = []
    started = time.monotonic()
    with _recording(limit) as recorder:
        with _guarded(step["defines"], step["banned"], called):
            name = _shell.compile.cache  # IPython names a cell's file when it compiles it

            def remember(*args, **kwargs):
                filename = name(*args, **kwargs)
                ids[filename] = step["id"]
                return filename

            _shell.compile.cache = remember
            _shell.showtraceback = lambda *args, **kwargs: None
            _shell.showsyntaxerror = lambda *args, **kwargs: None
            result = _shell.run_cell(step["source"], store_history=False, silent=False)
            _shell.compile.cache = name
    error = result.error_before_exec or result.error_in_exec
    return {
        "id": step["id"],
        "status": "error" if error is not None else "ok",
        "outputs": recorder.finished(),
        "error": _describe(error, ids) if error is not None else None,
        "seconds": round(time.monotonic() - started, 3),
        "banned": called[0] if called else None,
    }


def _limit_resources(limits: dict) -> None:
    """Memory on top of what the warm process has, size of a file, no core dumps."""
    with open("/proc/self/statm", encoding="ascii") as file:
        have = int(file.read().split()[0]) * resource.getpagesize()
    room = have + int(limits["memory_gb"] * 2**30)
    resource.setrlimit(resource.RLIMIT_AS, (room, room))
    size = int(limits["file_mb"] * 2**20)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    cpu = int(limits["submission_seconds"]) + 5
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 5))


def run_job(job: dict, events: int) -> None:
    """Runs every step of the job in the job's folder and writes one JSON line per event to `events`."""
    from matplotlib_inline.backend_inline import configure_inline_support

    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(job["folder"])
    sys.path.insert(0, job["folder"])
    os.environ.clear()
    os.environ.update(job["environment"])
    _limit_resources(job["limits"])
    configure_inline_support(_shell, "module://matplotlib_inline.backend_inline")

    def tell(event: dict) -> None:
        data = json.dumps(event).encode() + b"\n"
        while data:
            data = data[os.write(events, data) :]

    ids: dict[str, str] = {}
    limit = int(job["limits"]["output_kb"] * 1024)
    hung: set[str] = set()
    for step in job["steps"]:
        if step["after"] in hung:
            continue
        tell({"start": step["id"]})
        try:
            run = _run_cell(step, limit, ids)
        except KeyboardInterrupt as error:  # it came between two lines of ours
            run = {"id": step["id"], "status": "error", "outputs": [], "seconds": 0.0}
            run |= {"error": _describe(error, ids), "banned": None}
        if run["error"] and run["error"]["name"] == "KeyboardInterrupt":
            hung.add(step["id"])
        tell({"run": run})

"""A warm process: imports torch once, then forks one child for every submission.

`import torch` costs seconds and a fork milliseconds; that is why it exists. Run as
`python -m autograder.sandbox.warm ROLE`; it reads one job per line (JSON) from a socket at standard
input, two descriptors with each, and answers with one line on standard output. Nothing of the course
is in its memory but the cells of the job at hand, and those only in the child.

ROLE «student»: the child runs the student's cells (serve.py). The second descriptor is what the judge says
about it: stop what you run, or end.
ROLE «judge»: the child runs the tests (judge.session) and reports what came of every cell.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable

GRACE = 1.5  # seconds that the judge's child gets beyond a cell's time before it is ended


def _preload(role: str) -> None:
    """What cells are likely to import. One thread: a child of a threaded parent can hang."""
    import matplotlib

    matplotlib.use("module://matplotlib_inline.backend_inline")
    import matplotlib.pyplot  # noqa: F401
    import numpy  # noqa: F401
    import torch

    torch.set_num_threads(1)
    with contextlib.suppress(ImportError):
        import ipywidgets  # noqa: F401

    from autograder.sandbox import cells

    if role == "judge":
        from autograder.judge import session  # noqa: F401
        from autograder.judge.names import Names

        cells.prepare_shell(Names())
    else:
        from autograder.sandbox import serve  # noqa: F401

        cells.prepare_shell()


def _end(child: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)


def _obey(child: int, control: int) -> dict:
    """Passes on what the judge says about the student's child, and ends it when the judge is done."""
    while (command := os.read(control, 1)) not in (b"", b"k"):
        if command == b"i":
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGINT)
    _end(child)
    return {"done": True}


def _watch(child: int, events: int, limits: dict) -> dict:
    """Reads the judge's events until it ends. It keeps the limits itself; this is for when it cannot.

    Returns {"runs": finished cells, "culprit": the cell in which it, or the student's process, had to be
    killed or died, or None, "why": "timeout" | "died" | None}.
    """
    runs: list[dict] = []
    current: str | None = None
    why = "died"
    total_end = cell_end = time.monotonic() + limits["submission_seconds"]
    buffer = b""
    while True:
        left = min(cell_end, total_end) - time.monotonic()
        if left <= 0:
            why = "timeout"
            break
        if not select.select([events], [], [], left)[0]:
            continue
        chunk = os.read(events, 1 << 20)
        if not chunk:
            break
        buffer += chunk
        *lines, buffer = buffer.split(b"\n")
        for line in lines:
            event = json.loads(line)
            if "start" in event:
                current = event["start"]
                cell_end = time.monotonic() + limits["cell_seconds"] + 2 * GRACE
            elif "lost" in event:
                why = event["lost"]
            else:
                runs.append(event["run"])
                current, cell_end = None, total_end
    _end(child)
    return {"runs": runs, "culprit": current, "why": why if current else None}


def _read_job(jobs: socket.socket) -> tuple[dict, list[int]] | None:
    """The next job and its descriptors; None when the grader is gone."""
    data, descriptors, _, _ = socket.recv_fds(jobs, 1 << 16, 2)
    while data and not data.endswith(b"\n"):
        chunk = jobs.recv(1 << 20)
        if not chunk:
            return None
        data += chunk
    return (json.loads(data), descriptors) if data else None


def _forked(work: Callable[[], None], unwanted: list[int]) -> int:
    """Forks a child, a session of its own, that does `work` and ends."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for descriptor in unwanted:
            os.close(descriptor)
        work()
        status = 0
    except BaseException:  # noqa: BLE001, S110  nothing may climb back into the parent's loop
        pass
    finally:
        os._exit(status)


def _student_job(job: dict, channel: int, control: int, answers: int) -> dict:
    from autograder.sandbox import serve

    child = _forked(lambda: serve.run_job(job, channel), [control, answers])
    os.close(channel)
    return _obey(child, control)


def _judge_job(job: dict, channel: int, control: int, answers: int) -> dict:
    from autograder.judge import session

    reader, writer = os.pipe()
    child = _forked(
        lambda: session.run_job(job, channel, control, writer), [reader, answers]
    )
    for descriptor in (channel, control, writer):
        os.close(descriptor)
    try:
        return _watch(child, reader, job["limits"])
    finally:
        os.close(reader)


def main(role: str) -> None:
    """Serves jobs until the grader is gone."""
    # The answers' channel is kept away from anything that prints, the jobs' one from anything that reads.
    answers = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    jobs = socket.socket(fileno=os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    _preload(role)
    os.write(answers, b'{"ready": true}\n')
    work = _judge_job if role == "judge" else _student_job
    while (found := _read_job(jobs)) is not None:
        job, (channel, control) = found
        try:
            report = work(job, channel, control, answers)
        finally:
            if role == "student":
                os.close(control)
        data = json.dumps(report).encode() + b"\n"
        while data:
            data = data[os.write(answers, data) :]


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the grader, which closes our stdin
    main(sys.argv[1])

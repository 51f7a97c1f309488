"""The warm process: imports torch once, then forks one child for every submission.

`import torch` costs seconds and a fork milliseconds; that is why it exists. Run as
`python -m autograder.sandbox.warm`; it reads one job per line (JSON) from standard input and answers
with one line on standard output. Nothing of the course is in its memory but the cells of the
job at hand, and those only in the child.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
import time

GRACE = 1.5  # seconds between asking a cell to stop (SIGINT) and ending its process


def _preload() -> None:
    """What student code is likely to import. One thread: a child of a threaded parent can hang."""
    import matplotlib

    matplotlib.use("module://matplotlib_inline.backend_inline")
    import matplotlib.pyplot  # noqa: F401
    import numpy  # noqa: F401
    import torch

    torch.set_num_threads(1)
    with contextlib.suppress(ImportError):
        import ipywidgets  # noqa: F401

    from autograder.sandbox import cells

    cells.prepare_shell()


def _watch(child: int, events: int, limits: dict) -> dict:
    """Reads the child's events until it ends, keeping its time limits.

    Returns {"runs": finished cells, "culprit": the cell in which it had to be killed or died, or None,
    "why": "timeout" | "died" | None}.
    """
    runs: list[dict] = []
    current: str | None = None
    interrupted = timed_out = False
    started = time.monotonic()
    total_end = started + limits["submission_seconds"]
    cell_end = total_end
    buffer = b""
    while True:
        now = time.monotonic()
        end = min(cell_end, total_end)
        if now >= end:
            timed_out = True
            if interrupted or current is None:
                break
            interrupted = True
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGINT)
            cell_end = total_end = now + GRACE
            continue
        if not select.select([events], [], [], end - now)[0]:
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
                cell_end = time.monotonic() + limits["cell_seconds"]
                continue
            if interrupted:
                event["run"]["status"] = "timeout"
                interrupted = timed_out = False
                total_end = started + limits["submission_seconds"]
            runs.append(event["run"])
            current = None
            cell_end = total_end
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    why = None if current is None else "timeout" if timed_out else "died"
    return {"runs": runs, "culprit": current, "why": why}


def serve() -> None:
    """Reads jobs until standard input ends."""
    # The answers' channel is kept away from anything that prints.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    _preload()
    from autograder.sandbox import cells

    answers.write(json.dumps({"ready": True}) + "\n")
    answers.flush()
    for line in sys.stdin:
        job = json.loads(line)
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            status = 1
            try:
                os.close(reader)
                os.setsid()
                answers_fd = answers.fileno()
                os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                os.close(answers_fd)
                cells.run_job(job, writer)
                status = 0
            except BaseException:  # noqa: BLE001  nothing may climb back into the parent's loop
                pass
            finally:
                os._exit(status)
        os.close(writer)
        report = _watch(child, reader, job["limits"])
        os.close(reader)
        answers.write(json.dumps(report) + "\n")
        answers.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the grader, which closes our stdin
    serve()

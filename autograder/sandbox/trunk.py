"""The process that imports torch, once, and forks the warm processes: what is imported is shared memory.

Its argument is its niceness. Its standard input is a socket; requests are JSON, one packet each:

    → {"role": …, "home": …, "hide": […], "skip": […]}  with the socket of the new process (warm.become)
    ← {"pid": …}

It ends when the grader hangs up, and with it whatever it forked.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys

from autograder.sandbox import hugepages, linux, warm, warmup


def _preload() -> None:
    """What cells are likely to import. One thread: a child of a threaded parent can hang."""
    import matplotlib

    matplotlib.use("module://matplotlib_inline.backend_inline")
    import matplotlib.pyplot  # noqa: F401
    import numpy  # noqa: F401
    import torch

    torch.set_num_threads(1)
    with contextlib.suppress(ImportError):
        import ipywidgets  # noqa: F401

    from autograder.sandbox import serve  # noqa: F401

    warmup.warm_up()
    gc.collect()
    gc.freeze()
    hugepages.collapse()


def _fork(request: dict, control: socket.socket, descriptor: int, children: dict[int, int]) -> int:
    """A process with a role; returns its number. `children` (pidfd → number) gets it too."""
    child = os.fork()
    if child == 0:
        try:
            control.close()
            for other in children:
                os.close(other)
            linux.die_with_parent()
            warm.become(
                request["role"], request["home"], request["hide"], request["skip"], descriptor
            )
        except BaseException:  # noqa: BLE001  nothing may climb back into the parent's loop
            os._exit(1)
        os._exit(0)
    children[os.pidfd_open(child)] = child
    return child


def main() -> None:
    """See the module's text."""
    # Ctrl-C is for the grader, which closes the socket.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(int(sys.argv[1]))
    control = socket.socket(fileno=os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    linux.dumpable(False)
    _preload()
    children: dict[int, int] = {}
    with contextlib.suppress(ConnectionError):
        while True:
            ready = select.select([control, *children], [], [])[0]
            for ended in children.keys() & set(ready):
                os.waitpid(children.pop(ended), 0)
                os.close(ended)
            if control not in ready:
                continue
            message, descriptors, _, _ = socket.recv_fds(control, warm.PACKET, 1)
            if not message:
                break
            os.set_inheritable(descriptors[0], False)  # see warm.serve
            pid = _fork(json.loads(message), control, descriptors[0], children)
            os.close(descriptors[0])
            control.send(json.dumps({"pid": pid}).encode())
    for child in children.values():  # hung up on as well: they clear up behind their children
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()

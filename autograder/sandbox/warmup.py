"""Does once, before the fork, what every child would otherwise do for the first time.

Modules that cells load when they first need them, Python's inline caches and torch's tables of
operators, which fill when code first runs: about 60 ms of a child's time. No child can tell: random
states and the shell are as they would be without.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator

ROUNDS = 12  # CPython 3.11 specialises a function's code after eight calls


def warm_up() -> None:
    """All of it. No optimizer: the first one loads torch's compiler, 70 MB in every warm process."""
    _modules()
    with _unseen():
        _arithmetic()
        for _ in range(ROUNDS):
            _long_form()
            _short_form()


def _modules() -> None:
    """What IPython, matplotlib and numpy would import in the child."""
    import bdb  # noqa: F401  IPython's tracebacks
    import colorsys  # noqa: F401  matplotlib's colours

    import IPython.core.pylabtools  # noqa: F401
    import matplotlib.backends.backend_agg  # noqa: F401
    import matplotlib_inline.backend_inline  # noqa: F401
    import numpy.random  # noqa: F401


@contextlib.contextmanager
def _unseen() -> Iterator[None]:
    """While it lasts the global generators may be drawn from; afterwards nobody can tell."""
    import numpy
    import torch

    kept = torch.get_rng_state(), numpy.random.get_state(), random.getstate()
    try:
        yield
    finally:
        torch.set_rng_state(kept[0])
        numpy.random.set_state(kept[1])
        random.setstate(kept[2])


def _arithmetic() -> None:
    """The operators that a course's code uses most, forwards and backwards; in this thread alone."""
    import torch

    functional = torch.nn.functional
    for dtype in (torch.float32, torch.float64):
        picker = torch.Generator().manual_seed(0)
        x = torch.randn(3, 4, dtype=dtype, generator=picker, requires_grad=True)
        w = torch.randn(4, 5, dtype=dtype, generator=picker, requires_grad=True)
        h = torch.tanh(x @ w + w[0])
        p = torch.softmax(torch.stack([h, h]), dim=-1)
        loss = functional.cross_entropy(p[0], torch.tensor([0, 1, 2])) + h.square().mean()
        torch.autograd.grad(loss + functional.log_softmax(h, -1).sum(), [x, w])
        with torch.no_grad():
            torch.multinomial(p[0, 0], 1, generator=picker).item()
            torch.cat([h, h]).clone().numpy()
            torch.isclose(h, h.abs(), rtol=0, atol=0, equal_nan=True).all().item()
            torch.equal(h, h) and torch.allclose(h, h)


def _long_form() -> None:
    """A call as the general codec carries it, with a changed argument and a value."""
    import torch

    from autograder.judge import modes, structure, writeback
    from autograder.judge.codec import Known, decode, decode_result, encode, encode_result

    x, w = torch.zeros(3, 4), torch.zeros(4, 5, dtype=torch.float64)
    args = (3, 0.5, None, "word", [x, True], (w, torch.zeros(3, requires_grad=True)))
    known = Known((args, {"n": w[:, 0]}))
    request = {"op": "call", "target": 1, "args": args, "kwargs": {"n": w[:, 0]}}
    came = decode(encode(request | {"modes": modes.current()}))
    with modes.applied(came["modes"]):
        there = (came["args"], came["kwargs"])
        before = writeback.snapshot(there)
        there[0][4][0].add_(1)
    value = structure.swap((x + 1, [2.5, None]), lambda leaf: leaf)
    reply = {"value": (value, writeback.changes(before, there)), "outs": [w.clone()]}
    answer = decode_result(encode_result(reply, before), known)
    writeback.apply(answer["value"][1], known)


def _short_form() -> None:
    """The same in the short form."""
    import torch

    from autograder.judge import modes, short
    from autograder.judge.codec import flat

    args = (torch.zeros(3, 4), torch.zeros(3, 4).t(), [torch.zeros(2)], 2, None)
    sent = short.request(1, args, ["torch.nn.RNN"])
    request, row = short.read_request(sent)
    with modes.applied(request["modes"]):
        value = (request["args"][0] + 1, torch.tensor([1, 2]), {"x": [0.5]})
        request["args"][2][0].add_(1)
    _, changed = short.read_reply(short.reply(value, row, flat.numbers_changed(row)))
    short.Arguments(args).change(changed)

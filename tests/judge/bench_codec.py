"""How long crossing takes: `python -m tests.judge.bench_codec`. Figures, not a test."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch

from autograder.judge.codec import Known, decode, decode_result, encode, encode_result
from autograder.judge.writeback import apply, changes, snapshot


def milliseconds(work: Callable[[], object], rounds: int = 50) -> float:
    """The median time of one round."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1e3 * statistics.median(times)


def one_call(args: object) -> None:
    """All that the codec does for a call that changes nothing and returns its first argument."""
    mine = Known(args)
    theirs = decode(encode(args))
    before = snapshot(theirs)
    reply = encode_result((theirs[0], changes(before, theirs)), before)
    apply(decode_result(reply, mine)[1], mine)


def main() -> None:
    """Prints a line for each kind of value."""
    torch.set_num_threads(1)
    layers = {f"layer{i}.weight": torch.randn(64, 64) for i in range(100)}
    for name, value in {
        "1 MB float32 tensor": torch.randn(2**18),
        "1 MB, every other column": torch.randn(2**9, 2**10)[:, ::2],
        "16 MB float32 tensor": torch.randn(2**22),
        "100 tensors, 1.6 MB": layers,
        "list of 100,000 int": list(range(100_000)),
        "list of 1,000 strings": [f"token {i}" for i in range(1000)],
    }.items():
        message = encode(value)
        there, back = (
            milliseconds(lambda v=value: encode(v)),
            milliseconds(lambda m=message: decode(m)),
        )
        print(f"{name:28} encode {there:7.2f} ms   decode {back:7.2f} ms   {len(message):>9} bytes")
    small = (torch.randn(3, 5), torch.randn(3, 4), torch.randn(4, 5), torch.randn(4))
    print(f"{'a call with 4 small tensors':28} {milliseconds(lambda: one_call(small)):.2f} ms")
    large = (torch.randn(2**18),)
    print(f"{'a call with a 1 MB tensor':28} {milliseconds(lambda: one_call(large)):.2f} ms")


if __name__ == "__main__":
    main()

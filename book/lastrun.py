"""What the run of a chapter says about itself: the build puts it under the chapter's title.

book/_ext/lastrun.py appends a cell that calls `show()`; so the figures are measured by the
process that ran the cells, and a page shown from the execution cache keeps those of its run.
"""

from __future__ import annotations

import html
import resource
import sys
import time
from datetime import datetime, timedelta, timezone

import psutil
import torch

KST = timezone(timedelta(hours=9))


def facts() -> dict[str, str]:
    """Date (Korea), torch, device, seconds since the kernel started, and peak memory."""
    gpu = torch.cuda.is_available()
    seconds = time.time() - psutil.Process().create_time()
    # ru_maxrss counts kilobytes on Linux and bytes on macOS.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (
        1 if sys.platform == "darwin" else 1024
    )
    if gpu:
        memory = f"GPU 메모리 최대 {torch.cuda.max_memory_allocated() / 1e9:.1f} GB"
    else:
        memory = f"메모리 최대 {peak / 1e9:.1f} GB"
    return {
        "date": datetime.now(KST).date().isoformat(),
        "torch": "torch " + torch.__version__.split("+")[0],
        "device": torch.cuda.get_device_name() if gpu else "CPU",
        "seconds": f"{seconds:.0f}초",
        "memory": memory,
    }


def show() -> None:
    """Display the facts as the badge that the page shows."""
    from IPython.display import HTML, display

    said = facts()
    parts = " · ".join(
        f'<span class="last-run-{name}">{html.escape(value)}</span>' for name, value in said.items()
    )
    display(HTML(f'<p class="last-run"><strong>마지막 실행</strong> {parts}</p>'))

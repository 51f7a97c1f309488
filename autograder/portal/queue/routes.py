"""How far the grading of one hand-in is, told as it changes (server-sent events)."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import asdict

from starlette.responses import Response, StreamingResponse

from autograder.portal.call import Call
from autograder.portal.handin.whose import own_handin
from autograder.portal.queue.board import Standing
from autograder.portal.routing import Rules, Who

rules = Rules()
TICK_SECONDS = 0.4
BEAT_SECONDS = 15  # a line that keeps proxies from closing a quiet stream
LONGEST_SECONDS = 1800  # then the browser asks again by itself


@rules.get("/handins/{receipt}/events", Who.USER)
def events(call: Call) -> Response:
    """A stream of {state, place, seconds} until the grading is over."""
    row = own_handin(call)
    state = row.job.state if row.job else "done"
    job = row.job.id if row.job else 0
    headers = {"X-Accel-Buffering": "no"}  # nginx must not hold the lines back
    return StreamingResponse(
        _stream(call.desk.engine, job, state), media_type="text/event-stream", headers=headers
    )


async def _stream(engine, job: int, state: str) -> AsyncIterator[str]:
    last, beat, end = None, time.monotonic(), time.monotonic() + LONGEST_SECONDS
    yield "retry: 3000\n\n"
    while not engine.stopping and time.monotonic() < end:
        found = engine.board.standing(job) or Standing(state)
        if found != last:
            last, beat = found, time.monotonic()
            yield f"data: {json.dumps(asdict(found))}\n\n"
        elif time.monotonic() - beat > BEAT_SECONDS:
            beat = time.monotonic()
            yield ": \n\n"
        if found.state in ("done", "failed"):
            return
        await asyncio.sleep(TICK_SECONDS)

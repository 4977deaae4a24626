"""A daemon to be killed: it has a worker that computes, and tells its process id."""

from __future__ import annotations

import asyncio
import sys

from pichat.bus import Bus
from pichat.health import Health
from pichat.worker.keeper import Model
from pichat.worker.worker import Worker
from tests.worker.jobs.scripted import Request, Settings


async def main() -> None:
    model = Model(
        job="tests.worker.jobs.scripted", settings=Settings(), part="m", name="m", doing="m"
    )
    async with (
        Worker[int](model, int, Health(Bus())) as worker,
        worker.run(Request(do=sys.argv[1]), deadline_s=60) as pieces,
    ):
        async for pid in pieces:
            print(pid, file=sys.stderr, flush=True)


asyncio.run(main())

"""PiChat's side of the bench, in a process of its own: `python -m scripts.benches.mcp_ours
cold|stored|memory|latency DATABASE`, with the servers' addresses on its standard input. It prints
JSON."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from typing import Any

CALLS, LOT, WARM = 600, 50, 50
FEW = 20


class Running:
    """An aggregator as the daemon runs it."""

    def __init__(self, aggregator: Any, changed: asyncio.Event) -> None:
        self.aggregator = aggregator
        self._changed = changed

    async def until(self, fits: Callable[[Any], bool]) -> None:
        async with asyncio.timeout(120):
            while not fits(self.aggregator.now):
                self._changed.clear()
                await self._changed.wait()

    async def all_ready(self, servers: int, tools: int) -> None:
        await self.until(
            lambda now: (
                len(now.tools) == tools
                and sum(each.state == "ready" for each in now.servers) == servers
            )
        )


@asynccontextmanager
async def running(path: Path, urls: list[str]) -> AsyncIterator[Running]:
    from pichat.config.types import McpServer
    from pichat.mcp.aggregator import Aggregator
    from pichat.mcp.shelf import Shelf
    from pichat.store.db import open_database
    from pichat.store.mcp import McpTable

    changed = asyncio.Event()
    async with open_database(path) as database:
        shelf = await Shelf.load(McpTable(database))
        aggregator = Aggregator(shelf, lambda _: changed.set())
        serving = asyncio.create_task(aggregator.serve())
        aggregator.set_servers(
            {f"hive{number}": McpServer(url=url) for number, url in enumerate(urls)}
        )
        try:
            yield Running(aggregator, changed)
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)


async def _say(aggregator: Any, number: int) -> None:
    result = await aggregator.call(f"hive{number}__say_19", {"text": "first"})
    if getattr(result.content[0], "text", "") != f"{number} first":
        raise RuntimeError("a wrong result")


async def start(path: Path, urls: list[str], *, cold: bool) -> dict[str, float]:
    """From nothing until the last server's tool has answered; if `cold`, all must be known before,
    and at last connected."""
    began_s = time.perf_counter()
    async with running(path, urls) as found:
        await found.until(lambda now: len(now.tools) == 20 * len(urls))
        known_s = time.perf_counter() - began_s
        await _say(found.aggregator, len(urls) - 1)
        used_s = time.perf_counter() - began_s
        if cold:
            await found.all_ready(len(urls), 20 * len(urls))
        return {"known_s": known_s, "used_s": used_s}


async def memory(path: Path, urls: list[str]) -> dict[str, float]:
    """Resident kB that each server adds, with all that is known of it."""
    from pichat.config.types import McpServer

    async with running(path, urls[:FEW]) as found:
        await found.all_ready(FEW, 20 * FEW)
        few_kb = _resident_kb()
        found.aggregator.set_servers(
            {f"hive{number}": McpServer(url=url) for number, url in enumerate(urls)}
        )
        await found.all_ready(len(urls), 20 * len(urls))
        return {"each_kb": (_resident_kb() - few_kb) / (len(urls) - FEW), "few_kb": few_kb}


async def latency(path: Path, urls: list[str]) -> dict[str, float]:
    """By turns directly and through the aggregator, with all others connected."""
    from mcp import Client

    direct_s: list[float] = []
    ours_s: list[float] = []
    async with running(path, urls) as found:
        await found.all_ready(len(urls), 20 * len(urls))
        async with Client(urls[0]) as client:

            async def directly() -> Any:
                return await client.call_tool("say_0", {"text": "x"})

            async def by_us() -> Any:
                return await found.aggregator.call("hive0__say_0", {"text": "x"})

            for _ in range(WARM):
                await directly()
                await by_us()
            for _ in range(CALLS // LOT):
                direct_s += [await _timed(directly) for _ in range(LOT)]
                ours_s += [await _timed(by_us) for _ in range(LOT)]
    return {"direct_ms": median(direct_s) * 1000, "ours_ms": median(ours_s) * 1000}


async def _timed(call: Callable[[], Any]) -> float:
    began_s = time.perf_counter()
    await call()
    return time.perf_counter() - began_s


def _resident_kb() -> float:
    import psutil

    gc.collect()
    return float(psutil.Process().memory_info().rss) / 1024


async def main() -> None:
    mode, path, urls = sys.argv[1], Path(sys.argv[2]), json.loads(sys.stdin.readline())
    logging.getLogger().setLevel(logging.CRITICAL)
    if mode in ("cold", "stored"):
        found = await start(path, urls, cold=mode == "cold")
    else:
        found = await {"memory": memory, "latency": latency}[mode](path, urls)
    print(json.dumps(found))


if __name__ == "__main__":
    asyncio.run(main())

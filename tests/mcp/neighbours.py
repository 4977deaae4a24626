"""A server that misbehaves, beside one that does not."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pichat.config.types import McpServer
from pichat.mcp.upstream.limits import Limits
from pichat.mcp.upstream.means import Means
from pichat.mcp.upstream.upstream import Upstream

DEADLINE_S = 60.0
PROGRAM = Path(__file__).with_name("servers") / "program.py"
QUICK = Limits(start_s=3, probe_s=0.3, list_s=3, end_s=0.5, first_pause_s=0.2, settle_s=0.05)


def program(*how: str) -> tuple[str, ...]:
    return (sys.executable, "-I", str(PROGRAM), *how)


class Neighbour:
    """An upstream that is served, and what it told."""

    def __init__(self, settings: McpServer, means: Means, known: Any = None) -> None:
        self.states = [""]
        self.reasons: list[str] = []
        self.catalogues = 0
        self._told = asyncio.Event()
        self.upstream = Upstream("it", settings, means, self._tell, known)
        self.serving = asyncio.create_task(self.upstream.serve())

    def _tell(self, upstream: Upstream) -> None:
        status = upstream.status()
        if self.states[-1] != status.state:
            self.states.append(status.state)
        else:
            self.catalogues += 1
        if status.reason:
            self.reasons.append(status.reason)
        self._told.set()

    @property
    def tools(self) -> set[str]:
        catalogue = self.upstream.catalogue
        return {tool.name for tool in catalogue.tools} if catalogue else set()

    async def until(self, fits: Callable[[], object]) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not fits():
                self._told.clear()
                await self._told.wait()

    async def says(self, text: str, tool: str = "echo") -> str:
        """What a tool answers, which has to come."""
        async with asyncio.timeout(DEADLINE_S):
            result = await self.upstream.call(tool, {"text": text})
        return str(getattr(result.content[0], "text", ""))


class Street:
    def __init__(self, means: Means) -> None:
        self.means = means
        self.neighbours: list[Neighbour] = []

    def moves_in(self, known: Any = None, **settings: Any) -> Neighbour:
        self.neighbours.append(Neighbour(McpServer(**settings), self.means, known))
        return self.neighbours[-1]


@asynccontextmanager
async def street(limits: Limits = QUICK) -> AsyncIterator[Street]:
    """Leaving it takes no longer than a program is waited for."""
    found = Street(Means(limits))
    try:
        yield found
    finally:
        for each in found.neighbours:
            each.upstream.close()
            each.serving.cancel()
        await asyncio.gather(*(each.serving for each in found.neighbours), return_exceptions=True)
        await found.means.close()


@asynccontextmanager
async def beside(*how: str, limits: Limits = QUICK, **settings: Any) -> AsyncIterator[Neighbour]:
    """One that misbehaves so; at the end, the other one is as it was, and has noticed nothing."""
    async with street(limits) as there:
        good = there.moves_in(command=program("well"))
        assert await good.says("before") == "before"
        if how:
            settings["command"] = program(*how)
        yield there.moves_in(**{"call_timeout_s": 0.5, **settings})
        assert await good.says("after") == "after"
        assert good.states == ["", "starting", "ready"]


def lives(pid: int) -> bool:
    """Whether there is such a process, which is no zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def ends(pids: list[int]) -> bool:
    """Whether all of them are gone soon."""
    end_s = time.monotonic() + 10
    while any(map(lives, pids)) and time.monotonic() < end_s:
        os.sched_yield()
    return not any(map(lives, pids))

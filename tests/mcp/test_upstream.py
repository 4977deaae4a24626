"""Real servers of the SDK: they are reached, idle, die, hang, and come back."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from pichat.config.types import McpServer
from pichat.errors import PiChatError
from pichat.mcp.errors import ServerDownError, ServerLostError, ServerSilentError
from pichat.mcp.upstream.limits import Limits
from pichat.mcp.upstream.means import Means
from pichat.mcp.upstream.upstream import Upstream

DEMO = (sys.executable, str(Path(__file__).with_name("demo_server.py")))
DEADLINE_S = 60.0


class Watching:
    """An upstream that is served, and what it told."""

    def __init__(self, settings: McpServer, means: Means) -> None:
        self.told = asyncio.Condition()
        self.states: list[str] = []
        self.upstream = Upstream("demo", settings, means, self._tell)

    def _tell(self, upstream: Upstream) -> None:
        self.states.append(upstream.status().state)
        self._telling = asyncio.create_task(self._notify())

    async def _notify(self) -> None:
        async with self.told:
            self.told.notify_all()

    async def until(self, what: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE_S), self.told:
            await self.told.wait_for(what)

    async def text(self, name: str, **arguments: Any) -> str:
        async with asyncio.timeout(DEADLINE_S):
            result = await self.upstream.call(name, arguments)
        return str(getattr(result.content[0], "text", ""))


@asynccontextmanager
async def watching(limits: Limits | None = None, **settings: Any) -> AsyncIterator[Watching]:
    means = Means(limits)
    found = Watching(McpServer(**settings), means)
    serving = asyncio.create_task(found.upstream.serve())
    try:
        yield found
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        await means.close()


async def test_a_program_starts_when_needed_sleeps_and_comes_back_when_it_died() -> None:
    async with watching(command=DEMO, idle_s=0.3, call_timeout_s=5.0) as demo:
        assert await demo.text("add", a=1, b=2) == "3"
        status = demo.upstream.status()
        assert (status.state, status.era, status.reason) == ("ready", "2026-07-28", None)
        catalogue = demo.upstream.catalogue
        assert catalogue is not None
        assert {tool.name for tool in catalogue.tools} == {"add", "pid", "wait", "die", "learn"}
        assert [prompt.arguments for prompt in catalogue.prompts] == [("who",)]
        assert [resource.uri for resource in catalogue.resources] == ["demo://note"]
        first = await demo.text("pid")
        await demo.until(lambda: demo.states[-1] == "idle")
        # The first call after idle works; both that are under way when it dies say so.
        dying = asyncio.create_task(demo.text("die"))
        waiting = asyncio.create_task(demo.text("wait", seconds=30))
        for each in (dying, waiting):
            with pytest.raises(ServerLostError, match="whether it was done is not known"):
                await each
        await demo.until(lambda: demo.states[-1] == "failed")
        assert "I was told to die" in str(demo.upstream.status().reason)
        await demo.until(lambda: demo.states[-1] in ("starting", "ready", "idle"))
        assert await demo.text("pid") != first


async def test_one_that_is_slow_or_switched_off_is_named() -> None:
    async with watching(command=DEMO, call_timeout_s=0.2) as demo:
        with pytest.raises(ServerSilentError, match="may still do it"):
            await demo.text("wait", seconds=30)
        demo.upstream.switch(on=False)
        await demo.until(lambda: demo.states[-1] == "off")
        with pytest.raises(ServerDownError, match="switched off"):
            await demo.text("add", a=1, b=2)


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (("/nowhere/at/all",), "is not there; is it installed?"),
        (("sh", "-c", "echo no key is set >&2; exit 1"), "no key is set"),
        (("cat",), "It refused"),
    ],
)
async def test_what_cannot_be_reached_says_why_and_rests(
    command: tuple[str, ...], says: str
) -> None:
    async with watching(command=command) as demo:
        for _ in range(2):
            with pytest.raises(PiChatError, match="nothing was done") as down:
                await demo.text("add", a=1, b=2)
            assert says in down.value.sentence
        status = demo.upstream.status()
        assert status.state == "failed"
        assert status.again_s is not None

"""Another program, by the SDK's own client, in either era."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
from mcp import types
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client

from pichat.gateway.door.caller import HOUSE, Scope
from tests.gateway.fakes import World

DEADLINE_S = 30.0
ERAS = ("auto", "legacy")


@dataclass
class Program:
    """`told`: the notifications that came, in order."""

    client: Any  # an mcp.client.client.Client, whose results are of many types
    told: list[Any] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def hear(self, message: object) -> None:
        self.told.append(message)
        self._news.set()

    async def until(self, fits: Callable[[list[Any]], bool]) -> None:
        """Wait until what was told fits."""
        async with asyncio.timeout(DEADLINE_S):
            while not fits(self.told):
                self._news.clear()
                await self._news.wait()

    async def call(self, name: str, _progress: Any = None, /, **arguments: Any) -> Any:
        return await self.client.call_tool(name, arguments, progress_callback=_progress)

    async def do(self, name: str, /, **arguments: Any) -> Any:
        """The structured result of a call that went well."""
        result = await self.call(name, None, **arguments)
        assert not result.is_error, result.content
        return result.structured_content

    async def names(self) -> set[str]:
        return {tool.name for tool in (await self.client.list_tools()).tools}


def kind_of(message: object) -> str:
    return str(getattr(message, "method", type(message).__name__))


def updates(told: list[Any]) -> list[str]:
    """The addresses of resources that are not as they were."""
    return [m.params.uri for m in told if isinstance(m, types.ResourceUpdatedNotification)]


@asynccontextmanager
async def program(
    world: World, scope: Scope | None = "agent", *, mode: str = "auto", user_id: str = HOUSE,
    secret: str | None = None,
) -> AsyncIterator[Program]:  # fmt: skip
    """Connected with a token of that scope, or with a `secret`; None: with none."""
    if scope is not None and secret is None:
        secret = await world.token(scope, user_id=user_id)
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    made: list[Program] = []

    async def hear(message: object) -> None:
        await made[0].hear(message)

    async with httpx2.AsyncClient(headers=headers, timeout=DEADLINE_S, trust_env=False) as http:
        transport = streamable_http_client(f"{world.url}/mcp", http_client=http)
        client = Client(transport, mode=mode, message_handler=hear, cache=None)
        made.append(Program(client))
        async with client:
            yield made[0]


@asynccontextmanager
async def working(work: Awaitable[Any]) -> AsyncIterator[asyncio.Future[Any]]:
    """Beside what else is done; cancelled in the end."""
    task = asyncio.ensure_future(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

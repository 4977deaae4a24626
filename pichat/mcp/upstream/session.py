"""An open session with a server: what it has, and calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import msgspec
import structlog
from mcp import types
from mcp.client.client import Client
from mcp.client.subscriptions import ListenNotSupportedError, SubscriptionLost
from mcp.shared.dispatcher import ProgressFnT
from mcp.shared.exceptions import MCPError

from pichat import __version__
from pichat.mcp.base import NULL, Catalogue, Era, RemotePrompt, RemoteResource, RemoteTool
from pichat.mcp.upstream.watched import watched

log = structlog.get_logger(__name__)

LIST_S = 10.0
_MOST_PAGES = 100
_MOST_TOOLS = 2000


class Session:
    """`changed` is set whenever the server says that it has other things now, `ended` when it has
    gone."""

    def __init__(self, client: Client, changed: asyncio.Event, ended: asyncio.Event) -> None:
        self._client = client
        self.changed = changed
        self.ended = ended

    @property
    def era(self) -> Era:
        modern = self._client.session.discover_result is not None
        return "2026-07-28" if modern else "legacy"

    async def catalogue(self) -> Catalogue:
        """All that it has now. Raises MCPError and TimeoutError."""
        has = self._client.server_capabilities
        async with asyncio.timeout(LIST_S):
            tools = await self._all("tools") if has.tools else []
            prompts = await self._all("prompts") if has.prompts else []
            resources = await self._all("resources") if has.resources else []
        return Catalogue(
            era=self.era,
            tools=tuple(map(_tool, tools[:_MOST_TOOLS])),
            prompts=tuple(map(_prompt, prompts[:_MOST_TOOLS])),
            resources=tuple(map(_resource, resources[:_MOST_TOOLS])),
            discovered=self._discovered(),
        )

    async def call(
        self,
        name: str,
        arguments: dict[str, Any],
        timeout_s: float,
        progress: ProgressFnT | None = None,
    ) -> types.CallToolResult:
        """Raises MCPError. Cancelling it tells the server."""
        return await self._client.call_tool(
            name, arguments, read_timeout_seconds=timeout_s, progress_callback=progress
        )

    async def prompt(self, name: str, arguments: dict[str, str]) -> types.GetPromptResult:
        return await self._client.get_prompt(name, arguments)

    async def read(self, uri: str) -> types.ReadResourceResult:
        return await self._client.read_resource(uri)

    async def follow(self) -> None:
        """Hear of changes of a server that has to be asked for them. Returns when there are none
        to be heard; another one tells unasked."""
        has = self._client.server_capabilities
        tools = bool(has.tools and has.tools.list_changed)
        prompts = bool(has.prompts and has.prompts.list_changed)
        resources = bool(has.resources and has.resources.list_changed)
        if not (tools or prompts or resources):
            return
        with suppress(ListenNotSupportedError, SubscriptionLost, MCPError, TimeoutError):
            listening = self._client.listen(
                tools_list_changed=tools,
                prompts_list_changed=prompts,
                resources_list_changed=resources,
            )
            async with listening as events:
                async for _ in events:
                    self.changed.set()

    async def _all(self, kind: str) -> list[Any]:
        """Every page of a listing."""
        found: list[Any] = []
        cursor: str | None = None
        for _ in range(_MOST_PAGES):
            page = await getattr(self._client, f"list_{kind}")(cursor=cursor)
            found += getattr(page, kind)
            cursor = page.next_cursor
            if cursor is None or len(found) >= _MOST_TOOLS:
                break
        return found

    def _discovered(self) -> msgspec.Raw:
        found = self._client.session.discover_result
        if found is None:
            return NULL
        return msgspec.Raw(found.model_dump_json(by_alias=True, exclude_none=True).encode())


@asynccontextmanager
async def open_session(
    transport: Any, known: Catalogue | None, *, start_s: float
) -> AsyncIterator[Session]:
    """A session, to be entered and left in one task, which is cancelled when the transport fails.
    `known`: what it told before, by which it need not be found out again how to speak to it."""
    changed, ended = asyncio.Event(), asyncio.Event()

    async def hear(message: object) -> None:
        if isinstance(message, _LISTS_CHANGED):
            changed.set()

    mode, prior = _as_before(known)
    client = Client(
        watched(transport, ended),
        mode=mode,
        prior_discover=prior,
        message_handler=hear,
        client_info=types.Implementation(name="pichat", version=__version__),
        cache=None,
    )
    async with AsyncExitStack() as stack:
        async with asyncio.timeout(start_s):
            await stack.enter_async_context(client)
        yield Session(client, changed, ended)


_LISTS_CHANGED = (
    types.ToolListChangedNotification,
    types.PromptListChangedNotification,
    types.ResourceListChangedNotification,
)


def _as_before(known: Catalogue | None) -> tuple[str, types.DiscoverResult | None]:
    if known is None or known.era == "unknown":
        return "auto", None
    if known.era == "legacy" or known.discovered == NULL:
        return "legacy" if known.era == "legacy" else "auto", None
    return known.era, types.DiscoverResult.model_validate_json(bytes(known.discovered))


def _tool(tool: types.Tool) -> RemoteTool:
    return RemoteTool(
        name=tool.name,
        description=tool.description or tool.title or "",
        schema=msgspec.Raw(msgspec.json.encode(tool.input_schema, order="sorted")),
    )


def _prompt(prompt: types.Prompt) -> RemotePrompt:
    arguments = sorted(prompt.arguments or (), key=lambda each: not each.required)
    return RemotePrompt(
        name=prompt.name,
        description=prompt.description or prompt.title or "",
        arguments=tuple(each.name for each in arguments),
    )


def _resource(resource: types.Resource) -> RemoteResource:
    return RemoteResource(
        uri=str(resource.uri),
        name=resource.name,
        description=resource.description or "",
        media_type=resource.mime_type,
    )

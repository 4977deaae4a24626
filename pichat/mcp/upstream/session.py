"""An open session with a server: what it has, and calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import msgspec
import structlog
from mcp import types
from mcp.client.client import Client
from mcp.client.session import ElicitationFnT
from mcp.client.subscriptions import ListenNotSupportedError, SubscriptionLost
from mcp.shared.dispatcher import ProgressFnT
from mcp.shared.exceptions import MCPError

from pichat import __version__
from pichat.mcp.base import NULL, Catalogue, Era, RemotePrompt, RemoteResource, RemoteTool
from pichat.mcp.depth import meta_now
from pichat.mcp.upstream.delivery import DELIVERY, Delivery
from pichat.mcp.upstream.limits import Limits
from pichat.mcp.upstream.listing import LONGEST_DESCRIPTION
from pichat.mcp.upstream.reasons import FailedError, is_silent
from pichat.mcp.upstream.watched import Line, watched

log = structlog.get_logger(__name__)

_MOST_PAGES = 100
_MOST = 2000  # of each kind
_SLACK_S = 5.0  # a call has a deadline of its own, which does not count what cannot be sent
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 60.0


class Session:
    """`changed`: the server has said that it has other things now. `why`: a sentence once it has
    gone. `wake` is called when either comes true."""

    def __init__(
        self, limits: Limits, wake: Callable[[], None], elicit: ElicitationFnT | None = None
    ) -> None:
        self._limits = limits
        self._elicit = elicit
        self._wake = wake
        self._client: Client | None = None
        self._line: Line | None = None
        self.changed = False
        self.why: str | None = None

    @property
    def client(self) -> Client:
        """Raises FailedError once it has gone."""
        if self._client is None:
            raise FailedError(self.why or "It is not open yet.")
        return self._client

    @property
    def era(self) -> Era:
        modern = self.client.session.discover_result is not None
        return "2026-07-28" if modern else "legacy"

    def end(self, why: str) -> None:
        """It is not to be used any more. The first reason counts."""
        if self.why is None:
            self.why = why
            self._wake()

    def change(self) -> None:
        self.changed = True
        self._wake()

    async def catalogue(self) -> Catalogue:
        """All that it has now. Raises FailedError, MCPError, and pydantic's ValueError."""
        has = self.client.server_capabilities
        try:
            async with asyncio.timeout(self._limits.list_s):
                tools = await self._all("tools") if has.tools else []
                prompts = await self._extras("prompts") if has.prompts else []
                resources = await self._extras("resources") if has.resources else []
        except TimeoutError:
            sentence = f"It did not tell within {self._limits.list_s:g} s what it has."
            raise FailedError(sentence) from None
        return Catalogue(
            era=self.era,
            tools=tuple({each.name: _tool(each) for each in tools[:_MOST]}.values()),
            prompts=tuple(map(_prompt, prompts[:_MOST])),
            resources=tuple(map(_resource, resources[:_MOST])),
            discovered=self._discovered(),
        )

    async def call(
        self,
        name: str,
        arguments: dict[str, Any],
        timeout_s: float,
        progress: ProgressFnT | None = None,
        delivery: Delivery | None = None,
    ) -> types.CallToolResult:
        """Raises MCPError, FailedError, TimeoutError, and ValueError for a result that is against
        the rules. Cancelling it tells the server. `delivery` learns how far it came."""
        client = self.client
        token = DELIVERY.set(delivery)
        try:
            async with asyncio.timeout(timeout_s + _SLACK_S):
                result = await client.call_tool(
                    name,
                    arguments,
                    read_timeout_seconds=timeout_s,
                    progress_callback=progress,
                    meta=meta_now() or None,  # type: ignore[arg-type]
                )
        except RuntimeError as error:  # the SDK's way to say so
            raise ValueError(type(error).__name__) from error
        finally:
            DELIVERY.reset(token)
        shape = self._line.shapes.get(name) if self._line else None
        if shape and not result.is_error and not shape.fits(result.structured_content):
            raise ValueError("not what the tool promises")
        return result

    async def follow(self) -> None:
        """Hear of changes of a server that has to be asked for them, again and again. Returns when
        there are none to be heard; one of the old kind tells unasked."""
        has = self.client.server_capabilities
        kinds: dict[str, Any] = {
            "tools_list_changed": bool(has.tools and has.tools.list_changed),
            "prompts_list_changed": bool(has.prompts and has.prompts.list_changed),
            "resources_list_changed": bool(has.resources and has.resources.list_changed),
        }
        pause_s = _FIRST_PAUSE_S
        while any(kinds.values()) and self.why is None:
            began_s = asyncio.get_running_loop().time()
            try:
                async with self.client.listen(**kinds) as events:
                    self.change()  # nobody has heard what happened before
                    async for _ in events:
                        self.change()
            except ListenNotSupportedError:
                return
            except MCPError as error:
                log.debug("mcp server does not tell of changes", code=error.error.code)
            except SubscriptionLost:
                pass
            if asyncio.get_running_loop().time() - began_s > _LONGEST_PAUSE_S:
                pause_s = _FIRST_PAUSE_S
            await asyncio.sleep(pause_s)
            pause_s = min(_LONGEST_PAUSE_S, 2 * pause_s)

    async def _extras(self, kind: str) -> list[Any]:
        """What nobody needs for calling tools, and many servers say that they have and do not."""
        try:
            return await self._all(kind)
        except MCPError as error:
            if self.why is not None or is_silent(error):
                raise
            log.debug("mcp server does not list", kind=kind, code=error.error.code)
            return []

    async def _all(self, kind: str) -> list[Any]:
        """Every page of a listing; of one that has no end, the beginning."""
        found: list[Any] = []
        cursor: str | None = None
        for _ in range(_MOST_PAGES):
            page = await getattr(self.client, f"list_{kind}")(cursor=cursor)
            found += getattr(page, kind)
            before, cursor = cursor, page.next_cursor
            if cursor is None or cursor == before or len(found) >= _MOST:
                break
        return found

    def _discovered(self) -> msgspec.Raw:
        found = self.client.session.discover_result
        if found is None:
            return NULL
        return msgspec.Raw(found.model_dump_json(by_alias=True, exclude_none=True).encode())

    @asynccontextmanager
    async def opened(
        self, transport: Any, known: Catalogue | None, *, probe_s: float, direct: bool
    ) -> AsyncIterator[None]:
        """To be entered and left in one task, which is cancelled when the transport fails. `known`:
        what it told before, by which it need not be found out again how to speak to it. `direct`:
        what is written has left. Raises what the SDK raises, and TimeoutError."""
        mode, prior = _as_before(known)
        self._line = Line(
            self._limits,
            self.end,
            self.change,
            probe_s if mode == "auto" else None,
            direct=direct,
        )
        client = Client(
            watched(transport, self._line),
            mode=mode,
            prior_discover=prior,
            message_handler=self._hear,
            elicitation_callback=self._elicit,
            client_info=types.Implementation(name="pichat", version=__version__),
            cache=None,
        )
        async with AsyncExitStack() as stack:
            deadline = asyncio.timeout(self._limits.start_s)
            try:
                async with deadline:
                    await stack.enter_async_context(client)
            except BaseExceptionGroup:
                if deadline.expired():  # what broke did so because it was given up
                    raise TimeoutError from None
                raise
            self._client = client
            try:
                yield
            finally:
                self.end("It is being closed.")
                self._client = None

    async def _hear(self, message: object) -> None:
        if isinstance(message, _LISTS_CHANGED):
            self.change()


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
        description=(prompt.description or prompt.title or "")[:LONGEST_DESCRIPTION],
        arguments=tuple(each.name for each in arguments),
    )


def _resource(resource: types.Resource) -> RemoteResource:
    return RemoteResource(
        uri=str(resource.uri),
        name=resource.name,
        description=(resource.description or "")[:LONGEST_DESCRIPTION],
        media_type=resource.mime_type,
    )

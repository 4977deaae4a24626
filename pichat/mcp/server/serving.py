"""The server itself, made with the SDK: it is imported with the first request, as that takes a
while and memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import structlog
from mcp import types
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.connection import Connection
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import NotificationOptions, Server
from mcp.server.models import InitializationOptions
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings

from pichat import __version__
from pichat.errors import NotFoundError, PiChatError
from pichat.mcp.depth import depth_of
from pichat.mcp.server.base import Call, House
from pichat.mcp.server.hearing import MOST_FOLLOWED, Hearers
from pichat.mcp.server.shapes import (
    contents_of,
    error_of,
    page_of,
    prompt_of,
    resource_of,
    result_of,
    template_of,
    tool_of,
)

log = structlog.get_logger(__name__)

MOST_SESSIONS = 64
IDLE_S = 1800.0
MOST_BODY_BYTES = 1024 * 1024
WHO = "pichat.who"
"""The key in an ASGI scope for who asks."""

INSTRUCTIONS = """\
PiChat is the assistant of a house. Its tools act on real devices. Something is done only when the \
result says that a device confirmed it; what failed is told for each device. Locks, doors and \
whatever else the owner marked need a person's yes: then nothing is done yet, the result has a \
question with an id, a person of the house answers it, and get_confirmation tells what came of it. \
Resources can be followed: pichat://devices, pichat://devices/{device}, pichat://rooms, \
pichat://health and others."""

Context = ServerRequestContext[Any, Any]


class _Server(Server[None]):
    """Tells clients with a session, too, that its lists change."""

    def create_initialization_options(
        self,
        notification_options: NotificationOptions | None = None,
        experimental_capabilities: dict[str, dict[str, Any]] | None = None,
        extensions: dict[str, dict[str, Any]] | None = None,
    ) -> InitializationOptions:
        given = notification_options or NotificationOptions(True, True, True)
        return super().create_initialization_options(given, experimental_capabilities, extensions)


class Serving:
    """A server over HTTP. `run` may be entered once; while it lasts, `handle` answers ASGI requests
    with `WHO` in their scope."""

    def __init__(self, house: House[Any]) -> None:
        self.hearers = Hearers()
        self._handlers = _Handlers(house, self.hearers)
        self._security = TransportSecuritySettings(enable_dns_rebinding_protection=True)
        self._manager = StreamableHTTPSessionManager(
            self._handlers.server(),
            security_settings=self._security,
            session_idle_timeout=IDLE_S,
            max_sessions=MOST_SESSIONS,
            max_request_body_size=MOST_BODY_BYTES,
        )

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        async with self._manager.run():
            with self.hearers.open():
                yield

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        await self._manager.handle_request(scope, receive, send)

    def admit(self, host: str, origin: str | None) -> None:
        """A host and an origin that the gateway itself lets in; the SDK lets in no others."""
        for known, new in (
            (self._security.allowed_hosts, host),
            (self._security.allowed_origins, origin),
        ):
            if new and new not in known:
                del known[: len(known) - _MOST_PLACES]
                known.append(new)


_MOST_PLACES = 256


def as_user(token_id: str) -> AuthenticatedUser:
    """Whose session it is: that of a token, and no other's."""
    return AuthenticatedUser(AccessToken(token="", client_id=token_id, scopes=[]))


class _Handlers:
    """One for each method of the protocol."""

    def __init__(self, house: House[Any], hearers: Hearers) -> None:
        self._house = house
        self._hearers = hearers

    def server(self) -> Server[Any]:
        made = _Server(
            "pichat",
            version=__version__,
            title="PiChat",
            instructions=INSTRUCTIONS,
            on_list_tools=self._tools,
            on_call_tool=self._call,
            on_list_resources=self._resources,
            on_list_resource_templates=self._templates,
            on_read_resource=self._read,
            on_subscribe_resource=self._subscribe,
            on_unsubscribe_resource=self._unsubscribe,
            on_subscriptions_listen=self._listen,
            on_list_prompts=self._prompts,
            on_get_prompt=self._prompt,
            on_completion=self._complete,
            # Of no use: arguments travel in the body alone.
            get_tool_input_schema=lambda _: None,
        )
        made.add_notification_handler(
            "notifications/initialized", types.NotificationParams, self._initialized
        )
        made.middleware.clear()  # telemetry, for which there is nobody here
        return made

    # --- tools ---------------------------------------------------------------------------------

    async def _tools(
        self, context: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        with _in_words():
            found = self._house.tools(_who(context))
        page, following = page_of(found, params.cursor if params else None)
        return types.ListToolsResult(tools=[*map(tool_of, page)], next_cursor=following)

    async def _call(
        self, context: Context, params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        async def progress(done: float, total: float | None, message: str) -> None:
            await context.session.report_progress(done, total, message or None)

        told = context.session.client_params
        call = Call(
            name=params.name,
            arguments=params.arguments or {},
            depth=depth_of(context.meta),
            client=told.client_info.name[:64] if told else "",
            talk=_connection(context).session_id or "",
        )
        with _in_words():
            return result_of(await self._house.call(_who(context), call, progress))

    # --- resources -----------------------------------------------------------------------------

    async def _resources(
        self, context: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        with _in_words():
            found = self._house.resources(_who(context))
        page, following = page_of(found, params.cursor if params else None)
        return types.ListResourcesResult(resources=[*map(resource_of, page)], next_cursor=following)

    async def _templates(
        self, context: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        with _in_words():
            found = self._house.templates(_who(context))
        page, following = page_of(found, params.cursor if params else None)
        return types.ListResourceTemplatesResult(
            resource_templates=[*map(template_of, page)], next_cursor=following
        )

    async def _read(
        self, context: Context, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        with _in_words():
            return contents_of(params.uri, await self._house.read(_who(context), params.uri))

    async def _subscribe(
        self, context: Context, params: types.SubscribeRequestParams
    ) -> types.EmptyResult:
        with _in_words():
            if not await self._house.may_follow(_who(context), params.uri):
                raise NotFoundError("There is nothing to follow at that address.")
            self._hearers.follow(_connection(context), params.uri)
        return types.EmptyResult()

    async def _unsubscribe(
        self, context: Context, params: types.UnsubscribeRequestParams
    ) -> types.EmptyResult:
        self._hearers.unfollow(_connection(context), params.uri)
        return types.EmptyResult()

    async def _listen(
        self, context: Context, params: types.SubscriptionsListenRequestParams
    ) -> types.SubscriptionsListenResult:
        """What the caller may not follow is left out of what is promised."""
        who, wanted = _who(context), params.notifications
        asked = [*dict.fromkeys(wanted.resource_subscriptions or ())][:MOST_FOLLOWED]
        with _in_words():
            may = await asyncio.gather(*(self._house.may_follow(who, uri) for uri in asked))
        own = [uri for uri, allowed in zip(asked, may, strict=True) if allowed]
        narrowed = wanted.model_copy(update={"resource_subscriptions": own or None})
        return await self._hearers.listen(
            context, params.model_copy(update={"notifications": narrowed})
        )

    async def _initialized(self, context: Context, _: types.NotificationParams) -> None:
        self._hearers.enter(_connection(context))

    # --- prompts -------------------------------------------------------------------------------

    async def _prompts(
        self, context: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListPromptsResult:
        with _in_words():
            found = self._house.prompts(_who(context))
        page, following = page_of(found, params.cursor if params else None)
        return types.ListPromptsResult(prompts=[*map(prompt_of, page)], next_cursor=following)

    async def _prompt(
        self, context: Context, params: types.GetPromptRequestParams
    ) -> types.GetPromptResult:
        with _in_words():
            text = self._house.prompt(_who(context), params.name, params.arguments or {})
        message = types.PromptMessage(role="user", content=types.TextContent(text=text))
        return types.GetPromptResult(messages=[message])

    async def _complete(
        self, context: Context, params: types.CompleteRequestParams
    ) -> types.CompleteResult:
        of_prompt = isinstance(params.ref, types.PromptReference)
        name = params.ref.name if of_prompt else params.ref.uri  # type: ignore[union-attr]
        with _in_words():
            found = self._house.complete(
                _who(context), "prompt" if of_prompt else "resource", name, params.argument.name
            )
        begun = params.argument.value.casefold()
        fitting = [each for each in found if begun in each.casefold()]
        fitting.sort(key=lambda each: (not each.casefold().startswith(begun), each.casefold()))
        return types.CompleteResult(
            completion=types.Completion(
                values=fitting[:_MOST_COMPLETIONS],
                total=len(fitting),
                has_more=len(fitting) > _MOST_COMPLETIONS,
            )
        )


_MOST_COMPLETIONS = 100


def _who(context: Context) -> Any:
    if context.request is None:
        raise RuntimeError("this server is for HTTP")
    return context.request.scope[WHO]


def _connection(context: Context) -> Connection:
    """The client's, the same for all requests of a session; the SDK hands it out in no other
    way."""
    return context.session._connection  # noqa: SLF001


@contextmanager
def _in_words() -> Any:
    """What is expected to fail, as the protocol has it."""
    try:
        yield
    except PiChatError as error:
        raise error_of(error) from error

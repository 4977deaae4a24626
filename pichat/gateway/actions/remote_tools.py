"""What the owner decides of single tools of other programs, and which were called."""

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from pichat.errors import BadRequestError
from pichat.gateway.actions.tools import schema_of
from pichat.gateway.context import Context
from pichat.gateway.registry import action
from pichat.gateway.services import Services
from pichat.mcp.preferring import Alike
from pichat.mcp.snapshot import KnownTool
from pichat.store.mcp_calls import CallLine

Alias = Annotated[str, Meta(min_length=1, max_length=64)]
Pattern = Annotated[str, Meta(min_length=1, max_length=64)]


class ApproveTool(msgspec.Struct, frozen=True, kw_only=True):
    """A `tool` by its name, or all of a `server` that have changed."""

    tool: Alias | None = None
    server: Alias | None = None


class RemoteToolView(msgspec.Struct, frozen=True, kw_only=True):
    """`name`: by which models know it, `own_name`: its server's. `description`: the owner's words,
    else the `own_description` of its server. `changed`: it may not be used until it is approved."""

    name: str
    server: str
    own_name: str
    description: str
    own_description: str
    changed: bool
    schema: dict[str, Any]


class ApprovedTools(msgspec.Struct, frozen=True, kw_only=True):
    """Those that can be used again."""

    tools: tuple[RemoteToolView, ...]


class DescribeTool(msgspec.Struct, frozen=True, kw_only=True):
    """`description`: the owner's words, null for those of its server."""

    tool: Alias
    description: Annotated[str, Meta(min_length=1, max_length=2000)] | None


class OneRemoteTool(msgspec.Struct, frozen=True, kw_only=True):
    tool: RemoteToolView


class GetToolCalls(msgspec.Struct, frozen=True, kw_only=True):
    """`tool`: a pattern of names; `before_s`: those from before that time, in seconds since the
    epoch."""

    tool: Pattern | None = None
    before_s: float | None = None
    limit: Annotated[int, Meta(ge=1, le=500)] = 50


class ToolCallView(msgspec.Struct, frozen=True, kw_only=True):
    """`at`: UTC. `source`: as what the wish counted; `user_id`, `client_id` and `token_id`: whose
    it was. `outcome`: `ok`, `failed` when the tool said so, or the code of an error."""

    at: datetime
    at_s: float
    tool: str
    outcome: str
    duration_ms: float
    source: str
    user_id: str
    client_id: str
    token_id: str
    turn_id: str


class ToolCalls(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first."""

    calls: tuple[ToolCallView, ...]


class GetSimilarTools(msgspec.Struct, frozen=True, kw_only=True):
    pass


class SimilarTools(msgspec.Struct, frozen=True, kw_only=True):
    groups: tuple[Alike, ...]


class PreferTool(msgspec.Struct, frozen=True, kw_only=True):
    tool: Alias


class PreferredTool(msgspec.Struct, frozen=True, kw_only=True):
    group: Alike


@action("approve_tool", needs="admin", example={"tool": "weather__get_forecast"})
async def approve_tool(context: Context, payload: ApproveTool) -> ApprovedTools:
    """Agree to what a tool of another program says of itself now. One that has changed since it was
    agreed to is off until then: it may have been made to lead a model astray."""
    if (payload.tool is None) == (payload.server is None):
        raise BadRequestError("Name either a “tool” or a “server”.")
    tools = context.services.remote_tools
    if payload.tool is not None:
        return ApprovedTools(tools=(view_of(await tools.approve(payload.tool)),))
    changed = context.services.mcp_servers.tools(payload.server or "")
    approved = [await tools.approve(each.alias) for each in changed if each.changed]
    return ApprovedTools(tools=tuple(map(view_of, approved)))


@action(
    "describe_tool",
    needs="admin",
    example={"tool": "weather__get_forecast", "description": "The weather of the next week."},
)
async def describe_tool(context: Context, payload: DescribeTool) -> OneRemoteTool:
    """Say in your own words what a tool of another program is for: models are told that instead of
    what its server says. Null takes it back."""
    described = await context.services.remote_tools.describe(payload.tool, payload.description)
    return OneRemoteTool(tool=view_of(described))


@action("get_similar_tools", needs="screen")
def get_similar_tools(context: Context, payload: GetSimilarTools) -> SimilarTools:  # noqa: ARG001
    """List tools of different servers that do the same, and which of them models are offered."""
    return SimilarTools(groups=context.services.preferring.groups)


@action("prefer_tool", needs="admin", example={"tool": "meteo__getForecast"})
async def prefer_tool(context: Context, payload: PreferTool) -> PreferredTool:
    """Of tools that do the same, have this one offered to models before the others."""
    return PreferredTool(group=await context.services.preferring.prefer(payload.tool))


@action("get_tool_calls", needs="admin", example={"tool": "weather__*", "limit": 20})
async def get_tool_calls(context: Context, payload: GetToolCalls) -> ToolCalls:
    """List calls of tools of other programs: who, what, when, how it ended and how long it took.
    They are kept for 30 days."""
    return await list_calls(context.services, payload)


async def list_calls(services: Services, asked: GetToolCalls) -> ToolCalls:
    await services.remote_calls.flushed()
    lines = await services.remote_calls.newest(asked.limit, asked.tool, asked.before_s)
    return ToolCalls(calls=tuple(map(_line, lines)))


def _line(line: CallLine) -> ToolCallView:
    return ToolCallView(
        at=datetime.fromtimestamp(line.at_s, UTC),
        at_s=line.at_s,
        tool=line.alias,
        outcome=line.outcome,
        duration_ms=line.duration_ms,
        source=line.source,
        user_id=line.user_id,
        client_id=line.client_id,
        token_id=line.token_id,
        turn_id=line.turn_id,
    )


def view_of(known: KnownTool) -> RemoteToolView:
    return RemoteToolView(
        name=known.alias,
        server=known.server,
        own_name=known.tool.name,
        description=known.description,
        own_description=known.tool.description,
        changed=known.changed,
        schema=schema_of(known),
    )

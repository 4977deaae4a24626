"""Servers of tools over HTTP, as the front ends of seed 004 ask for them."""

from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from pichat.gateway.actions.mcp import (
    AddMcpServer,
    DiscoverMcpServers,
    GetMcpServers,
    McpServersList,
    NamedMcpServer,
    OneMcpServer,
    RefreshMcpServers,
    RemovedMcpServer,
    ServerName,
    UpdateMcpServer,
    add_server,
    change_server,
    discover_servers,
    list_servers,
    refresh_servers,
    remove_server,
)
from pichat.gateway.actions.remote_tools import GetToolCalls, ToolCalls, list_calls
from pichat.gateway.actions.tools import (
    GetTools,
    Id,
    Patterns,
    ToolsList,
    ToolView,
    UpdateToolPreferences,
    change_tools,
    list_tools,
)
from pichat.gateway.calls import Call
from pichat.gateway.routes import route
from pichat.gateway.services import Services
from pichat.mcp.discovery import Discovered
from pichat.tools.patterns import permits


class ClientPreferences(msgspec.Struct, frozen=True, kw_only=True):
    client_id: Annotated[Id, msgspec.Meta(description="The id that the client gave itself.")]


class PutPreferences(msgspec.Struct, frozen=True, kw_only=True):
    """`servers`: which to switch on or off, by name; `on` and `off`: patterns of tools to switch;
    `tools`: all patterns instead, null for all tools."""

    client_id: Annotated[Id, msgspec.Meta(description="The id that the client gave itself.")]
    servers: Annotated[dict[ServerName, bool], msgspec.Meta(max_length=100)] = {}
    on: Patterns = ()
    off: Patterns = ()
    tools: Patterns | UnsetType | None = UNSET


class McpPreferences(msgspec.Struct, frozen=True, kw_only=True):
    """`patterns`: of the tools that the client may use, null for all. `servers`: whether it may use
    any tool of each; `tools`: those of other programs."""

    client_id: str
    patterns: tuple[str, ...] | None
    servers: dict[str, bool]
    tools: tuple[ToolView, ...]


@route("GET", "/api/mcp/servers", needs="screen")
async def get_servers(call: Call, payload: GetMcpServers) -> McpServersList:  # noqa: ARG001
    """List the servers of tools, how each is, and how many tools it has."""
    return list_servers(call.services)


@route("GET", "/api/mcp/servers/", needs="screen")
async def get_servers_too(call: Call, payload: GetMcpServers) -> McpServersList:  # noqa: ARG001
    """The same, for front ends that ask so."""
    return list_servers(call.services)


@route(
    "POST",
    "/api/mcp/servers/connect",
    needs="admin",
    status=201,
    example={"url": "http://192.168.1.110:9001/mcp"},
)
async def connect(call: Call, payload: AddMcpServer) -> OneMcpServer:
    """Add a server by its address."""
    return await add_server(call.services, call.caller, payload)


@route(
    "POST",
    "/api/mcp/servers/discover",
    needs="admin",
    example={"hosts": ["localhost:9001"], "here": False},
)
async def discover(call: Call, payload: DiscoverMcpServers) -> Discovered:
    """Look for servers on this machine, in what the network announces, and at hosts that are named.
    Nothing is added."""
    return await discover_servers(call.services, payload)


@route("POST", "/api/mcp/servers/refresh", needs="admin", example={"names": ["weather"]})
async def refresh(call: Call, payload: RefreshMcpServers) -> McpServersList:
    """Ask servers again what they have, those or all."""
    return await refresh_servers(call.services, payload)


@route("GET", "/api/mcp/servers/{name}", needs="screen", example={"name": "weather"})
async def get_server(call: Call, payload: NamedMcpServer) -> OneMcpServer:
    """Show one server."""
    return OneMcpServer(server=call.services.mcp_servers.view(payload.name))


@route(
    "PATCH",
    "/api/mcp/servers/{name}",
    needs="admin",
    example={"name": "weather", "enabled": False},
)
async def patch_server(call: Call, payload: UpdateMcpServer) -> OneMcpServer:
    """Change a server, or switch it on or off."""
    return await change_server(call.services, call.caller, payload)


@route("DELETE", "/api/mcp/servers/{name}", needs="admin", example={"name": "calendar"})
async def delete_server(call: Call, payload: NamedMcpServer) -> RemovedMcpServer:
    """Forget a server that was added, and its keys."""
    return await remove_server(call.services, payload)


@route("GET", "/api/mcp/servers/{name}/tools", needs="screen", example={"name": "weather"})
async def get_server_tools(call: Call, payload: NamedMcpServer) -> ToolsList:
    """List the tools of a server, what each takes, and whether they may be used."""
    return list_tools(call.services, call.caller, GetTools(server=payload.name))


@route("GET", "/api/mcp/calls", needs="admin", example={"limit": "20"})
async def get_calls(call: Call, payload: GetToolCalls) -> ToolCalls:
    """List calls of tools of other programs, newest first."""
    return await list_calls(call.services, payload)


@route("GET", "/api/mcp/preferences/{client_id}", needs="screen", example={"client_id": "kiosk"})
async def get_preferences(call: Call, payload: ClientPreferences) -> McpPreferences:
    """Show which servers and tools a client uses."""
    listed = list_tools(call.services, call.caller, GetTools(client_id=payload.client_id))
    return _preferences(call.services, listed)


@route(
    "PUT",
    "/api/mcp/preferences/{client_id}",
    needs="screen",
    example={"client_id": "kiosk", "servers": {"weather": False}},
)
async def put_preferences(call: Call, payload: PutPreferences) -> McpPreferences:
    """Switch servers or tools on or off for a client, from its next turn on."""
    for name in payload.servers:
        call.services.mcp_servers.view(name)
    on = [f"{name}__*" for name, is_on in payload.servers.items() if is_on]
    off = [f"{name}__*" for name, is_on in payload.servers.items() if not is_on]
    change = UpdateToolPreferences(
        client_id=payload.client_id,
        on=(*on, *payload.on),
        off=(*off, *payload.off),
        tools=payload.tools,
    )
    return _preferences(call.services, await change_tools(call.services, call.caller, change))


def _preferences(services: Services, listed: ToolsList) -> McpPreferences:
    patterns = listed.preferences.client
    remote = tuple(each for each in listed.tools if each.server is not None)
    servers = {}
    for server in services.mcp_servers.views():
        names = [each.name for each in remote if each.server == server.name]
        servers[server.name] = any(
            permits(patterns, name) for name in names or [f"{server.name}__"]
        )
    return McpPreferences(
        client_id=listed.preferences.client_id, patterns=patterns, servers=servers, tools=remote
    )

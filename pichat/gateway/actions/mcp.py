"""Servers of tools of other programs: which there are, how they are, and adding others."""

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from pichat.config.types import Positive
from pichat.errors import BadRequestError, NotAllowedError
from pichat.gateway.context import Context
from pichat.gateway.door.caller import Caller
from pichat.gateway.registry import action
from pichat.gateway.services import Services
from pichat.mcp.discovery import Discovered
from pichat.mcp.server_view import ServerView
from pichat.mcp.written import Name, Part, Written

ServerName = Annotated[str, Meta(min_length=1, max_length=64)]
Url = Annotated[str, Meta(min_length=1, max_length=2000)]
Command = Annotated[tuple[Part, ...], Meta(max_length=100)]
Values = Annotated[dict[Name, str | None], Meta(max_length=50)]
Wanted = Annotated[tuple[Part, ...], Meta(max_length=500)]
Seconds = Annotated[Positive, Meta(le=86_400)]
Port = Annotated[int, Meta(ge=1, le=65_535)]


class GetMcpServers(msgspec.Struct, frozen=True, kw_only=True):
    pass


class McpServersList(msgspec.Struct, frozen=True, kw_only=True):
    """In the order in which they are preferred: those of config.yaml, then those that were
    added."""

    servers: tuple[ServerView, ...]


class NamedMcpServer(msgspec.Struct, frozen=True, kw_only=True):
    name: ServerName


class OneMcpServer(msgspec.Struct, frozen=True, kw_only=True):
    server: ServerView


class AddMcpServer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Either the `url` of one that runs somewhere, over streamable HTTP unless `transport` says
    `sse`, or the `command` of a program of this machine and its arguments, with `env` besides, in
    `folder`. `headers` go with every request. In all of these `${VAR}` stands for what the
    environment or `.env` has under that name. `tools`: patterns of those that are wanted, null for
    all. Without a `name` it gets one."""

    name: ServerName | None = None
    url: Url | None = None
    command: Command = ()
    env: Annotated[dict[Name, str], Meta(max_length=50)] = {}
    folder: Part | None = None
    transport: Literal["http", "sse"] = "http"
    headers: Annotated[dict[Name, str], Meta(max_length=50)] = {}
    tools: Wanted | None = None
    call_timeout_s: Seconds = 60.0
    idle_s: Seconds = 300.0
    enabled: bool = True


class UpdateMcpServer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays as it is. Of `env` and `headers` those that are named change, and null
    takes one away. A `url` takes the place of a `command`, and the other way round."""

    name: ServerName
    enabled: bool | UnsetType = UNSET
    url: Url | UnsetType = UNSET
    command: Command | UnsetType = UNSET
    env: Values | UnsetType = UNSET
    folder: Part | UnsetType | None = UNSET
    transport: Literal["http", "sse"] | UnsetType = UNSET
    headers: Values | UnsetType = UNSET
    tools: Wanted | UnsetType | None = UNSET
    call_timeout_s: Seconds | UnsetType = UNSET
    idle_s: Seconds | UnsetType = UNSET


class RemovedMcpServer(msgspec.Struct, frozen=True, kw_only=True):
    name: str


class RefreshMcpServers(msgspec.Struct, frozen=True, kw_only=True):
    """`names`: of which; null for all."""

    names: Annotated[tuple[ServerName, ...], Meta(max_length=500)] | None = None


class DiscoverMcpServers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`hosts`: where to look, as a name or an address, with a port or without, or as a whole URL;
    `ports`: of hosts that name none. `here`: also at the ports of this machine, and at what the
    network announces."""

    hosts: Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=300)], ...],
                     Meta(max_length=16)] = ()  # fmt: skip
    ports: Annotated[tuple[Port, ...], Meta(max_length=64)] = ()
    here: bool = True


def list_servers(services: Services) -> McpServersList:
    return McpServersList(servers=services.mcp_servers.views())


async def add_server(services: Services, caller: Caller, asked: AddMcpServer) -> OneMcpServer:
    """Raises NotAllowedError for what is only done on this machine."""
    if asked.command or asked.env or asked.folder is not None:
        _must_be_here(caller)
    _check_variables(caller, asked.url, *asked.headers.values())
    written = Written(
        command=asked.command,
        env=asked.env,
        folder=asked.folder,
        url=asked.url,
        transport=asked.transport,
        headers=asked.headers,
        tools=asked.tools,
        call_timeout_s=asked.call_timeout_s,
        idle_s=asked.idle_s,
    )
    added = await services.mcp_servers.add(asked.name, written, enabled=asked.enabled)
    return OneMcpServer(server=added)


async def change_server(services: Services, caller: Caller, asked: UpdateMcpServer) -> OneMcpServer:
    """Raises NotAllowedError for what is only done on this machine, BadRequestError for an empty
    change."""
    changes = {
        field: value
        for field in Written.__struct_fields__
        if not isinstance(value := getattr(asked, field), UnsetType)
    }
    enabled = None if isinstance(asked.enabled, UnsetType) else asked.enabled
    if not changes and enabled is None:
        raise BadRequestError("Say what should change.")
    if changes.keys() & {"command", "env", "folder"}:
        _must_be_here(caller)
    headers: dict[str, str | None] = changes.get("headers", {})
    _check_variables(caller, changes.get("url"), *headers.values())
    if "url" in changes and not caller.local:
        _check_keys(services.mcp_servers.view(asked.name), headers)
    changed = await services.mcp_servers.update(asked.name, changes, enabled=enabled)
    return OneMcpServer(server=changed)


async def remove_server(services: Services, asked: NamedMcpServer) -> RemovedMcpServer:
    await services.mcp_servers.remove(asked.name)
    return RemovedMcpServer(name=asked.name)


async def refresh_servers(services: Services, asked: RefreshMcpServers) -> McpServersList:
    return McpServersList(servers=await services.mcp_servers.refresh(asked.names))


async def discover_servers(services: Services, asked: DiscoverMcpServers) -> Discovered:
    return await services.discovery.look(asked.hosts, asked.ports, here=asked.here)


def _check_variables(caller: Caller, *values: str | None) -> None:
    """Whoever names a variable of this machine can have it sent anywhere."""
    if not caller.local and any("${" in value for value in values if value is not None):
        raise NotAllowedError(
            "A variable of this machine is named on it (pichat mcp) or in config.yaml, not from"
            " elsewhere."
        )


def _check_keys(server: ServerView, headers: Mapping[str, str | None]) -> None:
    """Whoever changes an address could have the keys sent there that they may not read."""
    if not headers.keys() >= {*server.headers}:
        raise NotAllowedError(
            f"“{server.name}” has keys, which the other address would get: send all its “headers”"
            " anew with it, or change it on this machine (pichat mcp set)."
        )


def _must_be_here(caller: Caller) -> None:
    """Whoever names a program can have this machine do anything."""
    if not caller.local:
        raise NotAllowedError(
            "A program of this machine is added on it (pichat mcp add NAME -- PROGRAM …) or in"
            " config.yaml, not from elsewhere."
        )


@action("get_mcp_servers", needs="screen", reply="mcp_servers_list")
def get_mcp_servers(context: Context, payload: GetMcpServers) -> McpServersList:  # noqa: ARG001
    """List the servers of tools of other programs, and how each is. What is secret of them is never
    told. Subscribers of `tools` are told of every change as `mcp_servers_changed`."""
    return list_servers(context.services)


@action(
    "add_mcp_server",
    needs="admin",
    reply="mcp_server_added",
    example={"name": "calendar", "url": "http://192.168.1.110:9001/mcp"},
)
async def add_mcp_server(context: Context, payload: AddMcpServer) -> OneMcpServer:
    """Add a server. Its tools can be used from the next turn on; complete once it is up or has said
    why not, at the latest after some seconds: it is tried again for ever. Programs are only added
    from this machine itself, else `not_allowed`."""
    return await add_server(context.services, context.caller, payload)


@action(
    "update_mcp_server",
    needs="admin",
    reply="mcp_server_updated",
    example={"name": "weather", "enabled": False},
)
async def update_mcp_server(context: Context, payload: UpdateMcpServer) -> OneMcpServer:
    """Change a server, or switch it on or off. One of config.yaml is only switched. From another
    machine, programs are not changed, and another `url` needs all `headers` anew: else
    `not_allowed`."""
    return await change_server(context.services, context.caller, payload)


@action(
    "remove_mcp_server", needs="admin", reply="mcp_server_removed", example={"name": "calendar"}
)
async def remove_mcp_server(context: Context, payload: NamedMcpServer) -> RemovedMcpServer:
    """Forget a server that was added, and its keys. If it is added again, its tools have the names
    that they had."""
    return await remove_server(context.services, payload)


@action(
    "refresh_mcp_servers",
    needs="admin",
    reply="mcp_servers_refreshed",
    example={"names": ["weather"]},
)
async def refresh_mcp_servers(context: Context, payload: RefreshMcpServers) -> McpServersList:
    """Ask servers again what they have, also those that rest after a failure; complete once they
    have answered, or after some seconds."""
    return await refresh_servers(context.services, payload)


@action(
    "discover_mcp_servers",
    needs="admin",
    reply="mcp_servers_discovered",
    example={"hosts": ["localhost:9001"], "here": False},
)
async def discover_mcp_servers(context: Context, payload: DiscoverMcpServers) -> Discovered:
    """Look for servers of tools on this machine, in what the network announces, and at the hosts
    that are named. Nothing is added."""
    return await discover_servers(context.services, payload)

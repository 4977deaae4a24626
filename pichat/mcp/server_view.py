"""A server of tools as people see it, without what is secret of it."""

from __future__ import annotations

from typing import Literal

import msgspec

from pichat.config.types import McpServer
from pichat.mcp.base import Era, ServerState, ServerStatus
from pichat.mcp.written import Written, shown_command, shown_url


class ServerView(msgspec.Struct, frozen=True, kw_only=True):
    """A server of tools as people see it, without what is secret of it. `kind`: a program of this
    machine or an address; `address`: its command or its URL; `configured`: it stands in
    config.yaml. `state`: `off`; `starting`; `ready`; `idle` is a program that starts when it is
    needed; one that has `failed` is tried again in `again_s` seconds. `reason`: why it failed last,
    a sentence. `tools`: how many it has. `wanted`: patterns of those that are used, null for all.
    `env`, `headers`: names alone. `era`: by which revision of the protocol it speaks, if known."""

    name: str
    kind: Literal["program", "http", "sse"]
    address: str
    configured: bool
    enabled: bool
    state: ServerState
    reason: str | None
    again_s: float | None
    era: Era
    tools: int
    wanted: tuple[str, ...] | None
    env: tuple[str, ...]
    headers: tuple[str, ...]
    folder: str | None
    call_timeout_s: float
    idle_s: float


def view_of(
    name: str,
    server: McpServer | Written,
    status: ServerStatus | None,
    *,
    configured: bool,
    enabled: bool,
    reason: str | None,
    usable: bool,
) -> ServerView:
    """`status`: as it is told, if it is used at all. `usable`: its settings are whole."""
    state: ServerState = "off"
    if enabled:
        state = (status.state if status else "starting") if usable else "failed"
    program = server.url is None
    command = " ".join(shown_command(server.command))
    return ServerView(
        name=name,
        kind="program" if program else server.transport,
        address=command if server.url is None else shown_url(server.url),
        configured=configured,
        enabled=enabled,
        state=state,
        reason=reason if state != "off" else None,
        again_s=status.again_s if status else None,
        era=status.era if status else "unknown",
        tools=status.tools if status else 0,
        wanted=server.tools,
        env=tuple(server.env),
        headers=tuple(server.headers),
        folder=str(server.folder) if server.folder else None,
        call_timeout_s=server.call_timeout_s,
        idle_s=server.idle_s,
    )

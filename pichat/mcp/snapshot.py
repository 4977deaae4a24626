"""Everything that servers elsewhere have, at one moment."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from pichat.mcp.base import RemotePrompt, RemoteResource, RemoteTool, ServerStatus


class KnownTool(msgspec.Struct, frozen=True, kw_only=True):
    """A tool under the name that models know. `changed`: its server tells another thing of it than
    what the owner agreed to, and nobody may use it until the owner does again. `description`: the
    owner's words, else the server's."""

    alias: str
    server: str
    tool: RemoteTool
    description: str
    changed: bool = False


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Never changed: another takes its place in one step. `number` grows with each. Servers are in
    the order in which they are preferred."""

    number: int
    servers: tuple[ServerStatus, ...]
    tools: Mapping[str, KnownTool]
    prompts: Mapping[str, tuple[RemotePrompt, ...]]
    resources: Mapping[str, tuple[RemoteResource, ...]]


NOTHING = Snapshot(number=0, servers=(), tools={}, prompts={}, resources={})

"""Everything that servers elsewhere have, at one moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

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
    """Never changed: another takes its place in one step. Servers are in the order in which they
    are preferred. `instead`: of tools that do the same, by the name of each that is not preferred,
    the one that is."""

    servers: tuple[ServerStatus, ...]
    tools: Mapping[str, KnownTool]
    prompts: Mapping[str, tuple[RemotePrompt, ...]]
    resources: Mapping[str, tuple[RemoteResource, ...]]
    instead: Mapping[str, str] = {}

    @property
    def off(self) -> frozenset[str]:
        """Servers that are switched off."""
        return frozenset(each.name for each in self.servers if each.state == "off")


def preferred_first(
    found: Iterable[KnownTool], instead: Mapping[str, str], *, alone: bool
) -> list[KnownTool]:
    """Tools in their order, but of those that do the same the preferred one before the others, or
    `alone`."""
    known = {each.alias: each for each in found}
    best = [known.get(instead.get(alias, ""), each) for alias, each in known.items()]
    if not alone:
        best = [each for pair in zip(best, known.values(), strict=True) for each in pair]
    return [*{each.alias: each for each in best}.values()]


NOTHING = Snapshot(servers=(), tools={}, prompts={}, resources={})

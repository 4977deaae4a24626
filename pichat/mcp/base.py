"""What servers elsewhere have, as plain values. Everything of a tool's that is JSON stays the text
that came: hundreds of tools are kept so, and few are ever looked into."""

from __future__ import annotations

import hashlib
from typing import Any, Literal

import msgspec

Era = Literal["unknown", "legacy", "2026-07-28"]
"""How a server is spoken to: with a handshake, or by the revision that needs none."""

ServerState = Literal["off", "starting", "ready", "idle", "failed"]
"""off: switched off. idle: a program that is not running, and starts when it is needed. failed: it
rests, and is tried again by itself."""


NULL = msgspec.Raw(b"null")


class RemoteTool(msgspec.Struct, frozen=True, kw_only=True):
    """A tool as its server tells of it. `schema` is a JSON schema of its arguments."""

    name: str
    description: str
    schema: msgspec.Raw

    @property
    def properties(self) -> dict[str, Any]:
        """The schemas of its arguments by their names; none where its server tells nonsense."""
        schema = msgspec.json.decode(self.schema)
        found = schema.get("properties") if isinstance(schema, dict) else None
        return found if isinstance(found, dict) else {}

    @property
    def digest(self) -> str:
        """Of all that a model would be told of it."""
        told = msgspec.json.encode([self.name, self.description, self.schema])
        return hashlib.sha256(told).hexdigest()


class RemotePrompt(msgspec.Struct, frozen=True, kw_only=True):
    """`arguments`: names, those that are needed first."""

    name: str
    description: str
    arguments: tuple[str, ...] = ()


class RemoteResource(msgspec.Struct, frozen=True, kw_only=True):
    uri: str
    name: str
    description: str = ""
    media_type: str | None = None


class Catalogue(msgspec.Struct, frozen=True, kw_only=True):
    """All that a server has, as it told at one moment. `discovered`: what a server without a
    handshake said of itself, so that it need not be asked again; JSON, else null."""

    era: Era
    tools: tuple[RemoteTool, ...] = ()
    prompts: tuple[RemotePrompt, ...] = ()
    resources: tuple[RemoteResource, ...] = ()
    discovered: msgspec.Raw = NULL


class ServerStatus(msgspec.Struct, frozen=True, kw_only=True):
    """`reason`: why it failed, a sentence. `again_s`: in how many seconds it is tried again."""

    name: str
    state: ServerState
    reason: str | None = None
    again_s: float | None = None
    era: Era = "unknown"
    tools: int = 0

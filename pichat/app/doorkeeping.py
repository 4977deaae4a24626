"""The door: its tokens, and the one by which this machine's own programs come in."""

from __future__ import annotations

from pichat.app.parts import Parts
from pichat.gateway.door.door import Door
from pichat.gateway.door.tokens import open_tokens
from pichat.state import write_secret
from pichat.store.db import Database


async def start_door(parts: Parts, database: Database) -> Door:
    """Raises StartError."""
    tokens = await parts.steps.start("tokens", open_tokens(database))
    return Door(parts.config.server, tokens, parts.bus, own_secret=write_secret(parts.state_dir))

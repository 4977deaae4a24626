"""The people of the house."""

from __future__ import annotations

from pichat.app.parts import Parts
from pichat.intents.language import supported_languages
from pichat.store.conversations import Conversations
from pichat.store.db import Database
from pichat.turn.profiles import Profiles
from pichat.turn.user_changes import House
from pichat.turn.users import Users


async def load_users(
    parts: Parts, database: Database, conversations: Conversations, profiles: Profiles
) -> Users:
    """Which models there are is known later: see start_thinking."""
    house = House(profiles.names, supported_languages)
    return await Users.load(database, conversations, house, parts.bus)

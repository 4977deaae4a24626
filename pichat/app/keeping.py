"""What is kept for the screens beside what was said: front ends' settings, suggestions, files; and
the list of models that they choose from."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import partial

from pichat.app.house import names_of
from pichat.app.parts import Parts
from pichat.app.speech import style_of
from pichat.app.thinking import Thinking
from pichat.gateway.clients.clients import Clients, House
from pichat.gateway.door.door import Door
from pichat.gateway.suggestions import Suggestions
from pichat.gateway.uploads.uploads import Uploads, open_uploads
from pichat.intents.offers import offers
from pichat.store.db import Database
from pichat.turn.catalogue import Catalogue
from pichat.turn.profiles import Profiles
from pichat.zigbee.hub import Hub


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    clients: Clients
    models: Catalogue
    suggestions: Suggestions
    uploads: Uploads


async def start_kept(
    parts: Parts,
    database: Database,
    hub: Hub,
    profiles: Profiles,
    thinking: Thinking,
    door: Door,
) -> Kept:
    """`door`: has the limits of uploads, as they are now."""
    styles = partial(style_of, parts, profiles)
    house = House(profiles, styles, thinking.providers, parts.config.language)
    opening = open_uploads(database, parts.state_dir / "uploads", lambda: door.config.limits)
    return Kept(
        clients=await Clients.load(database, house, parts.bus),
        models=Catalogue(
            thinking.providers, thinking.chain, profiles, parts.health, parts.state_dir
        ),
        suggestions=await Suggestions.load(
            database, partial(_named, hub), partial(_offers, hub, thinking), parts.bus
        ),
        uploads=await parts.steps.start("uploads", opening),
    )


def _named(hub: Hub) -> Hashable:
    """What sentences about the house depend on."""
    return tuple(
        (device.id, device.name, device.area, device.confirm, device.available)
        for device in hub.devices()
    )


def _offers(hub: Hub, thinking: Thinking) -> Sequence[str]:
    intents = thinking.intents
    return offers(intents.language, names_of(hub), intents.understand, intents.sentences)

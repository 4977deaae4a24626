"""Turns, and what they think with: the intents, the tools, the language models, what was said."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from pichat.app.house import names_of
from pichat.app.parts import Parts
from pichat.gateway.services.talk import Images as Drawing
from pichat.intents.understand import Intents
from pichat.llm.chain import Chain
from pichat.llm.images import Images
from pichat.llm.providers import Providers, open_providers
from pichat.store.conversations import Conversations
from pichat.tools.base import Toolbox
from pichat.turn.memory import Memory
from pichat.turn.mind import Mind
from pichat.turn.profiles import Profiles
from pichat.turn.recent import Recent
from pichat.turn.tongues import Tongues
from pichat.turn.turns import Turns
from pichat.turn.users import Users
from pichat.zigbee.hub import Hub


@dataclass(frozen=True, slots=True, kw_only=True)
class Thinking:
    """`intents`: those of the house's language; `tongues`: of every language that is spoken."""

    turns: Turns
    intents: Intents
    tongues: Tongues
    images: Drawing
    providers: Providers
    chain: Chain


async def start_thinking(
    parts: Parts,
    hub: Hub,
    toolbox: Toolbox,
    profiles: Profiles,
    conversations: Conversations,
    users: Users,
) -> Thinking:
    """Raises ConfigError for a provider that cannot be asked as it is configured."""
    config, bus = parts.config, parts.bus
    opening = open_providers(config.llm, parts.state_dir, parts.health)
    providers = await parts.steps.start("language models", opening)
    users.house.models = lambda: {name: each.model for name, each in providers.items()}
    chain = Chain(providers, parts.health)
    parts.steps.run("thinking", chain.serve())
    memory, recent = Memory(conversations, bus), Recent(bus)
    parts.steps.run("memory", memory.serve())
    parts.steps.run("recent", recent.serve())
    named = partial(names_of, hub)
    mind = Mind(chain, providers, toolbox, memory, named, recent.changes, config.language)
    intents = Intents(config.language, named)
    tongues = Tongues(config.language, intents, lambda other: Intents(other, named))
    return Thinking(
        turns=Turns(tongues, toolbox, bus, profiles, mind, memory, users),
        intents=intents,
        tongues=tongues,
        images=Images(providers, lambda: profiles.get(profiles.active).may_use_cloud),
        providers=providers,
        chain=chain,
    )

"""Everything inside, as the gateway's actions and routes see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pichat.app.facing import start_certificates
from pichat.app.keeping import Kept
from pichat.app.parts import Parts
from pichat.app.reloading import Reloading
from pichat.app.remote import Elsewhere
from pichat.app.speech import Speech
from pichat.app.thinking import Thinking
from pichat.app.voices import InstalledVoices
from pichat.gateway.door.door import Door
from pichat.gateway.screens import Screens
from pichat.gateway.services import Services
from pichat.gateway.services.agents import Agents
from pichat.gateway.sessions.sessions import Sessions
from pichat.mcp.discovery import Discovery
from pichat.store.conversations import Conversations
from pichat.tools.base import Toolbox
from pichat.turn.profiles import Profiles
from pichat.turn.runs import Runs
from pichat.turn.silent import SilentVoice
from pichat.turn.users import Users
from pichat.turn.voice import VoiceLoop
from pichat.zigbee.house import ZigbeeHouse


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """What was started before anybody may come in."""

    parts: Parts
    profiles: Profiles
    users: Users
    conversations: Conversations
    zigbee: ZigbeeHouse
    screens: Screens
    door: Door
    elsewhere: Elsewhere
    toolbox: Toolbox
    thinking: Thinking
    runs: Runs
    speech: Speech
    voice: VoiceLoop | SilentVoice
    reloading: Reloading
    kept: Kept
    agents: Agents


async def services_of(inside: Inside, url: Callable[[], str]) -> Services:
    """`url`: where this daemon itself is found, once it is. Starts what only the gateway uses."""
    parts, zigbee, thinking = inside.parts, inside.zigbee, inside.thinking
    kept, elsewhere = inside.kept, inside.elsewhere
    return Services(
        reloading=inside.reloading,
        screens=inside.screens,
        sessions=await parts.steps.start("sessions", Sessions(thinking.turns)),
        door=inside.door,
        certificates=await start_certificates(parts, inside.door.machine),
        turns=thinking.turns,
        tools=inside.toolbox,
        house=zigbee.hub,
        joining=zigbee.admission,
        voice=inside.voice,
        clips=inside.speech.clips,
        runs=inside.runs,
        profiles=inside.profiles,
        users=inside.users,
        conversations=inside.conversations,
        backups=zigbee.backups,
        repairs=zigbee.repairs,
        network=zigbee.care,
        lock_codes=zigbee.lock_codes,
        groups=zigbee.together.groups,
        scenes=zigbee.together.scenes,
        clients=kept.clients,
        models=kept.models,
        suggestions=kept.suggestions,
        uploads=kept.uploads,
        mcp_servers=elsewhere.servers,
        remote_tools=elsewhere.aggregator,
        remote_calls=elsewhere.calls,
        tool_switches=elsewhere.switches,
        preferring=elsewhere.preferring,
        inputs=elsewhere.inputs,
        discovery=Discovery(url, lambda: elsewhere.servers.servers),
        agents=inside.agents,
        images=thinking.images,
        providers=thinking.providers,
        voices=InstalledVoices(parts, inside.profiles),
        bus=parts.bus,
        health=parts.health,
    )

"""The map of the daemon: what is started in which order, and stopped in its exact reverse."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Self

from pichat.app.doorkeeping import start_door
from pichat.app.facing import start_announcement
from pichat.app.house import names_of, start_house
from pichat.app.keeping import start_kept
from pichat.app.listening import start_listening
from pichat.app.parts import Parts
from pichat.app.people import load_users
from pichat.app.reloading import DOOR, Commit, Reloading, Taker, take_profiles
from pichat.app.remote import SETTINGS as MCP_SETTINGS
from pichat.app.remote import Elsewhere, start_remote
from pichat.app.serving import Inside, services_of
from pichat.app.speech import build_voice, start_speech
from pichat.app.thinking import Thinking, start_thinking
from pichat.config.last_good import ConfigFile
from pichat.config.types import Config
from pichat.errors import attempt
from pichat.gateway.door.door import Door
from pichat.gateway.screens import Screens
from pichat.gateway.server import Gateway
from pichat.gateway.services.agents import Agents
from pichat.logs import set_up_logs
from pichat.state import StateLock, lock_state
from pichat.store.audit import Audit, open_audit
from pichat.store.conversations import open_conversations
from pichat.store.db import open_database
from pichat.store.settings import Settings
from pichat.tools import load_tools
from pichat.tools.base import Toolbox
from pichat.tools.joining_tools import joining_tools
from pichat.tools.network_tools import network_tools
from pichat.tools.pairing_tools import pairing_tools
from pichat.turn.profiles import Profiles
from pichat.turn.recognition import follow_names
from pichat.turn.runs import Runs
from pichat.turn.silent import SilentVoice
from pichat.zigbee.house import ZigbeeHouse


class Daemon:
    """Started when the context is entered, and stopped in the exact reverse when it is left.

    `failed` resolves when an essential task has ended, after which the process should end too.
    Raises StartError or ConfigError when it cannot start.
    """

    def __init__(self, config: Config, state_dir: Path, file: ConfigFile) -> None:
        """`file`: where the `config` came from, for `reload`."""
        self._parts = Parts(config, state_dir)
        self._file = file
        self._reloading: Reloading | None = None
        self._gateway: Gateway | None = None
        self._agents = Agents(serve=config.mcp.serve)
        self.url = ""

    @property
    def failed(self) -> asyncio.Future[str]:
        return self._parts.steps.failed

    async def __aenter__(self) -> Self:
        try:
            await self._start(self._parts)
        except BaseException:
            await self._parts.steps.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._parts.steps.stop()

    async def ready(self) -> None:
        """Returns when every part works or has said why not, or after a deadline."""
        await self._parts.ready()

    async def reload(self) -> None:
        """Read the configuration again. A mistake in it changes nothing, and is told by the log and
        the board."""
        if self._reloading is not None:
            await attempt(self._reloading.reload())

    def problems(self) -> dict[str, str]:
        """The reasons of the parts that are not well."""
        return self._parts.problems()

    async def _start(self, parts: Parts) -> None:
        """Store → radio → models → turn → speaker → gateway → microphone."""
        config, steps, bus, health = parts.config, parts.steps, parts.bus, parts.health
        lock = steps.hold(lock_state(parts.state_dir))
        database = await steps.start("store", open_database(parts.state_dir / "pichat.db"))
        audit = self._agents.audit = await steps.start("audit", open_audit(database))
        conversations = await steps.start("conversations", open_conversations(database, health))
        profiles = await Profiles.load(config, database, bus)
        users = await load_users(parts, database, conversations, profiles)
        zigbee = start_house(parts, database)
        screens = Screens(bus)
        door = await start_door(parts, database)
        elsewhere = await start_remote(parts, database, self._file)
        toolbox = self._toolbox(parts, zigbee, audit, screens, door, elsewhere)
        thinking = await start_thinking(parts, zigbee.hub, toolbox, profiles, conversations, users)
        elsewhere.compare_by(thinking, profiles)
        runs = Runs(bus, keeps_audio="runs" in config.voice.keep_audio)
        steps.run("runs", runs.serve())
        speech = await start_speech(parts, thinking.turns, profiles)
        settings = Settings(database)
        voice = await build_voice(parts, speech, thinking.intents, profiles, runs, settings)
        takers = self._takers(profiles, thinking, elsewhere)
        self._reloading = reloading = Reloading(config, self._file, takers, health)
        kept = await start_kept(parts, database, zigbee.hub, profiles, thinking, door)
        inside = Inside(
            parts=parts,
            profiles=profiles,
            users=users,
            conversations=conversations,
            zigbee=zigbee,
            screens=screens,
            door=door,
            elsewhere=elsewhere,
            toolbox=toolbox,
            thinking=thinking,
            runs=runs,
            speech=speech,
            voice=voice,
            reloading=reloading,
            kept=kept,
            agents=self._agents,
        )
        services = await services_of(inside, lambda: self.url)
        await self._open(Gateway(config.server, services), lock)
        await reloading.started()
        steps.run("intents", follow_names(thinking.tongues, partial(names_of, zigbee.hub), bus))
        if not isinstance(voice, SilentVoice):
            start_listening(parts, voice, speech, zigbee.hub, thinking.intents)

    async def _open(self, gateway: Gateway, lock: StateLock) -> None:
        """From here on screens find it, and other programs of this machine."""
        self._gateway = await self._parts.steps.start("gateway", gateway)
        self.url = gateway.url
        lock.announce(gateway.url)
        start_announcement(self._parts, gateway)

    def _takers(
        self, profiles: Profiles, thinking: Thinking, elsewhere: Elsewhere
    ) -> tuple[Taker, ...]:
        """Who takes over what, when config.yaml is read again."""
        return (
            Taker(("logging",), lambda new: partial(set_up_logs, new.logging)),
            Taker(DOOR, self._take_door),
            Taker(("profiles", "llm.providers"), partial(take_profiles, profiles, thinking)),
            Taker(("mcp.serve",), self._take_agents),
            Taker(MCP_SETTINGS, elsewhere.take),
        )

    def _take_agents(self, new: Config) -> Commit:
        return partial(setattr, self._agents, "serve", new.mcp.serve)

    def _take_door(self, new: Config) -> Commit:
        return lambda: self._gateway.reconfigure(new.server) if self._gateway else None

    def _toolbox(
        self,
        parts: Parts,
        zigbee: ZigbeeHouse,
        audit: Audit,
        screens: Screens,
        door: Door,
        elsewhere: Elsewhere,
    ) -> Toolbox:
        joining = {**joining_tools(zigbee.admission), **pairing_tools(door)}
        more = {**network_tools(zigbee.care), **joining}
        return Toolbox(
            zigbee.hub,
            audit,
            {**load_tools(), **more},
            parts.bus,
            language=parts.config.language,
            show=screens.show,
            remote=elsewhere.remote,
        )

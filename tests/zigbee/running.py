"""A hub at work, with its own store, bus and health board."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from pichat.bus import Bus, Subscription
from pichat.config.types import Zigbee
from pichat.events import (
    Device,
    DeviceAdded,
    DeviceChanged,
    DeviceRemoved,
    PartHealth,
    PartStatus,
)
from pichat.health import Health
from pichat.store.db import open_database
from pichat.store.devices import DeviceNames
from pichat.zigbee.house import ZigbeeHouse, build_house

DEADLINE_S = 20.0
DeviceEvent = DeviceAdded | DeviceChanged | DeviceRemoved


class Network(NamedTuple):
    """What makes a network this one and no other."""

    channel: int
    pan_id: int
    extended_pan_id: str
    coordinator_id: str


class Running:
    """What a test sees of a hub: its events, and devices by name."""

    def __init__(
        self,
        parts: ZigbeeHouse,
        health: Health,
        names: DeviceNames,
        bus: Bus,
        events: Subscription[DeviceEvent],
        conditions: Subscription[PartHealth],
    ) -> None:
        self.parts = parts
        self.hub = parts.hub
        self.bus = bus
        self.health = health
        self.names = names
        self.events = events
        self.conditions = conditions

    def device(self, name: str) -> Device:
        [found] = [d for d in self.hub.devices() if d.name.casefold() == name.casefold()]
        return found

    def network(self) -> Network | None:
        """The one that the stick runs; None while the radio is away."""
        session = self.parts.link.session
        if session is None:
            return None
        info, node = session.app.state.network_info, session.app.state.node_info
        return Network(
            int(info.channel), int(info.pan_id), str(info.extended_pan_id), str(node.ieee)
        )

    async def until(self, fits: Callable[[], bool]) -> None:
        """Waits for events until `fits`, at most `DEADLINE_S`."""
        async with asyncio.timeout(DEADLINE_S):
            while not fits():
                await self.events.get()

    async def until_status(self, status: PartStatus, deadline_s: float = DEADLINE_S) -> PartHealth:
        """Waits for the radio to be `status`."""
        async with asyncio.timeout(deadline_s):
            while True:
                part = self.health.parts().get("zigbee")
                if part is not None and part.status == status:
                    return part
                await self.conditions.get()


@asynccontextmanager
async def running_hub(
    directory: Path,
    config: Zigbee,
    suggested: Mapping[str, tuple[str, str | None]] | None = None,
    *,
    pair: bool = False,
    now: Callable[[], float] = time.time,
) -> AsyncIterator[Running]:
    """`now` is the clock of deadlines and silences, in seconds since the epoch."""
    bus = Bus()
    health = Health(bus)
    async with open_database(directory / "pichat.db") as database:
        parts = build_house(
            config,
            directory,
            database,
            bus,
            health,
            suggested or {},
            pair_at_first_start=pair,
            now=now,
        )
        kinds: tuple[type[DeviceEvent], ...] = (DeviceAdded, DeviceChanged, DeviceRemoved)
        with (
            bus.subscribe(*kinds, maxsize=10_000) as events,
            bus.subscribe(PartHealth) as conditions,
        ):
            work = asyncio.create_task(parts.life.run())
            try:
                yield Running(parts, health, DeviceNames(database), bus, events, conditions)
            finally:
                work.cancel()
                await asyncio.wait([work])

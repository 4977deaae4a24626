"""A hub at work, with its own store, bus and health board."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

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

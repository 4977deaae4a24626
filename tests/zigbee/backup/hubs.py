"""Backups made and brought back without a daemon, and the hub that starts afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pichat.bus import Bus
from pichat.config.types import Zigbee
from pichat.health import Health
from pichat.simulator.control import SimulatorClient
from pichat.simulator.process import SimulatorProcess
from pichat.store.db import Database, open_database
from pichat.zigbee.backup.open_coordinator import Backup
from pichat.zigbee.backup.plan import Stick as Seen
from pichat.zigbee.backup.restorer import look_alone
from pichat.zigbee.backup.restoring import Restored, carry_out
from pichat.zigbee.backup.snapshot import snapshot
from pichat.zigbee.house import ZigbeeHouse, build_house
from tests.zigbee.running import Running, running_hub

NOW_S = 1_795_000_000.0


async def backup_of(house: Path) -> Backup:
    """From the state directory, as without a daemon."""
    async with open_database(house / "pichat.db") as store:
        return await snapshot(house / "zigbee.db", store, NOW_S)


@dataclass
class Stick:
    """A simulated stick, its house, and a hub's directory."""

    directory: Path
    config: Zigbee
    sim: SimulatorClient

    @asynccontextmanager
    async def parts(self) -> AsyncIterator[tuple[ZigbeeHouse, Database]]:
        """A hub that does not run."""
        bus = Bus()
        async with open_database(self.directory / "pichat.db") as store:
            yield build_house(self.config, self.directory, store, bus, Health(bus), {}), store

    async def look(self, backup: Backup) -> Seen:
        async with self.parts() as (house, _):
            return await look_alone(house.life.with_stick, backup)

    async def restore(self, backup: Backup, *, allow_new_eui64: bool = False) -> Restored:
        async with self.parts() as (house, store):
            return await carry_out(
                house.life.with_stick,
                self.directory,
                store,
                backup,
                allow_new_eui64=allow_new_eui64,
            )

    @asynccontextmanager
    async def hub(self) -> AsyncIterator[Running]:
        """Started, with no other names than those of its store."""
        async with running_hub(self.directory, self.config) as running:
            await running.until_status("ok")
            yield running


@asynccontextmanager
async def plugged_in(directory: Path) -> AsyncIterator[Stick]:
    """The stick and the devices of `directory`."""
    control = directory / "control"
    async with (
        SimulatorProcess(
            control=control, state=directory / "stick.json", radio_delay_ms=3, seed=1
        ) as process,
        SimulatorClient(control) as sim,
    ):
        yield Stick(directory, Zigbee(path=process.path), sim)

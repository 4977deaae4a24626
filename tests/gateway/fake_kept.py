"""The real parts behind clients, models, suggestions and uploads, as the application wires them."""

import tempfile
from collections.abc import AsyncIterator, Hashable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from pichat.bus import Bus
from pichat.events import Device
from pichat.gateway.clients.clients import Clients, House
from pichat.store.db import Database
from pichat.turn.profiles import Profiles
from tests.support.fake_house import FakeHouse


async def open_clients(
    database: Database, profiles: Profiles, bus: Bus, *providers: str
) -> Clients:
    house = House(profiles, lambda name: profiles.get(name).style, providers, "en")
    return await Clients.load(database, house, bus)


def named(house: FakeHouse) -> Hashable:
    """What `offers_of` depends on."""
    return tuple(device.name for device in house.devices())


def offers_of(devices: Sequence[Device]) -> list[str]:
    """Without a language that would have to be loaded."""
    return [f"Turn on the {device.name}" for device in devices[:2]]


@asynccontextmanager
async def a_folder() -> AsyncIterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "uploads"

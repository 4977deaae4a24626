"""Backups made by themselves, in virtual time: after changes, once they settle, and every day."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from msgspec import structs
from zigpy.backups import NetworkBackup

from pichat.bus import Bus
from pichat.events import Device, DeviceChanged, NetworkProgress
from pichat.health import Health
from pichat.store.db import Database, Parameters
from pichat.zigbee.backup.keeper import PART, Backups
from pichat.zigbee.backup.rotate import NEWEST, WEEKS
from pichat.zigbee.link import Link
from pichat.zigbee.stick.radio import Session
from pichat.zigbee.tasks import Tasks
from tests.support.virtual import run_virtual

START_S = 1_795_000_000.0
DAY_S = 24 * 3600.0
LAMP = Device(
    id="00:0d:6f:00:0a:00:00:04",
    name="hallway light",
    area="Hallway",
    kind="light",
    manufacturer="",
    model="",
    capabilities=(),
    state={},
    available=True,
    last_seen_s=None,
)


class StillDatabase(Database):
    """Without a thread: a statement takes no virtual time."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path)

    async def read(self, sql: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        return list(self.connection.execute(sql, parameters))


class StickOf:
    """An open radio that tells its network; counts how often it was asked for all of it."""

    def __init__(self, network: NetworkBackup) -> None:
        self.app = self.backups = self
        self.air = type("Air", (), {"failures": (TimeoutError,)})
        self.closed = asyncio.Event()
        self.asked = 0
        self.mute = False
        self.network = network

    def from_network_state(self) -> NetworkBackup:
        return self.network

    async def create_backup(self) -> NetworkBackup:
        self.asked += 1
        if self.mute:
            raise TimeoutError
        return self.network

    @asynccontextmanager
    async def under_way(self) -> AsyncIterator[None]:
        yield


@dataclass
class Kept:
    backups: Backups
    bus: Bus
    health: Health
    stick: StickOf
    store: StillDatabase

    async def names(self) -> list[str]:
        return [each.name for each in await self.backups.list()]

    async def rename(self, name: str) -> None:
        """As the roster does."""
        self.store.connection.execute(
            "UPDATE device_names SET name = ? WHERE id = ?", (name, LAMP.id)
        )
        self.say(name=name)

    def say(self, **changes: Any) -> None:
        self.bus.publish(DeviceChanged(device=structs.replace(LAMP, **changes), changes={}))


def kept(house: Path, work: Callable[[Kept], Awaitable[None]]) -> None:
    """`work` beside backups that follow the house's radio."""

    async def run() -> None:
        loop = asyncio.get_running_loop()
        bus = Bus()
        health = Health(bus)
        store = StillDatabase(house / "pichat.db")
        link = Link(health)
        stick = StickOf(_network(house))
        backups = Backups(house, store, link, bus, health, clock=lambda: START_S + loop.time())
        with closing(store.connection):
            async with Tasks() as tasks:
                link.session = cast("Session", stick)
                backups.follow(link.session, tasks)
                await work(Kept(backups, bus, health, stick, store))

    run_virtual(run())


def _network(house: Path) -> NetworkBackup:
    with closing(sqlite3.connect(house / "zigbee.db")) as database:
        rows = list(database.execute("SELECT backup_json FROM network_backups_v16"))
    return NetworkBackup.from_dict(json.loads(rows[-1][0]))


def test_one_is_made_at_first_and_then_every_day(known: Path) -> None:
    async def work(kept: Kept) -> None:
        await asyncio.sleep(60)
        assert len(await kept.names()) == 1
        assert kept.health.parts()[PART].status == "ok"
        for day in range(1, 31):
            await asyncio.sleep(DAY_S)
            assert kept.stick.asked == 1 + day
        names = await kept.names()
        assert NEWEST <= len(names) <= NEWEST + WEEKS
        assert len(names) < 31

    kept(known, work)


def test_changes_are_kept_once_they_settle(known: Path) -> None:
    async def work(kept: Kept) -> None:
        await asyncio.sleep(60)
        # States are no change of the house, nor is a name that is as it was.
        for _ in range(50):
            kept.say(state={"on_off": True})
            await asyncio.sleep(60)
        assert kept.stick.asked == 1
        for number in range(5):
            await kept.rename(f"lamp {number}")
            await asyncio.sleep(10)
        assert kept.stick.asked == 1
        await asyncio.sleep(30)
        assert kept.stick.asked == 2
        newest, *_ = await kept.names()
        assert b"lamp 4" in kept.backups.shelf.read(newest)
        # Who keeps changing things for long is not waited for.
        for number in range(60):
            await kept.rename(f"light {number}")
            await asyncio.sleep(10)
        assert 3 <= kept.stick.asked <= 4

    kept(known, work)


def test_a_channel_that_changed_is_kept_and_a_restart_makes_none(known: Path) -> None:
    async def move(kept: Kept) -> None:
        await asyncio.sleep(60)
        info = kept.stick.network.network_info
        kept.stick.network = kept.stick.network.replace(
            network_info=info.replace(channel=info.channel - 1)
        )
        kept.bus.publish(NetworkProgress(work="map", done=True))
        await asyncio.sleep(60)
        assert kept.stick.asked == 1
        kept.bus.publish(NetworkProgress(work="channel", done=True))
        await asyncio.sleep(60)
        assert kept.stick.asked == 2
        newest, *_ = await kept.backups.list()
        assert newest.channel == info.channel - 1

    async def again(kept: Kept) -> None:
        newest, *_ = await kept.backups.list()
        info = kept.stick.network.network_info
        kept.stick.network = kept.stick.network.replace(
            network_info=info.replace(channel=newest.channel)
        )
        await asyncio.sleep(3600)
        assert kept.stick.asked == 0

    kept(known, move)
    kept(known, again)


def test_a_full_disk_is_told_of_and_tried_again(known: Path) -> None:
    async def work(kept: Kept) -> None:
        blocked = known / "backups"
        blocked.write_text("a file where the folder should be")
        await asyncio.sleep(60)
        part = kept.health.parts()[PART]
        assert part.status == "degraded"
        assert part.reason is not None
        assert "cannot be" in part.reason
        blocked.unlink()
        await asyncio.sleep(700)
        assert kept.health.parts()[PART].status == "ok"
        assert len(await kept.names()) == 1

    kept(known, work)


def test_a_stick_that_does_not_tell_its_keys_is_backed_up_all_the_same(known: Path) -> None:
    async def work(kept: Kept) -> None:
        kept.stick.mute = True
        await asyncio.sleep(60)
        assert (kept.stick.asked, len(await kept.names())) == (1, 1)

    kept(known, work)

"""A host: unmodified bellows and zigpy on a simulator in its own process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import zigpy.config
from bellows.zigbee.application import ControllerApplication

from pichat.simulator.control import SimulatorClient
from pichat.simulator.process import SimulatorProcess

DEVICES = 11
DEADLINE_S = 15.0


class Host:
    """The application, and what it has heard from devices."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.heard = asyncio.Event()
        self.lost = asyncio.Event()
        self.initialized: set[str] = set()
        app.add_listener(self)

    def device_initialized(self, device: Any) -> None:
        self.initialized.add(str(device.ieee))
        self.heard.set()

    def device_joined(self, _: Any) -> None:
        self.heard.set()

    def device_removed(self, device: Any) -> None:
        self.initialized.discard(str(device.ieee))
        self.heard.set()

    def connection_lost(self, _: Any) -> None:
        self.lost.set()

    async def until(self, reached: Any) -> None:
        """Waits until `reached()`; it is asked again whenever a device was heard."""
        async with asyncio.timeout(DEADLINE_S):
            while not reached():
                self.heard.clear()
                await self.heard.wait()

    async def join(self, count: int = DEVICES) -> None:
        await self.app.permit(60)
        await self.until(lambda: len(self.initialized) >= count)

    def cluster(self, number: int, name: str) -> Any:
        """A cluster on endpoint 1 of the house's device `00:0d:6f:00:0a:00:00:<number>`."""
        wanted = f"00:0d:6f:00:0a:00:00:{number:02x}"
        device = next(one for key, one in self.app.devices.items() if str(key) == wanted)
        return getattr(device.endpoints[1], name)

    def device(self, number: int) -> Any:
        return self.cluster(number, "basic").endpoint.device


class Reports:
    """The attribute reports of one cluster, in order."""

    def __init__(self, cluster: Any) -> None:
        self.values: list[tuple[str, Any]] = []
        self._arrived = asyncio.Event()
        cluster.on_event("attribute_report", self._take)

    def _take(self, event: Any) -> None:
        self.values.append((event.attribute_name, event.raw_value))
        self._arrived.set()

    async def until(self, name: str, value: Any) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while (name, value) not in self.values:
                self._arrived.clear()
                await self._arrived.wait()


async def report(cluster: Any, name: str, least_s: int = 0, change: int = 1) -> Reports:
    """Binds, configures reporting as a hub does, and listens."""
    await cluster.bind()
    await cluster.configure_reporting(name, least_s, 600, change)
    return Reports(cluster)


@asynccontextmanager
async def host(
    path: str, database: Path | None = None, *, use_thread: bool = False
) -> AsyncIterator[Host]:
    config = {
        zigpy.config.CONF_DEVICE: {zigpy.config.CONF_DEVICE_PATH: path},
        zigpy.config.CONF_DATABASE: None if database is None else str(database),
        zigpy.config.CONF_OTA: {zigpy.config.CONF_OTA_ENABLED: False},
        zigpy.config.CONF_NWK: {zigpy.config.CONF_NWK_CHANNEL: 15},
        zigpy.config.CONF_NWK_BACKUP_ENABLED: False,
        zigpy.config.CONF_TOPO_SCAN_ENABLED: False,
        "use_thread": use_thread,
    }
    app = await ControllerApplication.new(config, auto_form=True)
    try:
        yield Host(app)
    finally:
        await app.shutdown()


@asynccontextmanager
async def simulator(
    directory: Path, **options: Any
) -> AsyncIterator[tuple[SimulatorProcess, SimulatorClient]]:
    options = {"radio_delay_ms": 0.0, "seed": 1, **options}
    async with (
        SimulatorProcess(control=directory / "control", **options) as process,
        SimulatorClient(directory / "control") as client,
    ):
        yield process, client


async def becomes(client: SimulatorClient, device: str, **values: Any) -> None:
    """Waits until the simulated device has these values."""

    async def watch() -> None:
        async for event in client.watch():
            shown = event.get("values", {})
            if event["event"] == "snapshot":
                shown = next(one for one in event["devices"] if one["id"] == device)["values"]
            if event.get("device", device) == device:
                seen.update(shown)
            if all(seen.get(name) == value for name, value in values.items()):
                return

    seen: dict[str, Any] = {}
    async with asyncio.timeout(DEADLINE_S):
        await watch()


@asynccontextmanager
async def happening(
    client: SimulatorClient, *, air: bool = False, **expected: Any
) -> AsyncIterator[None]:
    """Leaves when an event with these fields has come, counted from the entry; `air` as there."""
    events = client.watch(air=air)
    try:
        await anext(events)
        yield
        async with asyncio.timeout(DEADLINE_S):
            async for event in events:
                if expected.items() <= event.items():
                    return
    finally:
        await events.aclose()


def names_in(directory: Path) -> list[str]:
    return sorted(one.name for one in directory.iterdir())

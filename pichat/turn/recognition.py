"""Keeps what is understood, by text and by ear, in step with the names that the house has now."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Protocol

import structlog

from pichat.bus import Bus
from pichat.errors import BusyError
from pichat.events import (
    Device,
    DeviceAdded,
    DeviceChanged,
    DeviceRemoved,
    GroupsChanged,
    ScenesChanged,
)
from pichat.health import Health
from pichat.stt.base import Recogniser

log = structlog.get_logger(__name__)

PART = "recognition"
_QUIET_S = 0.5  # devices join in a row: learn their names once, when no more come
_NAMING = (DeviceAdded, DeviceChanged, DeviceRemoved, GroupsChanged, ScenesChanged)
Devices = Callable[[], Sequence[Device]]
Names = frozenset[tuple[str, str | None, str]]


class Intents(Protocol):
    """What follows the names by text."""

    def warm(self) -> None: ...

    def refresh(self) -> None: ...


def _names(devices: Devices) -> Names:
    return frozenset((device.name, device.area, device.kind) for device in devices())


async def _until_names_differ(known: Names, devices: Devices, bus: Bus) -> None:
    while _names(devices) == known:
        # When more happened than the queue holds, a look at the names tells all the same.
        with (
            bus.subscribe(*_NAMING) as changes,
            suppress(BusyError),
        ):
            await changes.get()


async def follow_names(intents: Intents, devices: Devices, bus: Bus) -> None:
    """Have the intents know every new name at once, for ever."""
    changed = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_keep_warm(intents, changed))
        while True:
            known = _names(devices)
            intents.refresh()
            changed.set()
            await _until_names_differ(known, devices, bus)


async def _keep_warm(intents: Intents, changed: asyncio.Event) -> None:
    """Else the next command would wait for it, in the middle of being heard. Beside the following:
    it takes a while, and the name given meanwhile may be the one that is said next."""
    while True:
        await changed.wait()
        changed.clear()
        await asyncio.to_thread(intents.warm)


class Recognition:
    """Has the recognisers know the names, some seconds after each change: `prepare` gives what
    opens one for the house that `devices` tells, `use` takes it up; those before are heard with
    until then."""

    def __init__(
        self,
        devices: Devices,
        prepare: Callable[[Sequence[Device]], Awaitable[Callable[[], Recogniser]]],
        use: Callable[[Callable[[], Recogniser]], None],
        bus: Bus,
        health: Health,
    ) -> None:
        self._devices = devices
        self._prepare = prepare
        self._use = use
        self._bus = bus
        self._health = health

    async def serve(self) -> None:
        """Follow the names for ever. Raises what `prepare` raises."""
        while True:
            known = _names(self._devices)
            self._use(await self._prepare(self._devices()))
            self._health.set(PART, "ok")
            log.info("vocabulary", devices=len(known))
            await _until_names_differ(known, self._devices, self._bus)
            self._health.set(PART, "degraded", "It is learning the new names of the house.")
            while known != _names(self._devices):
                known = _names(self._devices)
                await asyncio.sleep(_QUIET_S)

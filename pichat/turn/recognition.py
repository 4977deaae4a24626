"""Keeps what is understood, by text and by ear, in step with the names that the house has now."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, Protocol

import structlog

from pichat.bus import Bus
from pichat.errors import BusyError, UnavailableError
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
_MOST_FRESH = 5
_QUIET_S = 0.5  # devices join in a row: learn their names once, when no more come
_NAMING = (DeviceAdded, DeviceChanged, DeviceRemoved, GroupsChanged, ScenesChanged)
Devices = Callable[[], Sequence[Device]]
Names = frozenset[tuple[str, str | None, str]]


class Intents(Protocol):
    """What follows the names by text."""

    def warm(self) -> None: ...

    def refresh(self) -> None: ...


def _names(devices: Devices) -> Names:
    return frozenset(map(_name, devices()))


def _name(device: Device) -> tuple[str, str | None, str]:
    return device.name, device.area, device.kind


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


async def _never(_: Sequence[Device]) -> None:
    return None


class Recognition:
    """Has the recognisers know the names: `prepare` gives what opens one for the house that
    `devices` tells, which takes seconds; `use` takes it up. `hasten` gives one at once that knows a
    few devices more than the last that was prepared, or None."""

    def __init__(
        self,
        devices: Devices,
        prepare: Callable[[Sequence[Device]], Awaitable[Callable[[], Recogniser]]],
        use: Callable[[Callable[[], Recogniser]], None],
        bus: Bus,
        health: Health,
        hasten: Callable[[Sequence[Device]], Awaitable[Callable[[], Recogniser] | None]] = _never,
    ) -> None:
        self._devices = devices
        self._hasten = hasten
        self._learnt: Names = frozenset()
        self._prepare = prepare
        self._use = use
        self._bus = bus
        self._health = health

    async def serve(self) -> None:
        """Follow the names for ever. Raises what `prepare` raises."""
        await self._learn()
        while True:
            await _until_names_differ(self._learnt, self._devices, self._bus)
            self._health.set(PART, "degraded", "It is learning the new names of the house.")
            known: Names | None = None
            while known != _names(self._devices):
                known = _names(self._devices)
                await self._learn_quickly()
                await self._unless_named(known, self._learn_in_quiet())

    async def _learn(self) -> None:
        known, opening = _names(self._devices), await self._prepare(self._devices())
        self._use(opening)
        self._learnt = known
        self._health.set(PART, "ok")
        log.info("vocabulary", devices=len(known))

    async def _learn_in_quiet(self) -> None:
        await asyncio.sleep(_QUIET_S)
        await self._learn()

    async def _learn_quickly(self) -> None:
        """Whoever has just named a device says its name next."""
        fresh = [one for one in self._devices() if _name(one) not in self._learnt]
        if not 0 < len(fresh) <= _MOST_FRESH:
            return
        try:
            opening = await self._hasten(fresh)
        except UnavailableError as error:
            log.warning("names not learnt quickly", reason=error.sentence)
            return
        if opening is not None:
            self._use(opening)
            log.info("names learnt quickly", names=[one.name for one in fresh])

    async def _unless_named(self, known: Names, work: Coroutine[Any, Any, None]) -> None:
        """Do the work, unless other names come meanwhile. Raises what it raises."""
        working = asyncio.create_task(work)
        named = asyncio.create_task(_until_names_differ(known, self._devices, self._bus))
        try:
            await asyncio.wait({working, named}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            over = working.done()
            for task in (working, named):
                task.cancel()
            await asyncio.wait({working, named})
        if over:
            working.result()

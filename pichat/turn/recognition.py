"""Keeps what is understood, by text and by ear, in step with the names that the house has now."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import structlog

from pichat.bus import Bus
from pichat.events import Device, DeviceAdded, DeviceChanged, DeviceRemoved
from pichat.health import Health
from pichat.stt.base import Recogniser

log = structlog.get_logger(__name__)

PART = "recognition"
_QUIET_S = 0.5  # devices join in a row: learn their names once, when no more come
Names = frozenset[tuple[str, str | None, str]]


class Intents(Protocol):
    def warm(self) -> None: ...

    def refresh(self) -> None: ...


class Recognition:
    """`devices` tells the house as it is, `prepare` builds a recogniser for it, `use` takes the
    new recogniser up. `prepare` is None where nobody listens: then only `intents` follow."""

    def __init__(
        self,
        intents: Intents,
        devices: Callable[[], Sequence[Device]],
        prepare: Callable[[Sequence[Device]], Awaitable[Recogniser]] | None,
        use: Callable[[Recogniser], None],
        bus: Bus,
        health: Health,
    ) -> None:
        self._intents = intents
        self._devices = devices
        self._prepare = prepare
        self._use = use
        self._bus = bus
        self._health = health

    def _names(self) -> Names:
        return frozenset((device.name, device.area, device.kind) for device in self._devices())

    async def serve(self) -> None:
        """Follow names and rooms for ever. Raises what `prepare` raises."""
        if self._prepare is None:
            self._health.set(PART, "off", "The voice is switched off.")
        await asyncio.to_thread(self._intents.warm)
        while True:
            known = self._names()
            self._intents.refresh()
            if self._prepare is not None:
                self._use(await self._prepare(self._devices()))
                self._health.set(PART, "ok")
            log.info("vocabulary", devices=len(known))
            await self._until_names_differ(known)

    async def _until_names_differ(self, known: Names) -> None:
        with self._bus.subscribe(DeviceAdded, DeviceChanged, DeviceRemoved) as changes:
            while self._names() == known:
                await changes.get()
        self._intents.refresh()
        settling = known
        while settling != self._names():
            settling = self._names()
            await asyncio.sleep(_QUIET_S)

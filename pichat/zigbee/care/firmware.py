"""Firmware of devices: what they have, which images fit, and putting one onto a device.

Off unless asked: images come from a configured folder or index, or from somebody's hands.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

import structlog

from pichat.bus import Bus
from pichat.config.types import Zigbee
from pichat.errors import (
    BusyError,
    DeviceSilentError,
    NotConfirmedError,
    PiChatError,
    UnavailableError,
    UnsupportedError,
    attempt,
)
from pichat.events import NetworkProgress
from pichat.zigbee.arrival.configure import configure
from pichat.zigbee.care.asking import Directory, Known, words
from pichat.zigbee.care.firmware_types import FirmwareImage, FirmwareState
from pichat.zigbee.care.fitting import Version, chosen, is_for, read_version, why_not
from pichat.zigbee.care.images import Entry, Images, given
from pichat.zigbee.link import Link
from pichat.zigbee.roster import Roster
from pichat.zigbee.stick.radio import Session
from pichat.zigbee.tasks import Tasks

log = structlog.get_logger(__name__)

_LOWEST_BATTERY_PERCENT = 30
_AWAKE_S = 30.0
"""A sleeping device that was heard from so lately can still be told of an image."""
_CHECK_PAUSES_S = (0.5, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0)
"""A device that has a new image starts it first."""
_STEP_PERCENT = 1.0


class Firmware:
    """One update at a time; it goes on when nobody watches, and the radio stays usable."""

    def __init__(
        self, config: Zigbee, directory: Directory, roster: Roster, link: Link, bus: Bus
    ) -> None:
        self._images = Images(config.firmware_folder, config.firmware_index)
        self._directory = directory
        self._roster = roster
        self._link = link
        self._bus = bus
        self._tasks: Tasks | None = None
        self._updating: tuple[str, float] | None = None
        self._given: Entry | None = None

    def follow(self, session: Session, tasks: Tasks) -> None:
        del session
        self._tasks = tasks

    async def state(self, wanted: str) -> FirmwareState:
        """What the device has, asked now, and which images there are for it. Raises
        UnsupportedError for a device that takes none, DeviceSilentError, NotFoundError and
        UnavailableError."""
        async with self._link.under_way() as session:
            known = self._directory.find(session, wanted)
            has = await read_version(session, known)
            entries = await self._images.all()
            return self._described(known, has, entries)

    async def offer(self, data: bytes) -> str:
        """Take an image from somebody's hands, for one update; its id. Raises BadRequestError."""
        self._given = await asyncio.to_thread(given, data)
        return self._given.id

    async def update(self, wanted: str, image_id: str | None = None) -> FirmwareState:
        """Begin to put an image onto the device: one that `state` listed or `offer` took, else the
        newest that fits. NetworkProgress tells how it goes on and ends. Raises UnsupportedError and
        BadRequestError with the reason why not, BusyError, and what `state` raises."""
        if self._updating is not None:
            raise BusyError("Another device is being updated; one at a time.")
        async with self._link.under_way() as session:
            known = self._directory.find(session, wanted)
            has = await read_version(session, known)
            if self._given is not None and self._given.id == image_id:
                entries, self._given = [self._given], None
            else:
                entries = await self._images.all()
            entry = chosen(known, has, entries, image_id)
            if problem := self._problem(known):
                raise UnsupportedError(problem)
            firmware = await self._images.load(entry)
        if self._tasks is None:
            raise UnavailableError("The Zigbee radio is still starting.")
        self._updating = (known.id, 0.0)
        self._tasks.spawn(self._run(known, has, entry, firmware), f"firmware {known.id}")
        return self._described(known, has, [entry])

    # --- what there is ----------------------------------------------------------------------

    def _described(self, known: Known, has: Version, entries: list[Entry]) -> FirmwareState:
        images = []
        for entry in entries:
            if not is_for(entry, has):
                continue
            reason = why_not(known, has, entry)
            images.append(
                FirmwareImage(
                    id=entry.id,
                    file_version=entry.file_version,
                    source=entry.source,
                    size_bytes=entry.size_bytes,
                    fits=reason is None,
                    why_not=reason,
                    notes=entry.notes,
                )
            )
        updating = self._updating
        return FirmwareState(
            device_id=known.id,
            name=known.name,
            version=has.version,
            manufacturer_code=has.manufacturer,
            image_type=has.image_type,
            hardware_version=has.hardware,
            software=has.software,
            images=tuple(sorted(images, key=lambda one: (not one.fits, -one.file_version))),
            updating_percent=updating[1] if updating and updating[0] == known.id else None,
            problem=self._problem(known),
        )

    def _problem(self, known: Known) -> str | None:
        """Why no update can be begun now."""
        device = next((one for one in self._roster.devices() if one.id == known.id), None)
        battery = device.state.get("battery") if device else None
        if isinstance(battery, int | float) and battery < _LOWEST_BATTERY_PERCENT:
            return (
                f"The {known.name}’s battery is at {battery:.0f} %. An update that ends halfway"
                " can break it: change the battery first."
            )
        seen_s = known.zigpy.last_seen
        if known.sleepy and (seen_s is None or time.time() - seen_s > _AWAKE_S):
            return (
                f"The {known.name} sleeps. Press its button so that it wakes, and start the update"
                " straight away."
            )
        return None

    # --- the update ------------------------------------------------------------------------------

    async def _run(self, known: Known, has: Version, entry: Entry, firmware: Any) -> None:
        self._tell(known, 0)
        error: str | None = "The update was broken off with the radio; start it again."
        try:
            failed = await attempt(self._update(known, entry, firmware))
            error = failed.sentence if isinstance(failed, PiChatError) else None
        finally:
            self._updating = None
            log.info(
                "firmware update ended",
                device=known.id,
                before=has.version,
                image=entry.file_version,
                error=error,
            )
            self._bus.publish(
                NetworkProgress(
                    work="firmware",
                    device_id=known.id,
                    percent=None if error else 100,
                    done=True,
                    error=error,
                )
            )

    async def _update(self, known: Known, entry: Entry, firmware: Any) -> None:
        from zigpy.ota import OtaImageWithMetadata
        from zigpy.ota.manager import update_firmware
        from zigpy.ota.providers import BaseOtaImageMetadata

        metadata: Any = BaseOtaImageMetadata
        image = OtaImageWithMetadata(
            metadata=metadata(file_version=entry.file_version), firmware=firmware
        )
        device = known.zigpy
        async with self._link.under_way() as session:
            # zigpy's own `update_firmware` sleeps, asks the whole device anew and replaces its
            # object; here the transfer alone is its part.
            device.ota_in_progress = True
            try:
                status = await update_firmware(
                    device, image, progress_callback=lambda *now: self._tell(known, now[2])
                )
            except session.air.failures as failed:
                raise known.silent() from failed
            finally:
                device.ota_in_progress = False
            if status != 0:
                raise NotConfirmedError(_refusal(known, status))
            await self._verify(session, known, entry.file_version)
            await self._set_up_again(session, known)

    async def _verify(self, session: Session, known: Known, version: int) -> None:
        """The device itself says that it runs the image."""
        told: int | None = None
        for pause_s in _CHECK_PAUSES_S:
            await asyncio.sleep(pause_s)
            try:
                told = (await read_version(session, known)).version
            except (DeviceSilentError, UnsupportedError):
                continue
            if told == version:
                return
        if told is None:
            raise DeviceSilentError(
                f"The {known.name} has taken the image, but does not answer since. Give it some"
                " minutes; then switch it off and on."
            )
        raise NotConfirmedError(
            f"The {known.name} has taken the image, but still says that it runs {told:#010x}."
        )

    async def _set_up_again(self, session: Session, known: Known) -> None:
        """New firmware may have forgotten its bindings and reports."""
        view = next((one for one in self._roster.announced() if one.id == known.id), None)
        if view is not None and not known.sleepy:
            await configure(view, session.app.state.node_info.ieee, anew=True)
            await self._roster.announce(view)

    def _tell(self, known: Known, percent: float) -> None:
        before = self._updating[1] if self._updating else 0.0
        if percent and percent - before < _STEP_PERCENT:
            return
        self._updating = (known.id, min(percent, 99.0))
        self._bus.publish(
            NetworkProgress(
                work="firmware", device_id=known.id, percent=round(self._updating[1], 1)
            )
        )


def _refusal(known: Known, status: Any) -> str:
    name = getattr(status, "name", "")
    if name == "TIMEOUT":
        return (
            f"The {known.name} stopped asking for the image. It keeps its firmware; bring it"
            " nearer to the stick or a router, and start again."
        )
    if name in ("INVALID_IMAGE", "MALFORMED_COMMAND"):
        return f"The {known.name} says that the image is damaged, and keeps its firmware."
    return f"The {known.name} did not take the image: {words(status)}. It keeps its firmware."

"""The house on Zigbee: `pichat.tools.base.House`, and what else people do with devices."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import msgspec
from msgspec import UNSET, UnsetType

import pichat.zigbee.kinds  # noqa: F401 -- registers the converters
from pichat.bus import Bus
from pichat.config.types import Zigbee
from pichat.errors import DeviceSilentError, UnavailableError, UnsupportedError
from pichat.events import Device, State
from pichat.health import Health, keep_serving
from pichat.store.devices import DeviceNames
from pichat.zigbee.air import RefusedError, SilentError
from pichat.zigbee.confirm import Confirmation, silent
from pichat.zigbee.converter import check_value
from pichat.zigbee.failures import missing
from pichat.zigbee.joining import Joining
from pichat.zigbee.radio import Session, application, open_radio
from pichat.zigbee.roster import Roster
from pichat.zigbee.tasks import Tasks
from pichat.zigbee.view import DeviceView, Feature

PART = "zigbee"
_LONGEST_PAUSE_S = 4.0
_PAIR_S = 20.0
_READ_ATTEMPTS = 3


class Network(msgspec.Struct, frozen=True, kw_only=True):
    """The Zigbee network that the stick runs."""

    channel: int
    pan_id: int
    extended_pan_id: str
    coordinator_id: str


class Hub:
    """Implements `House`. `suggested_names` are (name, area) by device id, for devices that the
    store has no name for. With `pair_at_first_start`, the network is opened for joining until the
    suggested devices have been there once; a file beside the database remembers that."""

    def __init__(
        self,
        config: Zigbee,
        database_path: Path,
        names: DeviceNames,
        bus: Bus,
        health: Health,
        suggested_names: Mapping[str, tuple[str, str | None]],
        *,
        pair_at_first_start: bool = False,
    ) -> None:
        self._config = config
        self._database_path = database_path
        self._health = health
        self._roster = Roster(names, bus, suggested_names)
        self._expected = frozenset(suggested_names)
        self._paired = database_path.with_suffix(".paired")
        self._pair = pair_at_first_start
        self._listed = False
        self._session: Session | None = None

    async def run(self) -> None:
        """Keep the radio open, for ever; why it is not is on the health board as `zigbee`."""
        if self._config.path == "none":
            self._health.set(PART, "off", "Zigbee is switched off (zigbee.path is none).")
            await asyncio.Event().wait()
        await self._roster.load()
        await keep_serving(PART, self._serve, self._health, longest_pause_s=_LONGEST_PAUSE_S)

    async def _serve(self) -> None:
        """One life of the radio. Raises UnavailableError when it ends."""
        try:
            if self._listed and (gone := missing(self._config)):
                raise UnavailableError(gone)
            async with application(self._config, self._database_path) as session, Tasks() as tasks:
                joining = Joining(session, self._roster, tasks)
                await joining.resume()
                self._listed = True
                await open_radio(session, self._config)
                await self._work(session, joining, tasks)
        finally:
            self._session = None
            for view in self._roster.announced():
                view.set_online(False)

    async def _work(self, session: Session, joining: Joining, tasks: Tasks) -> None:
        known = {view.id for view in self._roster.announced()}
        joining.start()
        self._session = session
        if self._pair and not await asyncio.to_thread(self._paired.exists):
            pairing = partial(self._first_pairing, joining, self._expected - known)
            if known:
                # An earlier start was cut short; what is there need not wait for the rest.
                tasks.spawn(joining.while_open(pairing), "first pairing")
            else:
                async with session.under_way():
                    await pairing()
        self._health.set(PART, "ok")
        await session.until_lost()

    async def _first_pairing(self, joining: Joining, missing: frozenset[str]) -> None:
        if await joining.pair(missing, _PAIR_S):
            await asyncio.to_thread(self._paired.touch)

    # --- House ---------------------------------------------------------------------------------

    def devices(self) -> tuple[Device, ...]:
        return self._roster.devices()

    async def set(self, device_id: str, capability: str, value: State) -> State:
        """Command the device and return the state that it confirmed. Raises DeviceSilentError,
        NotConfirmedError, UnsupportedError, UnavailableError or NotFoundError."""
        view = self._roster.view(device_id)
        feature = _feature(view, capability)
        value = check_value(feature.capability, value, view.name)
        async with self._open().under_way():
            if other := feature.converter.elsewhere(value):
                await self._confirm(view, *other)
                return value
            if feature.converter.lights_up and view.state.get("on_off") is False:
                await self._confirm(view, "on_off", True)
            return await self._confirm(view, capability, value)

    async def read(self, device_id: str, capability: str) -> State:
        """The device's own value, asked now, or the reported one where the device sleeps. Raises
        DeviceSilentError, UnsupportedError, UnavailableError or NotFoundError."""
        view = self._roster.view(device_id)
        feature = _feature(view, capability)
        async with self._open().under_way():
            if not view.sleepy:
                await self._read(view, feature)
        state = view.state.get(capability)
        if state is None:
            what = capability.replace("_", " ")
            if view.sleepy:
                raise DeviceSilentError(f"The {view.name} has not told its {what} yet.")
            raise UnsupportedError(f"The {view.name} has no {what} at the moment.")
        return state

    # --- the network ---------------------------------------------------------------------------

    async def rename(
        self, device_id: str, name: str | None = None, area: str | UnsetType | None = UNSET
    ) -> Device:
        """Change the name, the area (None: in no room), or both. Raises NotFoundError, and
        BadRequestError for an empty name or one that the room has already."""
        return await self._roster.rename(device_id, name, area)

    async def mark(self, device_id: str, confirm: bool) -> Device:
        """Whether a person has to say yes before the device opens, unlocks or heats. Raises
        NotFoundError, and UnavailableError when it cannot be kept."""
        return await self._roster.mark(device_id, confirm)

    async def permit_join(self, duration_s: int) -> None:
        """Let devices join for `duration_s` (0 to 254). Raises UnavailableError."""
        session = self._open()
        async with session.under_way():
            await session.app.permit(max(0, min(duration_s, 254)))

    async def remove(self, device_id: str) -> None:
        """Have the device leave the network, and forget it. One that does not answer is forgotten
        all the same. Raises NotFoundError, UnavailableError."""
        view = self._roster.view(device_id)
        session = self._open()
        async with session.under_way():
            await session.app.remove(view.zigpy.ieee)
        await self._roster.remove(device_id)

    def network(self) -> Network | None:
        """None while the radio is away."""
        if self._session is None:
            return None
        state = self._session.app.state
        return Network(
            channel=int(state.network_info.channel),
            pan_id=int(state.network_info.pan_id),
            extended_pan_id=str(state.network_info.extended_pan_id),
            coordinator_id=str(state.node_info.ieee),
        )

    def _open(self) -> Session:
        if self._session is not None:
            return self._session
        part = self._health.parts().get(PART)
        reason = part.reason if part else None
        raise UnavailableError(reason or "The Zigbee radio is still starting.")

    async def _confirm(self, view: DeviceView, capability: str, value: State) -> State:
        feature = _feature(view, capability)
        return await Confirmation(view, feature, self._config.confirm_timeout_s).run(value)

    async def _read(self, view: DeviceView, feature: Feature) -> None:
        port = feature.port.urgent(self._config.confirm_timeout_s / _READ_ATTEMPTS)
        for _ in range(_READ_ATTEMPTS):
            try:
                return await port.read(feature.attributes)
            except SilentError:
                continue
            except RefusedError as error:
                raise UnsupportedError(f"The {view.name} refused: {error}.") from error
        view.set_silent(True)
        raise silent(view)


def _feature(view: DeviceView, capability: str) -> Feature:
    """Raises UnsupportedError."""
    feature = view.features.get(capability)
    if feature is None:
        raise UnsupportedError(f"The {view.name} has no {capability.replace('_', ' ')}.")
    return feature

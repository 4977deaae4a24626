"""The house on Zigbee: `pichat.tools.base.House`, and what else people do with devices."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec
from msgspec import UNSET, UnsetType

from pichat.errors import DeviceSilentError, PiChatError, UnsupportedError, attempt
from pichat.events import Device, State
from pichat.zigbee.air import RefusedError, SilentError
from pichat.zigbee.confirm import Confirmation, silent
from pichat.zigbee.converter import check_value
from pichat.zigbee.link import Link
from pichat.zigbee.roster import Roster
from pichat.zigbee.view import DeviceView, Feature

_READ_ATTEMPTS = 3


class Network(msgspec.Struct, frozen=True, kw_only=True):
    """The Zigbee network that the stick runs."""

    channel: int
    pan_id: int
    extended_pan_id: str
    coordinator_id: str


class Hub:
    """Implements `House`."""

    def __init__(self, roster: Roster, link: Link, confirm_timeout_s: float) -> None:
        self._roster = roster
        self._link = link
        self._confirm_timeout_s = confirm_timeout_s

    def devices(self) -> tuple[Device, ...]:
        return self._roster.devices()

    async def set(
        self,
        device_id: str,
        capability: str,
        value: State,
        *,
        transition_s: float | None = None,
    ) -> State:
        """Command the device and return the state that it confirmed. Raises DeviceSilentError,
        NotConfirmedError, UnsupportedError, UnavailableError, WaitingError or NotFoundError."""
        del transition_s
        view = self._roster.view(device_id)
        feature = _feature(view, capability)
        value = check_value(feature.capability, value, view.name)
        async with self._link.under_way():
            if other := feature.converter.elsewhere(value):
                await self._confirm(view, *other)
                return value
            if feature.converter.lights_up and view.state.get("on_off") is False:
                await self._confirm(view, "on_off", True)
            return await self._confirm(view, capability, value)

    async def set_many(
        self,
        device_ids: Sequence[str],
        capability: str,
        value: State,
        *,
        transition_s: float | None = None,
    ) -> dict[str, State | PiChatError]:
        """Command several devices at once: what each confirmed, or what `set` would raise."""
        results = await asyncio.gather(
            *(
                attempt(self.set(each, capability, value, transition_s=transition_s))
                for each in device_ids
            )
        )
        return dict(zip(device_ids, results, strict=True))

    async def read(self, device_id: str, capability: str) -> State:
        """The device's own value, asked now, or the reported one where the device sleeps. Raises
        DeviceSilentError, UnsupportedError, UnavailableError or NotFoundError."""
        view = self._roster.view(device_id)
        feature = _feature(view, capability)
        async with self._link.under_way():
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
        async with self._link.under_way() as session:
            await session.app.permit(max(0, min(duration_s, 254)))

    async def remove(self, device_id: str) -> None:
        """Have the device leave the network, and forget it. One that does not answer is forgotten
        all the same. Raises NotFoundError, UnavailableError."""
        view = self._roster.view(device_id)
        async with self._link.under_way() as session:
            await session.app.remove(view.zigpy.ieee)
        await self._roster.remove(device_id)

    def network(self) -> Network | None:
        """None while the radio is away."""
        if self._link.session is None:
            return None
        state = self._link.session.app.state
        return Network(
            channel=int(state.network_info.channel),
            pan_id=int(state.network_info.pan_id),
            extended_pan_id=str(state.network_info.extended_pan_id),
            coordinator_id=str(state.node_info.ieee),
        )

    async def _confirm(self, view: DeviceView, capability: str, value: State) -> State:
        feature = _feature(view, capability)
        return await Confirmation(view, feature, self._confirm_timeout_s).run(value)

    async def _read(self, view: DeviceView, feature: Feature) -> None:
        port = feature.port.urgent(self._confirm_timeout_s / _READ_ATTEMPTS)
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

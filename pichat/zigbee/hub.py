"""The house on Zigbee: `pichat.tools.base.House`, and what else people do with devices."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from msgspec import UNSET, UnsetType

from pichat.errors import DeviceSilentError, PiChatError, UnsupportedError, attempt
from pichat.events import LONG_TRANSITION_S, Device, DeviceGroup, Scene, State
from pichat.zigbee.air import RefusedError, SilentError
from pichat.zigbee.confirm import ASLEEP_S, Confirmation, silent
from pichat.zigbee.converter import check_value
from pichat.zigbee.fades import Fades
from pichat.zigbee.groups.many import Order, ids_of
from pichat.zigbee.groups.together import Together
from pichat.zigbee.link import Link
from pichat.zigbee.presence.waiting import Waiting
from pichat.zigbee.roster import Roster
from pichat.zigbee.view import DeviceView, Feature

_READ_ATTEMPTS = 3


class Hub:
    """Implements `House`."""

    def __init__(
        self,
        roster: Roster,
        link: Link,
        confirm_timeout_s: float,
        together: Together,
        fades: Fades,
        waiting: Waiting,
    ) -> None:
        self._roster = roster
        self._link = link
        self._confirm_timeout_s = confirm_timeout_s
        self._together = together
        self._many = together.many
        self._fades = fades
        self._waiting = waiting

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
        """Command the device and return the state that it confirmed; its state now when it takes
        longer than LONG_TRANSITION_S. Raises DeviceSilentError, NotConfirmedError,
        UnsupportedError, UnavailableError, WaitingError, BusyError or NotFoundError."""
        view = self._roster.view(device_id)
        feature = _feature(view, capability)
        value = check_value(feature.capability, value, view.name)
        if view.sleepy:
            return await self._waiting.now_or_later(view, capability, value, transition_s)
        return await self.command(view, capability, value, transition_s)

    async def command(
        self,
        view: DeviceView,
        capability: str,
        value: State,
        transition_s: float | None = None,
        asleep_s: float = ASLEEP_S,
    ) -> State:
        """What `set` does once `value` is known to fit. A device that sleeps has `asleep_s` to
        answer, and raises DeviceSilentError then."""
        feature = _feature(view, capability)
        async with self._link.under_way():
            if other := feature.converter.elsewhere(value):
                await self._confirm(view, *other, transition_s, asleep_s)
                return value
            if feature.converter.lights_up and view.state.get("on_off") is False:
                await self._confirm(view, "on_off", True, None, asleep_s)
            return await self._confirm(view, capability, value, transition_s, asleep_s)

    async def set_many(
        self,
        device_ids: Sequence[str],
        capability: str,
        value: State,
        *,
        transition_s: float | None = None,
    ) -> dict[str, State | PiChatError]:
        """Command several devices at once: what each confirmed, or what `set` would raise. What
        groups can do goes out as few messages."""
        ids, found = list(dict.fromkeys(device_ids)), dict[str, State | PiChatError]()
        if dark := self._dark(ids, capability):
            lit = await self.set_many(dark, "on_off", True)
            found = {key: told for key, told in lit.items() if isinstance(told, PiChatError)}
            ids = [each for each in ids if each not in found]
        courses = await self._many.plan(self._orders(ids, capability, value), transition_s)
        alone = [each for each in ids if each not in ids_of(courses)]
        together = asyncio.gather(*(self._many.run(course, transition_s) for course in courses))
        results = await asyncio.gather(
            *(
                attempt(self.set(each, capability, value, transition_s=transition_s))
                for each in alone
            )
        )
        found |= zip(alone, results, strict=True)
        for course, told in zip(courses, await together, strict=True):
            for (_, order), result in zip(course.orders, told, strict=True):
                found[order.view.id] = result
        return {each: found[each] for each in device_ids}

    def _dark(self, device_ids: Sequence[str], capability: str) -> list[str]:
        """Those that have to be switched on first, when they are several."""
        found = [
            view.id
            for view in self._roster.announced()
            if view.id in device_ids
            and (feature := view.features.get(capability))
            and feature.converter.lights_up
            and view.state.get("on_off") is False
        ]
        return found if len(found) > 1 else []

    def _orders(self, device_ids: Sequence[str], capability: str, value: State) -> list[Order]:
        """What may go to groups; `set` says what is wrong with the rest."""
        orders = []
        for device_id in device_ids:
            try:
                view = self._roster.view(device_id)
                feature = _feature(view, capability)
                value = check_value(feature.capability, value, view.name)
                if other := feature.converter.elsewhere(value):
                    orders.append(Order(view, _feature(view, other[0]), other[1], value))
                else:
                    orders.append(Order(view, feature, value))
            except PiChatError:
                continue
        return orders

    async def read(self, device_id: str, capability: str) -> State:
        """The device's own value, asked now, or the reported one where the device sleeps. Raises
        DeviceSilentError, UnsupportedError, UnavailableError or NotFoundError."""
        view = self._roster.view(device_id)
        feature = _feature(view, capability)
        async with self._link.under_way():
            if feature.attributes and not view.sleepy:
                await self._read(view, feature)
        state = view.state.get(capability)
        if state is None:
            what = capability.replace("_", " ")
            if view.sleepy:
                raise DeviceSilentError(f"The {view.name} has not told its {what} yet.")
            raise UnsupportedError(f"The {view.name} has no {what} at the moment.")
        return state

    async def cancel_waiting(self, device_id: str, capability: str | None = None) -> Device:
        """Do not tell the device any more what waits until it wakes; None: nothing of it. Raises
        NotFoundError, also when nothing waits, and UnavailableError."""
        view = self._roster.view(device_id)
        await self._waiting.cancel(view, capability)
        return view.device()

    # --- together ------------------------------------------------------------------------------

    def groups(self) -> tuple[DeviceGroup, ...]:
        """Those that people made, by name."""
        return self._together.groups.all()

    def scenes(self) -> tuple[Scene, ...]:
        """By name."""
        return self._together.scenes.all()

    async def activate(
        self, scene_id: str, transition_s: float | None = None
    ) -> dict[tuple[str, str], State | PiChatError]:
        """Take up a scene, in its own time or in another: what came of each of its states, by the
        device's id and the capability. Raises NotFoundError."""
        return await self._together.activation.activate(scene_id, transition_s)

    # --- names -----------------------------------------------------------------------------------

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

    async def _confirm(
        self,
        view: DeviceView,
        capability: str,
        value: State,
        transition_s: float | None,
        asleep_s: float,
    ) -> State:
        feature = _feature(view, capability)
        confirmation = Confirmation(view, feature, self._confirm_timeout_s, asleep_s)
        if transition_s and transition_s > LONG_TRANSITION_S:
            await self._fades.begin(confirmation, value, transition_s)
            return view.state.get(capability, value)
        return await confirmation.run(value, transition_s)

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

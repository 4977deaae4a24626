"""The devices that are known, with the names and rooms that people gave them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

import structlog
from msgspec import UnsetType

from pichat.bus import Bus
from pichat.errors import BadRequestError, NotFoundError, UnavailableError
from pichat.events import ButtonPressed, Device, DeviceAdded, DeviceChanged, DeviceRemoved, State
from pichat.store.devices import DeviceNames
from pichat.zigbee.air import Air
from pichat.zigbee.names import first_name
from pichat.zigbee.parts import endpoints_apart, part_id
from pichat.zigbee.view import DeviceView

if TYPE_CHECKING:
    from zigpy.device import ZigbeeDevice

log = structlog.get_logger(__name__)


class Memory(Protocol):
    """What outlives the process about devices."""

    async def load(self) -> None:
        """Called once, before there are devices."""
        ...

    def recall(self, view: DeviceView, device: ZigbeeDevice) -> None:
        """A view was made for `device`, which is attached to it next."""
        ...

    async def forget(self, device_id: str) -> None:
        """The device is known no longer."""
        ...


class Roster:
    """Publishes DeviceAdded once a device is announced, DeviceChanged and DeviceRemoved after."""

    def __init__(
        self, names: DeviceNames, bus: Bus, suggested: Mapping[str, tuple[str, str | None]]
    ) -> None:
        self._names = names
        self._bus = bus
        self._suggested = suggested
        self._stored: dict[str, tuple[str, str | None]] = {}
        self._marks: dict[str, bool] = {}
        self._views: dict[str, DeviceView] = {}
        self._announced: set[str] = set()
        self.memories: list[Memory] = []
        self.on_heard: list[Callable[[DeviceView], None]] = []
        """Called at every message of a device."""

    async def load(self) -> None:
        self._stored = await self._names.all()
        self._marks = await self._names.marks()
        for memory in self.memories:
            await memory.load()

    async def start_over(self) -> None:
        """Know no device any more, and what the store says now: it was restored."""
        gone = list(self._announced)
        for view in self._views.values():
            view.detach()
        self._views.clear()
        self._announced.clear()
        for device_id in gone:
            self._bus.publish(DeviceRemoved(device_id=device_id))
        await self.load()

    def devices(self) -> tuple[Device, ...]:
        return tuple(view.device() for view in self.announced())

    def announced(self) -> list[DeviceView]:
        return [view for id_, view in self._views.items() if id_ in self._announced]

    def find(self, device_id: str) -> DeviceView | None:
        return self._views.get(device_id) if device_id in self._announced else None

    def view(self, device_id: str) -> DeviceView:
        view = self.find(device_id)
        if view is None:  # it is being removed, maybe
            raise NotFoundError(f"There is no device {device_id}.")
        return view

    def attach(self, device: ZigbeeDevice, air: Air) -> DeviceView:
        """The view of `device`, made if there is none yet."""
        device_id = str(device.ieee)
        view = self._views.get(device_id)
        if view is None:
            name, area = self._name(device_id, device)
            view = self._views[device_id] = DeviceView(device_id, name, area, self._changed)
            view.confirm = self._marks.get(device_id)
            view.on_press = self._pressed
            view.on_heard = self.on_heard
            for memory in self.memories:
                memory.recall(view, device)
        view.attach(device, air)
        self._split(view)
        return view

    def _split(self, whole: DeviceView) -> None:
        """Give each part that is a thing of its own to people a view, as far as is known."""
        for number, endpoint in enumerate(endpoints_apart(whole.ports), start=2):
            device_id = part_id(whole.id, endpoint)
            part = self._views.get(device_id)
            if part is None:
                name, area = self._part_name(device_id, whole, number)
                part = self._views[device_id] = DeviceView(device_id, name, area, self._changed)
                part.confirm = self._marks.get(device_id)
                for memory in self.memories:
                    memory.recall(part, whole.zigpy)
            whole.parts[endpoint] = part
            part.attach_part(whole, endpoint)
        if whole.parts:
            whole.refit()

    async def announce(self, view: DeviceView) -> None:
        """From now on people see it."""
        if view.id not in self._stored:
            try:
                await self._names.save(view.id, view.name, view.area)
            except UnavailableError as error:  # it is kept when it is announced again
                log.warning("name not kept", device=view.id, reason=error.sentence)
            else:
                self._stored[view.id] = (view.name, view.area)
        if view.id in self._announced:
            self._changed(view, dict(view.state))
        elif self._views.get(view.id) is view:
            self._announced.add(view.id)
            self._bus.publish(DeviceAdded(device=view.device()))
        if view.whole is None:
            self._split(view)
            for part in view.parts.values():
                await self.announce(part)

    async def rename(
        self, device_id: str, name: str | None, area: str | UnsetType | None
    ) -> Device:
        """Change what is given. Raises NotFoundError, BadRequestError."""
        view = self.view(device_id)
        new_name = view.name if name is None else " ".join(name.split())
        new_area = view.area if isinstance(area, UnsetType) else (area or "").strip() or None
        if not new_name:
            raise BadRequestError("A device needs a name.")
        for other in self._views.values():
            same = other.name.casefold() == new_name.casefold()
            if other is not view and same and _same_area(other.area, new_area):
                where = f" in the {other.area}" if other.area else ""
                raise BadRequestError(f"There is already a {other.name}{where}.")
        await self._names.save(device_id, new_name, new_area)
        self._stored[device_id] = (new_name, new_area)
        view.name, view.area = new_name, new_area
        self._changed(view, {})
        return view.device()

    async def mark(self, device_id: str, confirm: bool) -> Device:
        """Whether a person has to say yes before it opens, unlocks or heats. Raises
        NotFoundError, and UnavailableError when it cannot be kept."""
        view = self.view(device_id)
        await self._names.save_mark(device_id, confirm)
        self._marks[device_id] = view.confirm = confirm
        self._changed(view, {})
        return view.device()

    async def remove(self, device_id: str) -> None:
        """Forget the device with its parts, their names and their marks."""
        view = self._views.get(device_id)
        if view is not None and view.whole is not None:
            device_id = view.whole.id
        whole = self._views.get(device_id)
        for part in list(whole.parts.values()) if whole else ():
            await self._forget(part.id)
        await self._forget(device_id)

    async def _forget(self, device_id: str) -> None:
        view = self._views.pop(device_id, None)
        if view is not None:
            view.detach()
        self._stored.pop(device_id, None)
        self._marks.pop(device_id, None)
        await self._names.forget(device_id)
        for memory in self.memories:
            await memory.forget(device_id)
        if device_id in self._announced:
            self._announced.discard(device_id)
            self._bus.publish(DeviceRemoved(device_id=device_id))

    def _name(self, device_id: str, device: ZigbeeDevice) -> tuple[str, str | None]:
        given = self._stored.get(device_id) or self._suggested.get(device_id)
        if given is not None:
            return given
        taken = [name for name, _ in self._stored.values()]
        taken += [view.name for view in self._views.values()]
        return first_name(device.manufacturer or "", device.model or "", taken), None

    def _pressed(self, view: DeviceView, button: str, press: str) -> None:
        if view.id in self._announced:
            self._bus.publish(
                ButtonPressed(device_id=view.id, device_name=view.name, button=button, press=press)
            )

    def _part_name(self, device_id: str, whole: DeviceView, number: int) -> tuple[str, str | None]:
        given = self._stored.get(device_id) or self._suggested.get(device_id)
        taken = {view.name.casefold() for view in self._views.values()}
        while f"{whole.name} {number}".casefold() in taken:
            number += 1
        return given or (f"{whole.name} {number}", whole.area)

    def _changed(self, view: DeviceView, changes: dict[str, State]) -> None:
        if view.id in self._announced:
            self._bus.publish(DeviceChanged(device=view.device(), changes=changes))


def _same_area(one: str | None, other: str | None) -> bool:
    return (one or "").casefold() == (other or "").casefold()

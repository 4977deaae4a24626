"""The devices together: who is on the network, who may join, who leaves, who listens to changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from pichat.simulator.arrivals import arrival
from pichat.simulator.association import COORDINATOR, Association
from pichat.simulator.errors import HouseError, SimulatorError
from pichat.simulator.house import DeviceSpec, House
from pichat.simulator.kinds import all_kinds
from pichat.simulator.kinds.registry import build_clusters
from pichat.simulator.ncp.stick import Stick
from pichat.simulator.neighbours import neighbours_of
from pichat.simulator.node import zdo
from pichat.simulator.node.aps import Message
from pichat.simulator.node.device import Device
from pichat.simulator.node.parts import Identity
from pichat.simulator.node.types import Value
from pichat.simulator.radio import Radio
from pichat.simulator.settings import replace_fields
from pichat.simulator.wire.codec import eui64_from_text

Listener = Callable[[dict[str, Any]], None]


class Household:
    """Implements `device.Air` towards the devices and `stick.Neighbourhood` towards the stick.

    `listeners` hear every change as a JSON-ready dict with an `event`: changed, joined, left or
    rejoined. `air_listeners` hear what arrives at devices: command (a cluster command), general
    (reading, writing, reporting) and zdo; and held, what a parent keeps for a sleeping child.
    """

    def __init__(self, house: House, radio: Radio) -> None:
        self.radio = radio
        self.devices: dict[str, Device] = {}
        self.listeners: set[Listener] = set()
        self.air_listeners: set[Listener] = set()
        self.dirty: Callable[[], None] = lambda: None
        self.association = Association(self.devices, radio, self._moved)
        self._loop = asyncio.get_running_loop()
        self._shown: dict[str, dict[str, Value]] = {}
        self._noticed: set[str] = set()
        for spec in house.devices:
            self.devices[spec.id] = self._build(spec)
        self._shown = {name: one.values() for name, one in self.devices.items()}
        radio.house = self.devices
        radio.reached = self._reached
        radio.waiting = self._waiting

    def _build(self, spec: DeviceSpec) -> Device:
        kind = all_kinds()[spec.kind]
        identity = Identity(
            id=spec.id,
            name=spec.name,
            area=spec.area,
            kind=spec.kind,
            eui64=eui64_from_text(spec.ieee),
            manufacturer=kind.manufacturer,
            model=kind.model,
            mains=kind.mains,
            router=kind.router,
            rx_on=kind.rx_on,
            manufacturer_code=kind.manufacturer_code,
        )
        device = Device(identity, spec.link, spec.options, self)
        build_clusters(device, kind)
        for name, value in spec.state.items():
            try:
                device.put(name, value)
            except SimulatorError as error:
                raise HouseError(f"{spec.id}: {error.sentence}") from None
        return device

    def attach(self, stick: Stick) -> None:
        """Called once, when the stick is there and the devices remember what they knew."""
        self.stick = stick
        self.association.attach(stick)
        self._shown = {name: one.values() for name, one in self.devices.items()}
        for device in self.devices.values():
            if device.network is not None and device.link.power:
                device.start()

    def find(self, name: str) -> Device:
        """By id. Raises SimulatorError."""
        device = self.devices.get(name)
        if device is None:
            raise SimulatorError(f"No device {name!r}; there are {', '.join(self.devices)}.")
        return device

    # stick.Neighbourhood

    def network_changed(self) -> None:
        self.association.network_changed()

    def joining_opened(self, duration_s: int) -> None:
        self.association.opened(COORDINATOR, duration_s)

    def remove(self, eui64: bytes) -> bool:
        for device in self.radio.members.values():
            if device.eui64 == eui64:
                self.leave(device, rejoin=False)
                return True
        return False

    # What happens to a device

    def relink(self, device: Device, changes: dict[str, Any]) -> None:
        """Changes fields of its link. Raises SimulatorError when they do not fit."""
        had_power = device.link.power
        replace_fields(device.link, changes)
        if device.link.power != had_power:
            self.association.power(device)

    def announce(self, device: Device) -> None:
        """Raises SimulatorError when it is on no network."""
        if not self.association.on_network(device):
            raise SimulatorError(f"{device.identity.name} is not on the network.")
        device.announce()

    # device.Air

    def send(self, device: Device, message: Message, destination: int) -> None:
        self.radio.send(device, message, destination)

    def send_to(self, device: Device, message: Message, eui64: bytes) -> None:
        self.radio.send_to(device, message, eui64)

    def send_many(self, device: Device, message: Message) -> None:
        self.radio.send_many(device, message)

    def permit_joining(self, device: Device, duration_s: int) -> None:
        self.association.opened(device.identity.id, duration_s)

    def leave(self, device: Device, *, rejoin: bool) -> None:
        self.association.leave(device, rejoin=rejoin)

    def listen(self, device: Device, duration_s: float) -> None:
        if duration_s > 0:
            self.radio.wake(device, duration_s)
        else:
            device.awake_until = 0.0

    def neighbours(self, device: Device) -> tuple[bytes, list[zdo.Neighbour]]:
        network = self.stick.memory.network
        extended_pan = bytes(8) if network is None else network.extended_pan
        return extended_pan, neighbours_of(device, self.radio, self.stick.eui64)

    def changed(self, device: Device | None = None) -> None:
        """From a device: its values may differ; from the stick: its flash does."""
        self.dirty()
        if device is None or not self._shown:
            return
        if not self._noticed:
            self._loop.call_soon(self._tell_changes)
        self._noticed.add(device.identity.id)

    def _tell_changes(self) -> None:
        noticed, self._noticed = self._noticed, set()
        for name in sorted(noticed):
            values, shown = self.devices[name].values(), self._shown[name]
            different = {key: new for key, new in values.items() if new != shown.get(key)}
            self._shown[name] = values
            if different:
                self._tell({"event": "changed", "device": name, "values": different})

    def _reached(self, device: Device, message: Message) -> None:
        if self.air_listeners:
            self._tell_air(arrival(device, message))

    def _waiting(self, device: Device) -> None:
        self._tell_air({"event": "held", "device": device.identity.id})

    def _tell_air(self, event: dict[str, Any]) -> None:
        for listener in list(self.air_listeners):
            listener(event)

    def _moved(self, event: str, device: Device) -> None:
        self._tell({"event": event, "device": device.identity.id})
        self.dirty()

    def _tell(self, event: dict[str, Any]) -> None:
        for listener in list(self.listeners):
            listener(event)

"""The devices together: who is on the network, who may join, who leaves, who listens to changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from pichat.simulator.errors import HouseError, SimulatorError
from pichat.simulator.house import DeviceSpec, House
from pichat.simulator.kinds import all_kinds
from pichat.simulator.kinds.registry import MANUFACTURER, build_clusters
from pichat.simulator.ncp import callbacks
from pichat.simulator.ncp.stick import Stick
from pichat.simulator.node import zdo
from pichat.simulator.node.aps import Message
from pichat.simulator.node.device import Device
from pichat.simulator.node.parts import Identity
from pichat.simulator.node.types import Value
from pichat.simulator.radio import Radio
from pichat.simulator.wire.codec import eui64_from_text

ANNOUNCE_S = 0.02
LEAVE_S = 0.02
REJOIN_S = 0.5
Listener = Callable[[dict[str, Any]], None]


class Household:
    """Implements `device.Air` towards the devices and `stick.Neighbourhood` towards the stick.

    `listeners` hear every change as a JSON-ready dict with an `event`: changed, joined or left.
    """

    def __init__(self, house: House, radio: Radio) -> None:
        self.radio = radio
        self.devices: dict[str, Device] = {}
        self.listeners: set[Listener] = set()
        self.dirty: Callable[[], None] = lambda: None
        self._stick: Stick | None = None
        self._loop = asyncio.get_running_loop()
        self._open_until: float = 0.0
        self._shown: dict[str, dict[str, Value]] = {}
        self._noticed: set[str] = set()
        for spec in house.devices:
            self.devices[spec.id] = self._build(spec)
        self._shown = {name: one.values() for name, one in self.devices.items()}

    def _build(self, spec: DeviceSpec) -> Device:
        kind = all_kinds()[spec.kind]
        identity = Identity(
            id=spec.id,
            name=spec.name,
            area=spec.area,
            kind=spec.kind,
            eui64=eui64_from_text(spec.ieee),
            manufacturer=MANUFACTURER,
            model=kind.model,
            mains=kind.mains,
            router=kind.router,
            rx_on=kind.rx_on,
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
        self._stick = stick
        self._shown = {name: one.values() for name, one in self.devices.items()}
        for device in self.devices.values():
            if device.network is not None:
                device.start()

    @property
    def stick(self) -> Stick:
        if self._stick is None:
            raise RuntimeError("attach() comes first")
        return self._stick

    def find(self, name: str) -> Device:
        """By id. Raises SimulatorError."""
        device = self.devices.get(name)
        if device is None:
            raise SimulatorError(f"No device {name!r}; there are {', '.join(self.devices)}.")
        return device

    def on_network(self, device: Device) -> bool:
        network = self.stick.memory.network
        return network is not None and device.network == network.name

    # stick.Neighbourhood

    def network_changed(self) -> None:
        up = self.stick.now.up
        members = [one for one in self.devices.values() if up and self.on_network(one)]
        self.radio.members = {one.address: one for one in members}

    def joining_opened(self, duration_s: int) -> None:
        self._open_until = self._loop.time() + duration_s
        if duration_s == 0:
            return
        spacing_s = self.radio.settings.join_spacing_ms / 1000
        waiting = [one for one in self.devices.values() if not self.on_network(one)]
        for place, device in enumerate(waiting):
            self._loop.call_later(place * spacing_s + ANNOUNCE_S, self._try_join, device)

    def remove(self, eui64: bytes) -> bool:
        for device in self.radio.members.values():
            if device.eui64 == eui64:
                self.leave(device, rejoin=False)
                return True
        return False

    # Joining and leaving

    @property
    def joining_is_open(self) -> bool:
        return self.stick.now.up and self._loop.time() < self._open_until

    def _try_join(self, device: Device) -> None:
        if self.joining_is_open and not device.link.deaf and not self.on_network(device):
            self.join(device)

    def join(self, device: Device) -> None:
        """The device associates now. Raises SimulatorError when it may not."""
        network = self.stick.memory.network
        if network is None or not self.joining_is_open:
            raise SimulatorError("Joining is not permitted at the moment.")
        taken = [one.address for one in self.devices.values()]
        device.address = self.radio.free_address(taken)
        if not self.stick.admits:
            self.stick.device_update(device, callbacks.UNSECURED_JOIN, callbacks.DENY_JOIN)
            raise SimulatorError("The trust centre's policy denied the join.")
        device.stop()
        device.forget_network()
        device.network = network.name
        self.radio.joined(device)
        device.start()
        self._tell({"event": "joined", "device": device.identity.id})
        self.dirty()
        self.stick.device_update(device, callbacks.UNSECURED_JOIN, callbacks.USE_PRECONFIGURED_KEY)
        self._loop.call_later(ANNOUNCE_S, device.announce)

    def announce(self, device: Device) -> None:
        """As after power came back. Raises SimulatorError when it is on no network."""
        if not self.on_network(device):
            raise SimulatorError(f"{device.identity.name} is not on the network.")
        device.announce()

    # device.Air

    def send(self, device: Device, message: Message, destination: int) -> None:
        self.radio.send(device, message, destination)

    def send_to(self, device: Device, message: Message, eui64: bytes) -> None:
        self.radio.send_to(device, message, eui64)

    def send_many(self, device: Device, message: Message) -> None:
        self.radio.send_many(device, message)

    def permit_joining(self, duration_s: int) -> None:
        """A router opens the whole network: which node a device joins through is not told."""
        self.joining_opened(duration_s)

    def leave(self, device: Device, *, rejoin: bool) -> None:
        """Leaves a moment later, so that the answer to the request goes out first."""
        wait_s = LEAVE_S + self.radio.settings.radio_delay_ms / 1000 + device.link.slow_ms / 1000
        self._loop.call_later(wait_s, self._gone, device, rejoin)

    def _gone(self, device: Device, rejoin: bool) -> None:
        if not self.on_network(device):
            return
        if rejoin:
            self._loop.call_later(REJOIN_S, self._back, device)
            return
        self.stick.device_update(device, callbacks.DEVICE_LEFT, callbacks.USE_PRECONFIGURED_KEY)
        self.radio.members.pop(device.address, None)
        device.stop()
        device.forget_network()
        self._tell({"event": "left", "device": device.identity.id})
        self.dirty()

    def _back(self, device: Device) -> None:
        if self.on_network(device):
            self.stick.device_update(
                device, callbacks.SECURED_REJOIN, callbacks.USE_PRECONFIGURED_KEY
            )
            device.announce()

    def neighbours(self, device: Device) -> tuple[bytes, list[zdo.Neighbour]]:
        network = self.stick.memory.network
        extended_pan = bytes(8) if network is None else network.extended_pan
        lqi = device.link.lqi
        parent = zdo.Neighbour(self.stick.eui64, 0, 0, True, 0, lqi)
        if not device.identity.router:
            return extended_pan, [parent]
        siblings = [
            zdo.Neighbour(one.eui64, one.address, 1, True, 2, min(lqi, one.link.lqi))
            for one in self.radio.members.values()
            if one is not device and one.identity.router
        ]
        return extended_pan, [parent, *siblings]

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

    def _tell(self, event: dict[str, Any]) -> None:
        for listener in list(self.listeners):
            listener(event)

"""Who is on the network: joining through an open node, leaving, coming back, finding a parent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from pichat.simulator.errors import SimulatorError
from pichat.simulator.ncp import callbacks
from pichat.simulator.ncp.stick import Stick
from pichat.simulator.node.device import Device
from pichat.simulator.node.install_code import link_key
from pichat.simulator.radio import Radio

ANNOUNCE_S = 0.02
LEAVE_S = 0.02
REJOIN_S = 0.5
COORDINATOR = "coordinator"
WELL_KNOWN_KEY = b"ZigBeeAlliance09"
ANYBODY = b"\xff" * 8


class Association:
    """`tell(event, device)` hears joined, left and rejoined."""

    def __init__(
        self, devices: Mapping[str, Device], radio: Radio, tell: Callable[[str, Device], None]
    ) -> None:
        self.devices = devices
        self.radio = radio
        self._tell = tell
        self._loop = asyncio.get_running_loop()
        self._stick: Stick | None = None
        self._open_until: dict[str, float] = {}
        self._trying: dict[str, asyncio.TimerHandle] = {}

    def attach(self, stick: Stick) -> None:
        self._stick = stick

    @property
    def stick(self) -> Stick:
        if self._stick is None:
            raise RuntimeError("attach() comes first")
        return self._stick

    def on_network(self, device: Device) -> bool:
        network = self.stick.memory.network
        return network is not None and device.network == network.name

    def network_changed(self) -> None:
        up = self.stick.now.up
        members = [one for one in self.devices.values() if up and self.on_network(one)]
        self.radio.members = {one.address: one for one in members}

    # Who is open for joining

    def opened(self, node: str, duration_s: int) -> None:
        """A router, or the coordinator, lets devices join through it for so long."""
        self._open_until[node] = self._loop.time() + duration_s
        if duration_s:
            self._call_in()

    def _call_in(self) -> None:
        """Those who look for a network try it, one after the other."""
        spacing_s = self.radio.settings.join_spacing_ms / 1000
        waiting = [
            one
            for name, one in self.devices.items()
            if name not in self._trying and one.link.seeks and not self.on_network(one)
        ]
        for place, device in enumerate(waiting):
            timer = self._loop.call_later(place * spacing_s + ANNOUNCE_S, self._try_join, device)
            self._trying[device.identity.id] = timer

    @property
    def is_open(self) -> bool:
        return any(self._is_open(node) for node in self._open_until)

    def _is_open(self, node: str) -> bool:
        if not self.stick.now.up or self._loop.time() >= self._open_until.get(node, 0.0):
            return False
        return node == COORDINATOR or self.radio.path(self.devices[node]) is not None

    def _parent_for(self, device: Device) -> str | None:
        """The open node that the device joins through. One that declares neither a parent nor
        whom it hears is in reach of all, and prefers the coordinator."""
        link = device.link
        if link.parent is not None:
            candidates = [link.parent]
        elif link.hears:
            candidates = sorted(link.hears, key=lambda node: -link.hears[node])
        else:
            candidates = [COORDINATOR, *(node for node in self._open_until if node != COORDINATOR)]
        for node in candidates:
            if node != device.identity.id and self._is_open(node):
                return node
        return None

    # Joining

    def _try_join(self, device: Device) -> None:
        self._trying.pop(device.identity.id, None)
        if device.link.off_air or self.on_network(device) or self._parent_for(device) is None:
            return
        try:
            self.join(device)
        except SimulatorError:
            return  # it was refused, and the stick has told the host

    def join(self, device: Device) -> None:
        """The device associates now, also when it was on the network before: it has been reset.
        Raises SimulatorError when it may not or cannot."""
        network = self.stick.memory.network
        if device.link.off_air:
            raise SimulatorError(f"{device.identity.name} is off the air.")
        parent = self._parent_for(device)
        if network is None or parent is None:
            raise SimulatorError("Joining is not permitted at the moment.")
        self._forget(device)
        device.address = self.radio.free_address(one.address for one in self.devices.values())
        device.link.parent = None if parent == COORDINATOR else parent
        self._ask_trust_center(device)
        device.network = network.name
        self.radio.joined(device)
        device.start()
        self._tell("joined", device)
        self._update(device, callbacks.UNSECURED_JOIN)
        self._loop.call_later(ANNOUNCE_S, device.announce)

    def _ask_trust_center(self, device: Device) -> None:
        """Raises SimulatorError when it lets nobody in, or not with the key of this device."""
        keys, code = self.stick.now.transient_keys, device.link.install_code
        given = keys.get(device.eui64)
        if not self.stick.admits or (given is None and self.stick.wants_install_codes):
            self._update(device, callbacks.UNSECURED_JOIN, callbacks.DENY_JOIN)
            raise SimulatorError("The trust centre's policy denied the join.")
        own = WELL_KNOWN_KEY if code is None else link_key(code)
        if (given or keys.get(ANYBODY)) != own:
            # It gets the network key, encrypted so that it cannot read it, and gives up.
            self._update(device, callbacks.UNSECURED_JOIN)
            raise SimulatorError(
                f"{device.identity.name} cannot read the network's key: the trust centre does not"
                f" know {'its install code' if code else 'the well-known link key'}."
            )

    def _update(
        self, device: Device, update: int, decision: int = callbacks.USE_PRECONFIGURED_KEY
    ) -> None:
        self.stick.device_update(device, update, decision, self.radio.parent_address(device))

    # Leaving

    def leave(self, device: Device, *, rejoin: bool) -> None:
        """Leaves a moment later, so that the answer to the request goes out first."""
        wait_s = LEAVE_S + self.radio.settings.radio_delay_ms / 1000 + device.link.slow_ms / 1000
        self._loop.call_later(wait_s, self._gone, device, rejoin)

    def reset(self, device: Device) -> None:
        """Somebody pressed its button for long: it leaves, and looks for an open network."""
        self._gone(device, rejoin=False)
        if self.is_open and device.link.seeks:
            self._call_in()

    def _gone(self, device: Device, rejoin: bool) -> None:
        if not self.on_network(device):
            return
        if rejoin:
            self._loop.call_later(REJOIN_S, self._back, device)
            return
        if self.radio.path(device) is not None:
            self._update(device, callbacks.DEVICE_LEFT)
        self._forget(device)
        self._tell("left", device)

    def _forget(self, device: Device) -> None:
        if self.radio.members.get(device.address) is device:
            del self.radio.members[device.address]
        device.stop()
        device.forget_network()

    # Coming back

    def _back(self, device: Device) -> None:
        if self.on_network(device) and self.radio.path(device) is not None:
            self.rejoin(device)

    def rejoin(
        self, device: Device, *, new_address: bool = False, parent: str | None = None
    ) -> None:
        """Comes back with the network's key; through another `parent` if one is named. Raises
        SimulatorError when it is on no network."""
        if not self.on_network(device):
            raise SimulatorError(f"{device.identity.name} is not on the network.")
        if parent is not None:
            device.link.parent = None if parent == COORDINATOR else parent
        if new_address:
            self.radio.members.pop(device.address, None)
            device.address = self.radio.free_address(one.address for one in self.devices.values())
            self.radio.members[device.address] = device
        self._tell("rejoined", device)
        self._update(device, callbacks.SECURED_REJOIN)
        device.announce()

    def power(self, device: Device) -> None:
        """Its power was switched: what a router takes away with it looks for another parent."""
        if device.link.power:
            device.power_on()
            if self.on_network(device):
                self._loop.call_later(ANNOUNCE_S, device.announce)
            elif self.is_open:
                self._call_in()
        else:
            device.power_off()
        self._loop.call_later(self.radio.settings.orphan_ms / 1000, self._adopt)

    def _adopt(self) -> None:
        """Every device whose parent is gone takes the best one that it hears."""
        for device in list(self.radio.members.values()):
            if device.link.off_air or self.radio.path(device) is not None:
                continue
            hears = device.link.hears
            for node in sorted(hears, key=lambda one: -hears[one]):
                if node == COORDINATOR or self._relays(node, device):
                    self.rejoin(device, parent=node)
                    break

    def _relays(self, node: str, child: Device) -> bool:
        relay = self.devices.get(node)
        path = None if relay is None else self.radio.path(relay)
        return path is not None and child not in path

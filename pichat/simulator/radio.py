"""The air between the stick and the devices: delay, loss, sleep, acknowledgements."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable, Iterable
from typing import Protocol

import msgspec

from pichat.simulator.node import aps
from pichat.simulator.node.aps import Message
from pichat.simulator.node.device import Device

INDIRECT_TIMEOUT_S = 7.68  # how long a parent keeps a message for a sleeping child


class RadioSettings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """radio_delay_ms each way; loss: the share of messages that no retry saves.

    failure_ms: what the stick's own retries take before it reports a failure.
    join_spacing_ms: how far apart devices join once they may.
    line_noise: the share of frames that the serial line damages, each way.
    awake_ms, awake_joined_ms: how long a sleepy device listens after traffic, and after joining.
    """

    radio_delay_ms: float = 15.0
    loss: float = 0.0
    line_noise: float = 0.0
    failure_ms: float = 500.0
    join_spacing_ms: float = 60.0
    awake_ms: float = 3_000.0
    awake_joined_ms: float = 30_000.0


class Coordinator(Protocol):
    """The stick, as the devices hear and reach it."""

    eui64: bytes

    def heard(self, device: Device, message: Message) -> None: ...
    def listens_to(self, group: int) -> bool: ...


class Radio:
    """Carries messages. `members` are the devices of the stick's present network, by address."""

    def __init__(self, settings: RadioSettings, seed: int | None) -> None:
        self.settings = settings
        self.members: dict[int, Device] = {}
        self.coordinator: Coordinator | None = None
        self._random = random.Random(seed)  # noqa: S311 - for loss, not for secrets
        self._loop = asyncio.get_running_loop()
        self.log: deque[dict[str, object]] = deque(maxlen=500)

    # From the stick

    def unicast(self, address: int, message: Message, done: Callable[[bool], None]) -> None:
        """Sends to one device; `done` hears whether it was acknowledged."""
        device = self.members.get(address)
        if device is None:
            self._after(self.settings.failure_ms / 1000, lambda: done(False))
            return
        self._note("to", device, message)
        wait_s = self._sleeps_for(device)
        if device.link.deaf or wait_s > INDIRECT_TIMEOUT_S or self._lost(device):
            sleepy = device.link.poll_s > 0
            failed_s = INDIRECT_TIMEOUT_S if sleepy else self.settings.failure_ms / 1000
            self._after(failed_s, lambda: done(False))
            return
        delay_s = self._delay_s(device)
        self._after(wait_s + delay_s, lambda: self._arrive(device, message, done, delay_s))

    def _arrive(
        self, device: Device, message: Message, done: Callable[[bool], None], delay_s: float
    ) -> None:
        if device.link.deaf or self.members.get(device.address) is not device:
            self._after(self.settings.failure_ms / 1000, lambda: done(False))
            return
        acknowledged_s = delay_s if message.options & aps.OPTION_RETRY else 0.0
        self._after(acknowledged_s, lambda: done(True))
        self._wake(device)
        device.receive(message)

    def many(self, message: Message, *, besides: Device | None = None) -> None:
        """A group or broadcast message to every device that it concerns."""
        for device in list(self.members.values()):
            if device is besides or device.link.deaf or self._lost(device):
                continue
            if message.broadcast in (aps.RX_ON_NODES, aps.ROUTERS) and not device.identity.rx_on:
                continue
            if message.broadcast == aps.ROUTERS and not device.identity.router:
                continue
            if self._sleeps_for(device) > 0:
                continue
            self._note("to", device, message)
            self._after(self._delay_s(device), self._receiver(device, message))

    def _receiver(self, device: Device, message: Message) -> Callable[[], None]:
        def receive() -> None:
            if not device.link.deaf and self.members.get(device.address) is device:
                device.receive(message)

        return receive

    # From a device

    def send(self, device: Device, message: Message, destination: int) -> None:
        if not self._may_send(device):
            return
        self._wake(device)
        if destination == aps.COORDINATOR:
            self._later(device, lambda: self._to_coordinator(device, message))
            return
        target = self.members.get(destination)
        if target is not None:
            self._later(device, lambda: self.unicast(target.address, message, lambda _: None))

    def send_to(self, device: Device, message: Message, eui64: bytes) -> None:
        if self.coordinator is not None and eui64 == self.coordinator.eui64:
            self.send(device, message, aps.COORDINATOR)
            return
        for other in self.members.values():
            if other.eui64 == eui64:
                self.send(device, message, other.address)

    def send_many(self, device: Device, message: Message) -> None:
        if not self._may_send(device):
            return

        def go() -> None:
            self.many(message, besides=device)
            coordinator = self.coordinator
            if coordinator is not None and (
                message.group is None or coordinator.listens_to(message.group)
            ):
                self._to_coordinator(device, message)

        self._later(device, go)

    def _to_coordinator(self, device: Device, message: Message) -> None:
        if self.coordinator is not None and not self._lost(device):
            self._note("from", device, message)
            self.coordinator.heard(device, message)

    def _may_send(self, device: Device) -> bool:
        on_air = self.members.get(device.address) is device
        return on_air and not device.link.deaf and not device.link.mute

    def _later(self, device: Device, action: Callable[[], None]) -> None:
        self._after(self._delay_s(device) + device.link.slow_ms / 1000, action)

    # Properties of the air

    def _after(self, delay_s: float, action: Callable[[], None]) -> None:
        if delay_s <= 0:
            self._loop.call_soon(action)
        else:
            self._loop.call_later(delay_s, action)

    def _delay_s(self, device: Device) -> float:
        own = device.link.radio_delay_ms
        return (self.settings.radio_delay_ms if own is None else own) / 1000

    def _lost(self, device: Device) -> bool:
        own = device.link.loss
        return self.chance(self.settings.loss if own is None else own)

    def chance(self, share: float) -> bool:
        """True so often, from 0 to 1."""
        return share > 0 and self._random.random() < share

    def _wake(self, device: Device) -> None:
        until = self._loop.time() + self.settings.awake_ms / 1000
        device.awake_until = max(device.awake_until, until)

    def joined(self, device: Device) -> None:
        """A device polls fast for a while after it joined."""
        self.members[device.address] = device
        device.awake_until = self._loop.time() + self.settings.awake_joined_ms / 1000

    def _sleeps_for(self, device: Device) -> float:
        """Seconds until the device asks its parent for messages; 0: it listens now."""
        poll_s, now = device.link.poll_s, self._loop.time()
        if poll_s <= 0 or now < device.awake_until:
            return 0.0
        return poll_s - (now - device.awake_until) % poll_s

    def _note(self, way: str, device: Device, message: Message) -> None:
        self.log.append(
            {
                "at_s": round(self._loop.time(), 4),
                "way": way,
                "device": device.identity.id,
                "cluster": message.cluster,
                "payload": message.payload.hex(),
            }
        )

    def free_address(self, taken: Iterable[int]) -> int:
        """A random network address that nobody has."""
        used = {*taken, *self.members}
        while (address := self._random.randrange(0x0001, 0xFFF7)) in used:
            continue
        return address

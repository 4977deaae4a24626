"""The air between the stick and the devices: routes, delay, loss, sleep, acknowledgements."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

import msgspec

from pichat.simulator.mailbox import Mailbox
from pichat.simulator.node import aps
from pichat.simulator.node.aps import Message
from pichat.simulator.node.device import Device

DUPLICATE_S = 0.01
NEVER_S = 1e6


class RadioSettings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """radio_delay_ms each way and hop; loss: the share of messages that no retry saves, each hop.
    jitter_ms: messages from devices take up to so much longer, so that they overtake each other.
    duplicates: the share of messages from devices that arrive twice.

    failure_ms: what the stick's own retries take before it reports a failure.
    join_spacing_ms: how far apart devices join once they may.
    orphan_ms: how soon a device notices that its parent is gone, and looks for another.
    line_noise, line_drop: the share of frames that the serial line damages, or takes a byte from,
    each way. awake_ms, awake_joined_ms: how long a sleepy device listens after traffic, and after
    joining.
    """

    radio_delay_ms: float = 15.0
    loss: float = 0.0
    jitter_ms: float = 0.0
    duplicates: float = 0.0
    line_noise: float = 0.0
    line_drop: float = 0.0
    failure_ms: float = 500.0
    join_spacing_ms: float = 60.0
    orphan_ms: float = 1_000.0
    awake_ms: float = 3_000.0
    awake_joined_ms: float = 30_000.0

    def problem(self) -> str | None:
        """Why it cannot be so, as a sentence."""
        for name, value in msgspec.to_builtins(self).items():
            share = name in ("loss", "duplicates", "line_noise", "line_drop")
            if not 0 <= value <= (1 if share else 1e6):
                return f"{name} is not between 0 and {1 if share else 'a million'}."
        return None


class Coordinator(Protocol):
    """The stick, as the devices hear and reach it."""

    eui64: bytes

    def heard(self, device: Device, message: Message) -> None: ...
    def listens_to(self, group: int) -> bool: ...


class Radio:
    """Carries messages. `members` are the devices of the stick's present network, by address;
    `house` every device there is, by its id. `reached` hears what arrives at a device, `waiting`
    for whom a parent holds a message."""

    def __init__(self, settings: RadioSettings, seed: int | None) -> None:
        self.settings = settings
        self.members: dict[int, Device] = {}
        self.house: Mapping[str, Device] = {}
        self.coordinator: Coordinator | None = None
        self.reached: Callable[[Device, Message], None] = lambda _device, _message: None
        self.waiting: Callable[[Device], None] = lambda _device: None
        self.mailbox = Mailbox()
        self._random = random.Random(seed)  # noqa: S311 - for loss, not for secrets
        self._loop = asyncio.get_running_loop()
        self.log: deque[dict[str, object]] = deque(maxlen=500)

    # Routes

    def on_air(self, device: Device) -> bool:
        return self.members.get(device.address) is device and not device.link.off_air

    def path(self, device: Device) -> list[Device] | None:
        """The device and the routers between it and the stick; None: it cannot be reached."""
        if not self.on_air(device):
            return None
        path = [device]
        while (parent := path[-1].link.parent) is not None:
            relay = self.house.get(parent)
            if relay is None or relay in path or not self.on_air(relay):
                return None
            path.append(relay)
        return path

    def parent_address(self, device: Device) -> int:
        relay = self.house.get(device.link.parent or "")
        return aps.COORDINATOR if relay is None else relay.address

    # From the stick

    def unicast(self, address: int, message: Message, done: Callable[[bool], None]) -> None:
        """Sends to one device; `done` hears whether it was acknowledged."""
        device = self.members.get(address)
        if device is None:
            self._fail(done)
            return
        self._note("to", device, message)
        poll_in_s = self._sleeps_for(device)
        if poll_in_s > 0:
            self.mailbox.hold(
                device.eui64,
                poll_in_s,
                lambda: self._carry(device, message, done),
                lambda: done(False),
            )
            self.waiting(device)
        else:
            self._carry(device, message, done)

    def _carry(self, device: Device, message: Message, done: Callable[[bool], None]) -> None:
        path = self.path(device)
        if path is None or self._lost(path):
            self._fail(done)
            return
        delay_s = self._delay_s(path)
        self._after(delay_s, lambda: self._arrive(device, message, done, delay_s))

    def _fail(self, done: Callable[[bool], None]) -> None:
        self._after(self.settings.failure_ms / 1000, lambda: done(False))

    def _arrive(
        self, device: Device, message: Message, done: Callable[[bool], None], delay_s: float
    ) -> None:
        if not self.on_air(device):
            self._fail(done)
            return
        acknowledged_s = delay_s if message.options & aps.OPTION_RETRY else 0.0
        self._after(acknowledged_s, lambda: done(True))
        self.wake(device)
        self._receive(device, message)

    def many(self, message: Message, *, besides: Device | None = None) -> None:
        """A group or broadcast message to every device that it concerns."""
        for device in list(self.members.values()):
            if device is besides:
                continue
            if message.broadcast in (aps.RX_ON_NODES, aps.ROUTERS) and not device.identity.rx_on:
                continue
            if message.broadcast == aps.ROUTERS and not device.identity.router:
                continue
            if self._sleeps_for(device) > 0:
                continue
            path = self.path(device)
            if path is None or self._lost(path):
                continue
            self._note("to", device, message)
            self._after(self._delay_s(path), self._receiver(device, message))

    def _receiver(self, device: Device, message: Message) -> Callable[[], None]:
        def receive() -> None:
            if self.on_air(device):
                self._receive(device, message)

        return receive

    def _receive(self, device: Device, message: Message) -> None:
        self.reached(device, message)
        device.receive(message)

    # From a device

    def send(self, device: Device, message: Message, destination: int) -> None:
        if not self._may_send(device):
            return
        self.wake(device)
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
        path = self.path(device)
        if self.coordinator is None or path is None or self._lost(path):
            return
        self._note("from", device, message)
        self.coordinator.heard(device, message)
        if self.chance(self.settings.duplicates):
            again = self.coordinator
            self._after(DUPLICATE_S, lambda: again.heard(device, message))

    def _may_send(self, device: Device) -> bool:
        return self.on_air(device) and not device.link.mute

    def _later(self, device: Device, action: Callable[[], None]) -> None:
        jitter_s = self.settings.jitter_ms / 1000
        more_s = self._random.uniform(0, jitter_s) if jitter_s else 0.0
        path = self.path(device) or [device]
        self._after(self._delay_s(path) + device.link.slow_ms / 1000 + more_s, action)

    # Properties of the air

    def _after(self, delay_s: float, action: Callable[[], None]) -> None:
        if delay_s <= 0:
            self._loop.call_soon(action)
        else:
            self._loop.call_later(delay_s, action)

    def _delay_s(self, path: Iterable[Device]) -> float:
        usual = self.settings.radio_delay_ms
        own = (hop.link.radio_delay_ms for hop in path)
        return sum(usual if delay is None else delay for delay in own) / 1000

    def _lost(self, path: Iterable[Device]) -> bool:
        usual = self.settings.loss
        own = (hop.link.loss for hop in path)
        return any(self.chance(usual if loss is None else loss) for loss in own)

    def chance(self, share: float) -> bool:
        """True so often, from 0 to 1."""
        return share > 0 and self._random.random() < share

    # Sleep

    def wake(self, device: Device, duration_s: float | None = None) -> None:
        """The device fetches what its parent holds, and listens for a while."""
        usual_s = self.settings.awake_ms / 1000
        until = self._loop.time() + (usual_s if duration_s is None else duration_s)
        device.awake_until = max(device.awake_until, until)
        self.mailbox.fetch(device.eui64)

    def joined(self, device: Device) -> None:
        """A device polls fast for a while after it joined."""
        self.members[device.address] = device
        device.awake_until = self._loop.time() + self.settings.awake_joined_ms / 1000

    def _sleeps_for(self, device: Device) -> float:
        """Seconds until the device asks its parent for messages; 0: it listens now."""
        poll_s, now = device.link.poll_s, self._loop.time()
        if poll_s > 0 and device.link.off_air:
            return NEVER_S
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

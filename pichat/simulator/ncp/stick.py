"""The stick's state, and what it does: form, open, send, hear. EZSP is spoken elsewhere."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from pichat.simulator.ncp import callbacks
from pichat.simulator.ncp.memory import Network, StickMemory
from pichat.simulator.ncp.shortage import BROADCAST_TABLE_S, StickSettings
from pichat.simulator.ncp.status import Status
from pichat.simulator.node import aps, zdo
from pichat.simulator.node.aps import Message
from pichat.simulator.node.device import Device
from pichat.simulator.radio import Radio

CONTENTS_IN_CALLBACK = 0x04
TRUST_CENTER_POLICY, ALLOW_JOINS, NEED_INSTALL_CODES = 0x00, 0x01, 0x10
TAG_AND_CONTENTS = 0x41
NETWORK_UP_S = 0.005
CHANNEL_CHANGE_S = 0.2


class Neighbourhood(Protocol):
    """Those around the stick, whom its commands move."""

    def network_changed(self) -> None:
        """A network came up or went away: who belongs to it is decided anew."""

    def joining_opened(self, duration_s: int) -> None: ...
    def remove(self, eui64: bytes) -> bool:
        """The device is told to leave; False: nobody has that address."""
        ...

    def changed(self) -> None:
        """Something worth keeping is different."""


@dataclass
class LocalEndpoint:
    flags: int
    descriptor: zdo.SimpleDescriptor


@dataclass
class Volatile:
    """What a reset clears."""

    up: bool = False
    config: dict[int, int] = field(default_factory=dict)
    values: dict[int, bytes] = field(default_factory=dict)
    policies: dict[int, int] = field(default_factory=lambda: {TRUST_CENTER_POLICY: ALLOW_JOINS})
    endpoints: dict[int, LocalEndpoint] = field(default_factory=dict)
    multicast: dict[int, tuple[int, int]] = field(default_factory=dict)  # group, endpoint
    addresses: dict[int, tuple[bytes, int]] = field(default_factory=dict)
    extended_timeouts: set[bytes] = field(default_factory=set)
    transient_keys: dict[bytes, bytes] = field(default_factory=dict)  # by long address
    initial_security: tuple[int, bytes, bytes, int] | None = None
    permit: asyncio.TimerHandle | None = None
    counters: dict[int, int] = field(default_factory=dict)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    in_flight: int = 0
    broadcasts: deque[float] = field(default_factory=deque)  # when each was sent


class Stick:
    """`emit(frame_id, payload)` sends a callback to the host; the EZSP side sets it."""

    def __init__(
        self, version: int, memory: StickMemory, radio: Radio, around: Neighbourhood
    ) -> None:
        self.version = version
        self.memory = memory
        self.radio = radio
        self.around = around
        self.now = Volatile()
        self.settings = StickSettings()
        self.eui64 = memory.address
        self.address = aps.COORDINATOR
        self.bindings: list[zdo.Binding] = []
        self.noise_dbm: dict[int, int] = {}  # where it is not the usual
        self.emit: Callable[[int, bytes], None] = lambda _frame_id, _payload: None
        self.loop = asyncio.get_running_loop()
        self._sequence = 0
        radio.coordinator = self

    # Life

    def take(self, version: int, memory: StickMemory) -> None:
        """From now on it is another stick. Its host has to reset it."""
        self.version, self.memory = version, memory
        self.settings = StickSettings()
        self.reset()

    def reset(self) -> None:
        """What the host's RST does: everything but the flash is gone."""
        if self.now.permit is not None:
            self.now.permit.cancel()
        for task in self.now.tasks:
            task.cancel()
        self.now = Volatile()
        self.settings.reset()
        self.eui64 = self.memory.address
        self.around.network_changed()

    def status(self, status: Status) -> bytes:
        return status.packed(self.version)

    def stack_status(self, status: Status) -> None:
        self.emit(callbacks.STACK_STATUS, self.status(status))

    def soon(self, status: Status, delay_s: float = NETWORK_UP_S) -> None:
        """A stack status a moment after the answer, unless a reset comes between."""
        born = self.now
        self.loop.call_later(
            delay_s, lambda: self.stack_status(status) if born is self.now else None
        )

    def count(self, counter: int) -> None:
        self.now.counters[counter] = (self.now.counters.get(counter, 0) + 1) & 0xFFFF

    def noise_on(self, channel: int) -> int:
        """What an energy scan finds, in dBm."""
        return self.noise_dbm.get(channel, -70 - channel * 7 % 23)

    # The network

    def start_network(self) -> bool:
        """Takes the network up that the flash holds; False: there is none."""
        if self.memory.network is None:
            return False
        self.now.up = True
        self.around.network_changed()
        self.soon(Status.NETWORK_UP)
        return True

    def form(self, network: Network) -> None:
        self.memory.network = network
        self.memory.tokens.clear()
        self.around.changed()
        self.start_network()

    def leave(self) -> None:
        self.memory.forget_network()
        self.now.up = False
        self.around.network_changed()
        self.around.changed()
        self.soon(Status.NETWORK_DOWN)

    def open_joining(self, duration_s: int) -> None:
        if self.now.permit is not None:
            self.now.permit.cancel()
            self.now.permit = None
        if duration_s:
            if duration_s < 0xFF:
                self.now.permit = self.loop.call_later(duration_s, self.open_joining, 0)
            self.stack_status(Status.NETWORK_OPENED)
        else:
            self.stack_status(Status.NETWORK_CLOSED)
        self.around.joining_opened(duration_s)

    @property
    def admits(self) -> bool:
        """Whether the trust centre's policy lets devices in."""
        return bool(self.now.policies.get(TRUST_CENTER_POLICY, 0) & ALLOW_JOINS)

    @property
    def wants_install_codes(self) -> bool:
        """Whether only devices whose own key is known are let in."""
        return bool(self.now.policies.get(TRUST_CENTER_POLICY, 0) & NEED_INSTALL_CODES)

    def device_update(self, device: Device, update: int, decision: int, parent: int) -> None:
        """Tells the host that a device joined, came back or left, and through whom."""
        self.emit(
            callbacks.TRUST_CENTER_JOIN,
            callbacks.trust_center_join(device.address, device.eui64, update, decision, parent),
        )

    # Messages

    def next_sequence(self) -> int:
        self._sequence = (self._sequence + 1) & 0xFF
        return self._sequence

    def send_unicast(self, target: int, message: Message, tag: int) -> Status:
        if not self.now.up:
            return Status.NETWORK_DOWN
        refusal = self._refuses_unicast()
        if refusal is not Status.OK:
            return refusal
        message.sequence = self.next_sequence()
        self.memory.network_frame_counter += 1
        born = self.now
        born.in_flight += 1

        def done(acknowledged: bool) -> None:
            born.in_flight -= 1
            self.count(9 if acknowledged else 11)
            if born is self.now:
                status = Status.OK if acknowledged else Status.DELIVERY_FAILED
                self._sent(callbacks.DIRECT, target, message, tag, status)

        if target == self.address:
            self.loop.call_soon(done, True)
            self.loop.call_soon(self._to_self, message)
        else:
            self.radio.unicast(target, message, done)
        return Status.OK

    def _refuses_unicast(self) -> Status:
        most = self.settings.most_in_flight
        if most and self.now.in_flight >= most:
            return Status.MAX_MESSAGE_LIMIT_REACHED
        return self.settings.refusal()

    def _refuses_broadcast(self) -> Status:
        sent, most = self.now.broadcasts, self.settings.most_broadcasts
        while sent and sent[0] < self.loop.time() - BROADCAST_TABLE_S:
            sent.popleft()
        if most and len(sent) >= most:
            return Status.NETWORK_BUSY
        refusal = self.settings.refusal()
        if most and refusal is Status.OK:
            sent.append(self.loop.time())
        return refusal

    def send_many(self, kind: int, target: int, message: Message, tag: int) -> Status:
        if not self.now.up:
            return Status.NETWORK_DOWN
        refusal = self._refuses_broadcast()
        if refusal is not Status.OK:
            return refusal
        message.sequence = self.next_sequence()
        self.memory.network_frame_counter += 1
        self.radio.many(message)
        if message.profile == aps.ZDO_PROFILE:
            zdo.answer(self, message.cluster, message.payload, unicast=False)
        self.loop.call_soon(self._sent, kind, target, message, tag, Status.OK)
        return Status.OK

    def _sent(self, kind: int, target: int, message: Message, tag: int, status: Status) -> None:
        wanted = self.now.policies.get(CONTENTS_IN_CALLBACK) == TAG_AND_CONTENTS
        echo = message.payload if wanted else b""
        self.emit(
            callbacks.MESSAGE_SENT,
            callbacks.message_sent(self.version, kind, target, message, tag, status, echo),
        )

    def _to_self(self, message: Message) -> None:
        """The host talks to its own stick: ZDO is answered like any node's."""
        if message.profile != aps.ZDO_PROFILE:
            return
        reply = zdo.answer(self, message.cluster, message.payload, unicast=True)
        if reply is not None:
            answer = Message(self.address, aps.ZDO_PROFILE, message.cluster | 0x8000, 0, 0, reply)
            self._incoming(answer, self.eui64, 255)

    def heard(self, device: Device, message: Message) -> None:
        """A device's message to the coordinator arrives."""
        if self.now.up:
            self.count(8 if message.is_unicast else 6)
            message.sequence = message.sequence or self.next_sequence()
            self._incoming(message, device.eui64, device.link.lqi)

    def _incoming(self, message: Message, eui64: bytes, lqi: int) -> None:
        timestamp_ms = int(self.loop.time() * 1000)
        self.emit(
            callbacks.INCOMING_MESSAGE,
            callbacks.incoming_message(self.version, message, eui64, lqi, timestamp_ms),
        )

    def listens_to(self, group: int) -> bool:
        return any(one == group and ep for one, ep in self.now.multicast.values())

    # zdo.Subject

    def node_descriptor(self) -> bytes:
        return bytes.fromhex("00408f4910525200412c520000")

    def power_descriptor(self) -> int:
        return 0xC110

    def simple_descriptors(self) -> dict[int, zdo.SimpleDescriptor]:
        return {number: one.descriptor for number, one in self.now.endpoints.items()}

    def neighbours(self) -> tuple[bytes, list[zdo.Neighbour]]:
        network = self.memory.network
        extended_pan = bytes(8) if network is None else network.extended_pan
        return extended_pan, [
            zdo.Neighbour(
                one.eui64,
                one.address,
                1 if one.identity.router else 2,
                one.identity.rx_on,
                2 if one.identity.router else 1,
                one.link.lqi,
            )
            for one in self.radio.members.values()
            if one.link.parent is None or "coordinator" in one.link.hears
        ]

    def routes(self) -> list[tuple[int, int]]:
        routers = [one for one in self.radio.members.values() if one.identity.router]
        paths = [(one, self.radio.path(one)) for one in routers]
        return [(one.address, path[-1].address) for one, path in paths if path is not None]

    def permit_joining(self, duration_s: int) -> None:
        """From the host's own broadcast; it opens its own stick by a command of its own."""

    def asked_to_leave(self, *, rejoin: bool) -> None:
        """A coordinator does not leave because somebody asks."""

    def bindings_changed(self) -> None:
        """Bindings of the coordinator are not kept."""

    def change_channel(self, channel: int, update_id: int) -> None:
        network = self.memory.network
        if network is not None and 11 <= channel <= 26 and channel != network.channel:
            network.channel, network.update_id = channel, update_id
            network.channels = 1 << channel
            self.around.changed()
            self.soon(Status.CHANNEL_CHANGED, CHANNEL_CHANGE_S)

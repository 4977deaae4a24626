"""A device of the house: endpoints with clusters, groups, bindings, and when it listens."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any, Protocol

from pichat.simulator.errors import SimulatorError
from pichat.simulator.node import aps, zcl, zdo
from pichat.simulator.node.aps import Message
from pichat.simulator.node.cluster import Cluster, Quantity
from pichat.simulator.node.parts import Endpoint, Identity, Link
from pichat.simulator.node.reporting import Reporting
from pichat.simulator.node.types import Value


class Air(Protocol):
    """What a device may do beyond itself."""

    def send(self, device: Device, message: Message, destination: int) -> None:
        """A unicast to a network address."""

    def send_to(self, device: Device, message: Message, eui64: bytes) -> None:
        """A unicast to whoever has that long address."""

    def send_many(self, device: Device, message: Message) -> None:
        """A group or broadcast message."""

    def permit_joining(self, device: Device, duration_s: int) -> None: ...
    def leave(self, device: Device, *, rejoin: bool) -> None: ...
    def listen(self, device: Device, duration_s: float) -> None:
        """Fetches its messages, and listens for so long; 0: sleeps at once."""

    def neighbours(self, device: Device) -> tuple[bytes, list[zdo.Neighbour]]: ...
    def changed(self, device: Device) -> None:
        """Something worth keeping or watching is different."""


class Device:
    """Implements `cluster.Host` towards its clusters and `zdo.Subject` towards the network."""

    def __init__(self, identity: Identity, link: Link, options: dict[str, Any], air: Air) -> None:
        self.identity = identity
        self.eui64 = identity.eui64
        self.link = link
        self.options = options
        self.address = 0xFFFE
        self.network: str | None = None
        self.endpoints: dict[int, Endpoint] = {}
        self.bindings: list[zdo.Binding] = []
        self.awake_until = 0.0
        self._air = air
        self._loop = asyncio.get_running_loop()
        self.reporting = Reporting(self._report)
        self._timers: set[asyncio.TimerHandle] = set()
        self._sequence = random.randrange(256)  # noqa: S311 - as unpredictable as a device's

    # The life of the device

    def start(self) -> None:
        """Power and a network: periodic reports and movements run."""
        self.reporting.start()
        for cluster in self.clusters():
            cluster.start()

    def stop(self) -> None:
        self.reporting.stop()
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    def power_off(self) -> None:
        self.stop()

    def power_on(self) -> None:
        """Takes up its start-up state; on a network it goes on as before."""
        for cluster in self.clusters():
            cluster.power_up()
        if self.network is not None:
            self.start()

    def forget_network(self) -> None:
        """As after a factory reset: no bindings, no groups, no reporting."""
        self.network = None
        self.bindings.clear()
        self.reporting.clear()
        for endpoint in self.endpoints.values():
            endpoint.groups.clear()

    def clusters(self) -> list[Cluster]:
        return [
            cluster
            for endpoint in self.endpoints.values()
            for side in (endpoint.servers, endpoint.clients)
            for cluster in side.values()
        ]

    # Values for people

    def quantities(self) -> dict[str, Quantity]:
        found: dict[str, Quantity] = {}
        for cluster in self.clusters():
            for name, quantity in cluster.quantities().items():
                # The second gang of a switch is “on_2”.
                found[f"{name}_{cluster.endpoint}" if name in found else name] = quantity
        return found

    def values(self) -> dict[str, Value]:
        return {name: quantity.get() for name, quantity in self.quantities().items()}

    def put(self, name: str, value: Any) -> None:
        """Changes a value from outside. Raises SimulatorError."""
        quantity = self.quantities().get(name)
        if quantity is None:
            known = ", ".join(self.quantities()) or "nothing"
            raise SimulatorError(f"{self.identity.name} has no {name!r}; it has {known}.")
        if quantity.put is None:
            raise SimulatorError(f"The {name} of {self.identity.name} cannot be set.")
        try:
            quantity.put(value)
        except SimulatorError as error:
            raise SimulatorError(f"{name} of {self.identity.name}: {error.sentence}") from None

    def press(self) -> None:
        if not any(cluster.press() for cluster in self.clusters()):
            raise SimulatorError(f"{self.identity.name} has no button.")

    # cluster.Host

    def changed(self, cluster: Cluster, attribute: int) -> None:
        self.reporting.changed(cluster, attribute)
        self._air.changed(self)

    def command(self, cluster: Cluster, number: int, payload: bytes) -> None:
        server = cluster.is_server
        data = zcl.frame(number, payload, self._next(), general=False, server=server)
        self._to_bound(cluster, data)

    def command_to(self, cluster: Cluster, number: int, payload: bytes, eui64: bytes) -> None:
        data = zcl.frame(number, payload, self._next(), general=False, server=cluster.is_server)
        self._air.send_to(self, self._message(cluster, 1, data), eui64)

    def command_at(
        self, cluster: Cluster, number: int, payload: bytes, address: int, endpoint: int
    ) -> None:
        data = zcl.frame(number, payload, self._next(), general=False, server=cluster.is_server)
        self._air.send(self, self._message(cluster, endpoint, data), address)

    def speak(
        self, cluster: Cluster, build: Callable[[int], bytes], *, bound: bool = False
    ) -> None:
        data = build(self._next())
        if bound:
            self._to_bound(cluster, data)
        else:
            self._air.send(self, self._message(cluster, 1, data), aps.COORDINATOR)

    def sibling(self, cluster: Cluster, cluster_id: int) -> Cluster | None:
        return self.endpoints[cluster.endpoint].servers.get(cluster_id)

    def servers_beside(self, cluster: Cluster) -> list[Cluster]:
        return list(self.endpoints[cluster.endpoint].servers.values())

    def groups_of(self, cluster: Cluster) -> set[int]:
        return self.endpoints[cluster.endpoint].groups

    def later(self, delay_s: float, action: Callable[[], None]) -> Callable[[], None]:
        def run() -> None:
            self._timers.discard(timer)
            action()

        def cancel() -> None:
            timer.cancel()
            self._timers.discard(timer)

        timer = self._loop.call_later(delay_s, run)
        self._timers.add(timer)
        return cancel

    def now(self) -> float:
        return self._loop.time()

    def poll_s(self) -> float:
        return self.link.poll_s

    def set_poll(self, poll_s: float) -> None:
        self.link.poll_s = poll_s

    def listen(self, duration_s: float) -> None:
        self._air.listen(self, duration_s)

    # Sending

    def _next(self) -> int:
        self._sequence = (self._sequence + 1) % 256
        return self._sequence

    def _message(self, cluster: Cluster, endpoint: int, payload: bytes) -> Message:
        profile = aps.HOME_AUTOMATION
        return Message(self.address, profile, cluster.id, cluster.endpoint, endpoint, payload)

    def _report(self, cluster: Cluster, records: bytes) -> None:
        server = cluster.is_server
        data = zcl.frame(zcl.REPORT, records, self._next(), general=True, server=server)
        if self.link.report_delay_ms:
            self.later(self.link.report_delay_ms / 1000, lambda: self._to_bound(cluster, data))
        else:
            self._to_bound(cluster, data)

    def _to_bound(self, cluster: Cluster, data: bytes) -> None:
        for binding in self.bindings:
            if (binding.endpoint, binding.cluster) != (cluster.endpoint, cluster.id):
                continue
            message = self._message(cluster, binding.target_endpoint, data)
            if binding.group is None:
                self._air.send_to(self, message, binding.eui64)
            else:
                message.group = binding.group
                self._air.send_many(self, message)

    def announce(self) -> None:
        """ZDO device announce, as after joining and after power-up."""
        capability = self.node_descriptor()[2]
        payload = bytes((self._next(),)) + self.address.to_bytes(2, "little") + self.eui64
        message = Message(
            self.address, aps.ZDO_PROFILE, zdo.DEVICE_ANNOUNCE, 0, 0, payload + bytes((capability,))
        )
        message.broadcast = aps.RX_ON_NODES
        self._air.send_many(self, message)

    # Receiving

    def receive(self, message: Message) -> None:
        if self._keeps_silent(message):
            return
        if message.profile == aps.ZDO_PROFILE:
            reply = zdo.answer(self, message.cluster, message.payload, unicast=message.is_unicast)
            if reply is not None:
                self._reply(message, message.cluster | 0x8000, 0, reply)
            return
        for endpoint in self._addressed(message):
            self._receive_zcl(endpoint, message)

    def _keeps_silent(self, message: Message) -> bool:
        """Whether it is stuck in its interview, or never answers such a request."""
        zdo_request = message.profile == aps.ZDO_PROFILE
        if zdo_request and message.cluster in self.link.mute_zdo:
            return True
        stuck_at = self.link.interview_stuck_at
        if stuck_at is None:
            return False
        stages = [("node_descriptor", 0x0002), ("active_endpoints", 0x0005)]
        stages.append(("simple_descriptor", 0x0004))
        reached = [name for name, _ in stages].index(stuck_at) if stuck_at != "model" else 3
        if not zdo_request:
            return True
        return message.cluster in [cluster for _, cluster in stages[reached:]]

    def _addressed(self, message: Message) -> list[Endpoint]:
        if message.group is not None:
            return [one for one in self.endpoints.values() if message.group in one.groups]
        if message.endpoint == 0xFF:
            return list(self.endpoints.values())
        endpoint = self.endpoints.get(message.endpoint)
        return [] if endpoint is None else [endpoint]

    def _receive_zcl(self, endpoint: Endpoint, message: Message) -> None:
        from_server = bool(message.payload[:1] and message.payload[0] & zcl.FROM_SERVER)
        side = endpoint.clients if from_server else endpoint.servers
        reply = zcl.answer(
            side.get(message.cluster),
            self.reporting,
            message.payload,
            source=message.source,
            source_endpoint=message.source_endpoint,
            unicast=message.is_unicast,
            manner=self._manner(),
        )
        if reply is not None:
            self._reply(message, message.cluster, endpoint.number, reply)

    def _manner(self) -> zcl.Manner | None:
        link = self.link
        if link.lies or link.refuses is not None:
            return zcl.Manner(link.refuses, link.lies)
        return None

    def _reply(self, message: Message, cluster: int, endpoint: int, payload: bytes) -> None:
        answer = Message(
            self.address, message.profile, cluster, endpoint, message.source_endpoint, payload
        )
        self._air.send(self, answer, message.source)

    # zdo.Subject

    def node_descriptor(self) -> bytes:
        who = self.identity
        capability = 0x80 | who.router << 1 | who.mains << 2 | who.rx_on << 3
        kind = 1 if who.router else 2
        code = who.manufacturer_code.to_bytes(2, "little")
        return bytes((kind, 0x40, capability)) + code + bytes.fromhex("525200002c520000")

    def power_descriptor(self) -> int:
        return 0xC110 if self.identity.mains else 0xC440

    def simple_descriptors(self) -> dict[int, zdo.SimpleDescriptor]:
        return {
            one.number: zdo.SimpleDescriptor(
                one.number,
                aps.HOME_AUTOMATION,
                one.device_id,
                1,
                list(one.servers),
                list(one.clients),
            )
            for one in self.endpoints.values()
        }

    def neighbours(self) -> tuple[bytes, list[zdo.Neighbour]]:
        return self._air.neighbours(self)

    def routes(self) -> list[tuple[int, int]]:
        return [(aps.COORDINATOR, aps.COORDINATOR)] if self.identity.router else []

    def permit_joining(self, duration_s: int) -> None:
        if self.identity.router:
            self._air.permit_joining(self, duration_s)

    def asked_to_leave(self, *, rejoin: bool) -> None:
        self._loop.call_soon(lambda: self._air.leave(self, rejoin=rejoin))

    def bindings_changed(self) -> None:
        self._air.changed(self)

    def change_channel(self, channel: int, update_id: int) -> None:
        """Devices follow the coordinator wherever it goes."""

    def find_server(self, endpoint: int, cluster: int) -> Cluster | None:
        found = self.endpoints.get(endpoint)
        return None if found is None else found.servers.get(cluster)

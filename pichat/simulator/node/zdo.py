"""The Zigbee Device Object: what every node, the coordinator included, tells about itself.

Source: Zigbee specification r22, section 2.4. A request's answer has the same cluster id with the
top bit set; the transaction sequence number stands before every payload.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from pichat.simulator.wire.codec import Reader, ShortFrameError, counted, u8, u16, u16_list, u32

SUCCESS, INVALID_REQUEST, NOT_FOUND, INVALID_EP, NOT_ACTIVE, NOT_SUPPORTED, NO_ENTRY = (
    0x00,
    0x80,
    0x81,
    0x82,
    0x83,
    0x84,
    0x88,
)
DEVICE_ANNOUNCE = 0x0013
TO_GROUP, TO_ENDPOINT = 0x01, 0x03


@dataclass(frozen=True)
class Binding:
    """Sends what `cluster` on `endpoint` has to say to a group, or to an endpoint of a node."""

    endpoint: int
    cluster: int
    group: int | None = None
    eui64: bytes = b""
    target_endpoint: int = 0

    def destination(self) -> bytes:
        if self.group is not None:
            return u8(TO_GROUP) + u16(self.group)
        return u8(TO_ENDPOINT) + self.eui64 + u8(self.target_endpoint)


class SimpleDescriptor(NamedTuple):
    endpoint: int
    profile: int
    device: int
    version: int
    servers: list[int]
    clients: list[int]

    def packed(self) -> bytes:
        head = u8(self.endpoint) + u16(self.profile) + u16(self.device) + u8(self.version)
        ins = u8(len(self.servers)) + u16_list(self.servers)
        return head + ins + u8(len(self.clients)) + u16_list(self.clients)


class Neighbour(NamedTuple):
    """`kind` 0 coordinator, 1 router, 2 end device; `relation` 0 parent, 1 child, 2 sibling."""

    eui64: bytes
    address: int
    kind: int
    rx_on: bool
    relation: int
    lqi: int


class Subject(Protocol):
    """The node that is asked."""

    eui64: bytes
    address: int
    bindings: list[Binding]

    def node_descriptor(self) -> bytes: ...
    def power_descriptor(self) -> int: ...
    def simple_descriptors(self) -> dict[int, SimpleDescriptor]: ...
    def neighbours(self) -> tuple[bytes, list[Neighbour]]:
        """The network's extended PAN id and the neighbour table."""
        ...

    def routes(self) -> list[tuple[int, int]]:
        """Destination and next hop."""
        ...

    def permit_joining(self, duration_s: int) -> None: ...
    def asked_to_leave(self, *, rejoin: bool) -> None: ...
    def bindings_changed(self) -> None: ...
    def change_channel(self, channel: int, update_id: int) -> None: ...


Reply = bytes | None
Handler = Callable[[Subject, Reader, bool], Reply]
_HANDLERS: dict[int, Handler] = {}


def _request(cluster: int) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        _HANDLERS[cluster] = handler
        return handler

    return register


def answer(subject: Subject, cluster: int, payload: bytes, *, unicast: bool) -> Reply:
    """Carries out a request; returns the answer's payload (its cluster is `cluster | 0x8000`)."""
    if cluster & 0x8000 or cluster == DEVICE_ANNOUNCE:
        return None
    handler = _HANDLERS.get(cluster)
    try:
        reader = Reader(payload)
        sequence = reader.take(1)
        if handler is None:
            return sequence + u8(NOT_SUPPORTED) if unicast else None
        reply = handler(subject, reader, unicast)
    except ShortFrameError:
        return payload[:1] + u8(INVALID_REQUEST) if payload and unicast else None
    return None if reply is None else sequence + reply


@_request(0x0000)
def _network_address(subject: Subject, fields: Reader, unicast: bool) -> Reply:
    if fields.eui64() != subject.eui64:
        return u8(NOT_FOUND) + subject.eui64 + u16(0xFFFF) if unicast else None
    return _addresses(subject, fields)


@_request(0x0001)
def _long_address(subject: Subject, fields: Reader, unicast: bool) -> Reply:
    if fields.u16() != subject.address:
        return u8(NOT_FOUND) + bytes(8) + u16(0xFFFF) if unicast else None
    return _addresses(subject, fields)


def _addresses(subject: Subject, fields: Reader) -> bytes:
    extended = fields.u8() == 1
    tail = bytes((0, fields.u8())) if extended else b""
    return u8(SUCCESS) + subject.eui64 + u16(subject.address) + tail


def _about(subject: Subject, fields: Reader) -> bytes | None:
    """The address of interest; None when it is not this node."""
    return u16(subject.address) if fields.u16() == subject.address else None


@_request(0x0002)
def _node_descriptor(subject: Subject, fields: Reader, _: bool) -> Reply:
    about = _about(subject, fields)
    return u8(NOT_FOUND) + u16(0) if about is None else _ok(about, subject.node_descriptor())


@_request(0x0003)
def _power_descriptor(subject: Subject, fields: Reader, _: bool) -> Reply:
    about = _about(subject, fields)
    if about is None:
        return u8(NOT_FOUND) + u16(0)
    return _ok(about, u16(subject.power_descriptor()))


@_request(0x0004)
def _simple_descriptor(subject: Subject, fields: Reader, _: bool) -> Reply:
    about, endpoint = _about(subject, fields), fields.u8()
    if about is None:
        return u8(NOT_FOUND) + u16(0) + u8(0)
    found = subject.simple_descriptors().get(endpoint)
    if found is None:
        return u8(NOT_ACTIVE if 0 < endpoint <= 240 else INVALID_EP) + about + u8(0)
    return _ok(about, counted(found.packed()))


@_request(0x0005)
def _active_endpoints(subject: Subject, fields: Reader, _: bool) -> Reply:
    about = _about(subject, fields)
    if about is None:
        return u8(NOT_FOUND) + u16(0) + u8(0)
    return _ok(about, counted(bytes(sorted(subject.simple_descriptors()))))


@_request(0x0006)
def _match(subject: Subject, fields: Reader, unicast: bool) -> Reply:
    fields.u16()
    profile = fields.u16()
    servers = {fields.u16() for _ in range(fields.u8())}
    clients = {fields.u16() for _ in range(fields.u8())}
    matching = [
        number
        for number, one in sorted(subject.simple_descriptors().items())
        if one.profile == profile and (servers & set(one.servers) or clients & set(one.clients))
    ]
    if not matching and not unicast:
        return None
    return _ok(u16(subject.address), counted(bytes(matching)))


def _ok(about: bytes, payload: bytes) -> bytes:
    return u8(SUCCESS) + about + payload


def _read_binding(fields: Reader) -> tuple[bytes, Binding]:
    source, endpoint, cluster, mode = fields.eui64(), fields.u8(), fields.u16(), fields.u8()
    if mode == TO_GROUP:
        return source, Binding(endpoint, cluster, group=fields.u16())
    return source, Binding(endpoint, cluster, eui64=fields.eui64(), target_endpoint=fields.u8())


@_request(0x0021)
def _bind(subject: Subject, fields: Reader, _: bool) -> Reply:
    source, binding = _read_binding(fields)
    if source != subject.eui64:
        return u8(NOT_SUPPORTED)
    if binding.endpoint not in subject.simple_descriptors():
        return u8(INVALID_EP)
    if binding not in subject.bindings:
        subject.bindings.append(binding)
        subject.bindings_changed()
    return u8(SUCCESS)


@_request(0x0022)
def _unbind(subject: Subject, fields: Reader, _: bool) -> Reply:
    source, binding = _read_binding(fields)
    if source != subject.eui64 or binding not in subject.bindings:
        return u8(NO_ENTRY)
    subject.bindings.remove(binding)
    subject.bindings_changed()
    return u8(SUCCESS)


def _table(entries: list[bytes], start: int, most: int) -> bytes:
    part = entries[start : start + most]
    return bytes((SUCCESS, len(entries), start, len(part))) + b"".join(part)


@_request(0x0031)
def _neighbour_table(subject: Subject, fields: Reader, _: bool) -> Reply:
    extended_pan, neighbours = subject.neighbours()
    entries = [
        extended_pan
        + one.eui64
        + u16(one.address)
        + bytes((one.kind | one.rx_on << 2 | one.relation << 4, 0x02, int(one.kind > 0), one.lqi))
        for one in neighbours
    ]
    return _table(entries, fields.u8(), 3)


@_request(0x0032)
def _routing_table(subject: Subject, fields: Reader, _: bool) -> Reply:
    entries = [u16(target) + u8(0) + u16(hop) for target, hop in subject.routes()]
    return _table(entries, fields.u8(), 10)


@_request(0x0033)
def _binding_table(subject: Subject, fields: Reader, _: bool) -> Reply:
    entries = [
        subject.eui64 + u8(one.endpoint) + u16(one.cluster) + one.destination()
        for one in subject.bindings
    ]
    return _table(entries, fields.u8(), 3)


@_request(0x0034)
def _leave(subject: Subject, fields: Reader, _: bool) -> Reply:
    target, options = fields.eui64(), fields.u8()
    if target not in (subject.eui64, bytes(8)):
        return u8(NOT_SUPPORTED)
    subject.asked_to_leave(rejoin=bool(options & 0x80))
    return u8(SUCCESS)


@_request(0x0036)
def _permit_joining(subject: Subject, fields: Reader, unicast: bool) -> Reply:
    subject.permit_joining(fields.u8())
    return u8(SUCCESS) if unicast else None


@_request(0x0038)
def _network_update(subject: Subject, fields: Reader, unicast: bool) -> Reply:
    channels, duration = fields.u32(), fields.u8()
    if duration == 0xFE:
        subject.change_channel(channels.bit_length() - 1, fields.u8())
        return u8(SUCCESS) + u32(channels) + u16(0) + u16(0) + counted(b"") if unicast else None
    if duration > 5:
        return u8(INVALID_REQUEST) if unicast else None
    count = (channels & 0x07FFF800).bit_count()
    energies = bytes(40 + (number * 37) % 60 for number in range(count))
    return u8(SUCCESS) + u32(channels) + u16(120) + u16(3) + counted(energies)

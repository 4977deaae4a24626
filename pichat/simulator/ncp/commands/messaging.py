"""Sending, and the tables that sending uses (UG100, chapter 8)."""

from __future__ import annotations

from pichat.simulator.ncp import callbacks
from pichat.simulator.ncp.registry import REGISTRY
from pichat.simulator.ncp.status import SL_STATUS_SINCE, Status
from pichat.simulator.ncp.stick import Stick
from pichat.simulator.node.aps import Message
from pichat.simulator.wire.codec import Reader, u8, u16

NO_NODE = 0xFFFF
VIA_ADDRESS_TABLE, VIA_BINDING = 1, 2
NOBODY = b"\xff" * 8
MOST_BYTES = 82


def _read_frame(fields: Reader) -> Message:
    profile, cluster, source_endpoint, endpoint = (
        fields.u16(),
        fields.u16(),
        fields.u8(),
        fields.u8(),
    )
    options, group, sequence = fields.u16(), fields.u16(), fields.u8()
    message = Message(0, profile, cluster, source_endpoint, endpoint, b"", sequence, options)
    message.group = group
    return message


def _tag(stick: Stick, fields: Reader) -> int:
    return fields.u8() if stick.version < SL_STATUS_SINCE else fields.u16()


def _sent(stick: Stick, status: Status, message: Message) -> bytes:
    return stick.status(status) + u8(message.sequence)


@REGISTRY.on(0x34)
def send_unicast(stick: Stick, fields: Reader) -> bytes:
    kind, target = fields.u8(), fields.u16()
    message = _read_frame(fields)
    message.group = None
    tag = _tag(stick, fields)
    message.payload = fields.counted()
    if len(message.payload) > MOST_BYTES:
        return _sent(stick, Status.MESSAGE_TOO_LONG, message)
    if kind == VIA_BINDING:
        return _sent(stick, Status.INVALID_CALL, message)
    if kind == VIA_ADDRESS_TABLE:
        target = stick.now.addresses.get(target, (NOBODY, NO_NODE))[1]
    return _sent(stick, stick.send_unicast(target, message, tag), message)


@REGISTRY.on(0x36, until=13)
def send_broadcast(stick: Stick, fields: Reader) -> bytes:
    target = fields.u16()
    return _broadcast(stick, fields, target)


@REGISTRY.on(0x36, since=14)
def send_broadcast_aliased(stick: Stick, fields: Reader) -> bytes:
    fields.u16()
    target = fields.u16()
    fields.u8()
    return _broadcast(stick, fields, target)


def _broadcast(stick: Stick, fields: Reader, target: int) -> bytes:
    message = _read_frame(fields)
    message.group, message.broadcast = None, target
    fields.u8()
    tag = _tag(stick, fields)
    message.payload = fields.counted()
    return _sent(stick, stick.send_many(callbacks.TO_ALL, target, message, tag), message)


@REGISTRY.on(0x38, until=13)
def send_multicast(stick: Stick, fields: Reader) -> bytes:
    message = _read_frame(fields)
    fields.take(2)
    return _multicast(stick, fields, message)


@REGISTRY.on(0x38, since=14)
def send_multicast_aliased(stick: Stick, fields: Reader) -> bytes:
    message = _read_frame(fields)
    fields.take(1 + 2 + 2 + 1)
    return _multicast(stick, fields, message)


def _multicast(stick: Stick, fields: Reader, message: Message) -> bytes:
    tag = _tag(stick, fields)
    message.payload = fields.counted()
    target = message.group or 0
    return _sent(stick, stick.send_many(callbacks.TO_GROUP, target, message, tag), message)


@REGISTRY.on(0x39)
def send_reply(stick: Stick, _: Reader) -> bytes:
    """Used for the acknowledgement of fragments, which no device here sends."""
    return stick.status(Status.OK)


@REGISTRY.on(0x63)
def get_multicast_entry(stick: Stick, fields: Reader) -> bytes:
    group, endpoint = stick.now.multicast.get(fields.u8(), (0, 0))
    return stick.status(Status.OK) + u16(group) + u8(endpoint) + u8(0)


@REGISTRY.on(0x64)
def set_multicast_entry(stick: Stick, fields: Reader) -> bytes:
    index, group, endpoint = fields.u8(), fields.u16(), fields.u8()
    stick.now.multicast[index] = (group, endpoint)
    return stick.status(Status.OK)


def _address_of(stick: Stick, eui64: bytes) -> int | None:
    for one in stick.radio.members.values():
        if one.eui64 == eui64:
            return one.address
    table = stick.now.addresses.values()
    return next((address for known, address in table if known == eui64), None)


@REGISTRY.on(0x60)
def lookup_node_id(stick: Stick, fields: Reader) -> bytes:
    address = _address_of(stick, fields.eui64())
    packed = u16(NO_NODE if address is None else address)
    if stick.version < SL_STATUS_SINCE:
        return packed
    return stick.status(Status.NOT_FOUND if address is None else Status.OK) + packed


@REGISTRY.on(0x61)
def lookup_eui64(stick: Stick, fields: Reader) -> bytes:
    address = fields.u16()
    if address == stick.address:
        return stick.status(Status.OK) + stick.eui64
    device = stick.radio.members.get(address)
    if device is None:
        return stick.status(Status.NOT_FOUND) + NOBODY
    return stick.status(Status.OK) + device.eui64


@REGISTRY.on(0x7F)
def get_extended_timeout(stick: Stick, fields: Reader) -> bytes:
    extended = fields.eui64() in stick.now.extended_timeouts
    if stick.version < SL_STATUS_SINCE:
        return u8(extended)
    return stick.status(Status.OK if extended else Status.FATAL)


def _extend(stick: Stick, eui64: bytes, *, extended: bool) -> None:
    if extended:
        stick.now.extended_timeouts.add(eui64)
    else:
        stick.now.extended_timeouts.discard(eui64)


@REGISTRY.on(0x7E)
def set_extended_timeout(stick: Stick, fields: Reader) -> bytes:
    _extend(stick, fields.eui64(), extended=bool(fields.u8()))
    return b"" if stick.version < SL_STATUS_SINCE else stick.status(Status.OK)


@REGISTRY.on(0x82)
def replace_address(stick: Stick, fields: Reader) -> bytes:
    index, eui64, address = fields.u8(), fields.eui64(), fields.u16()
    extended = bool(fields.u8())
    old_eui64, old_address = stick.now.addresses.get(index, (NOBODY, NO_NODE))
    old_extended = old_eui64 in stick.now.extended_timeouts
    stick.now.addresses[index] = (eui64, address)
    _extend(stick, eui64, extended=extended)
    return stick.status(Status.OK) + old_eui64 + u16(old_address) + u8(old_extended)


@REGISTRY.on(0x5E, until=13)
def address_eui64(stick: Stick, fields: Reader) -> bytes:
    return stick.now.addresses.get(fields.u8(), (NOBODY, NO_NODE))[0]


@REGISTRY.on(0x5F, until=13)
def address_node_id(stick: Stick, fields: Reader) -> bytes:
    return u16(stick.now.addresses.get(fields.u8(), (NOBODY, NO_NODE))[1])


@REGISTRY.on(0x5E, since=14)
def address_info(stick: Stick, fields: Reader) -> bytes:
    index = fields.u8()
    eui64, address = stick.now.addresses.get(index, (NOBODY, NO_NODE))
    known = index in stick.now.addresses
    status = stick.status(Status.OK if known else Status.NOT_FOUND)
    return status + u16(address) + eui64


@REGISTRY.on(0x5C, until=13)
def set_address_eui64(stick: Stick, fields: Reader) -> bytes:
    index, eui64 = fields.u8(), fields.eui64()
    stick.now.addresses[index] = (eui64, stick.now.addresses.get(index, (b"", NO_NODE))[1])
    return stick.status(Status.OK)


@REGISTRY.on(0x5C, since=14)
def set_address_info(stick: Stick, fields: Reader) -> bytes:
    index = fields.u8()
    stick.now.addresses[index] = (fields.eui64(), fields.u16())
    return stick.status(Status.OK)


@REGISTRY.on(0x5D, until=13)
def set_address_node_id(stick: Stick, fields: Reader) -> bytes:
    index, address = fields.u8(), fields.u16()
    stick.now.addresses[index] = (stick.now.addresses.get(index, (NOBODY, 0))[0], address)
    return b""

"""The callbacks that a stick sends unasked, in the layout of each protocol version."""

from __future__ import annotations

from pichat.simulator.ncp.status import SL_STATUS_SINCE, Status
from pichat.simulator.node.aps import Message
from pichat.simulator.wire.codec import counted, i8, u8, u16, u32

STACK_STATUS, SCAN_COMPLETE, TRUST_CENTER_JOIN = 0x19, 0x1C, 0x24
MESSAGE_SENT, INCOMING_MESSAGE, ENERGY_RESULT = 0x3F, 0x45, 0x48
UNICAST, MULTICAST, BROADCAST = 0x00, 0x02, 0x04
DIRECT, TO_GROUP, TO_ALL = 0x00, 0x03, 0x06
SECURED_REJOIN, UNSECURED_JOIN, DEVICE_LEFT = 0, 1, 2
USE_PRECONFIGURED_KEY, DENY_JOIN = 0, 2
NO_INDEX = 0xFF


def aps_frame(message: Message) -> bytes:
    """EmberApsFrame."""
    return b"".join(
        (
            u16(message.profile),
            u16(message.cluster),
            u8(message.source_endpoint),
            u8(message.endpoint),
            u16(message.options),
            u16(message.group or 0),
            u8(message.sequence),
        )
    )


def incoming_message(
    version: int, message: Message, eui64: bytes, lqi: int, timestamp_ms: int
) -> bytes:
    kind = UNICAST
    if message.group is not None:
        kind = MULTICAST
    elif message.broadcast is not None:
        kind = BROADCAST
    rssi = i8(max(-100, min(-20, lqi // 3 - 100)))
    sender, nobody = u16(message.source), u8(NO_INDEX) * 2
    head = u8(kind) + aps_frame(message)
    if version < SL_STATUS_SINCE:
        info = u8(lqi) + rssi + sender + nobody
    else:
        info = sender + eui64 + nobody + u8(lqi) + rssi + u32(timestamp_ms & 0xFFFFFFFF)
    return head + info + counted(message.payload)


def message_sent(
    version: int, kind: int, target: int, message: Message, tag: int, status: Status, echo: bytes
) -> bytes:
    frame = aps_frame(message)
    if version < SL_STATUS_SINCE:
        body = u8(kind) + u16(target) + frame + u8(tag) + status.packed(version)
    else:
        body = status.sl() + u8(kind) + u16(target) + frame + u16(tag)
    return body + counted(echo)


def trust_center_join(address: int, eui64: bytes, update: int, decision: int, parent: int) -> bytes:
    return u16(address) + eui64 + u8(update) + u8(decision) + u16(parent)

"""Manufacturing tokens and the token interface to the flash (UG100, chapters 5 and 18)."""

from __future__ import annotations

from pichat.simulator.ncp.memory import NO_EUI64
from pichat.simulator.ncp.registry import REGISTRY
from pichat.simulator.ncp.status import Status
from pichat.simulator.ncp.stick import Stick
from pichat.simulator.wire.codec import Reader, counted, i8, u8, u16, u32

MANUFACTURER, BOARD, MANUFACTURER_ID, CUSTOM_EUI64 = 0x01, 0x02, 0x03, 0x0C
EMPTY_SIZES = {
    0x00: 2,
    0x04: 2,
    0x05: 16,
    0x06: 40,
    0x07: 8,
    0x08: 64,
    0x09: 92,
    0x0A: 20,
    0x0B: 1,
    0x0D: 2,
}
RESTORED_EUI64, NODE_DATA, MANAGEMENT, TRUST_CENTER = 0xE12A, 0x1EE64, 0x1E125, 0x1E124


@REGISTRY.on(0x0B)
def get_manufacturing_token(stick: Stick, fields: Reader) -> bytes:
    token = fields.u8()
    if token == MANUFACTURER:
        return counted(b"PiChat".ljust(16, b"\xff"))
    if token == BOARD:
        return counted(b"Simulated stick".ljust(16, b"\xff"))
    if token == MANUFACTURER_ID:
        return counted(u16(0x1289))
    if token == CUSTOM_EUI64:
        return counted(stick.memory.custom_eui64)
    return counted(b"\xff" * EMPTY_SIZES.get(token, 0))


@REGISTRY.on(0x0C)
def set_manufacturing_token(stick: Stick, fields: Reader) -> bytes:
    token, data = fields.u8(), fields.counted()
    if token != CUSTOM_EUI64 or stick.memory.custom_eui64 != NO_EUI64 or len(data) != 8:
        return stick.status(Status.INVALID_CALL)
    stick.memory.custom_eui64 = data
    stick.around.changed()
    return stick.status(Status.OK)


def _token(stick: Stick, token: int, index: int) -> bytes | None:
    """A token's bytes; those of the network are made from what is known of it."""
    network = stick.memory.network
    if token == RESTORED_EUI64:
        return stick.memory.restored_eui64 if stick.memory.rewritable else None
    if network is not None and token == NODE_DATA:
        head = u16(network.pan) + i8(network.power_dbm) + u8(network.channel)
        return head + bytes((0x02, 0x01)) + u16(0) + network.extended_pan
    if network is not None and token == MANAGEMENT:
        return u32(network.channels) + u16(network.manager) + bytes((network.update_id, 0))
    if network is not None and token == TRUST_CENTER:
        return u16(network.security) + stick.eui64 + network.link_key
    return stick.memory.tokens.get(f"{token:x}/{index}")


@REGISTRY.on(0x102)
def get_token(stick: Stick, fields: Reader) -> bytes:
    value = _token(stick, fields.u32(), fields.u32())
    if value is None:
        return stick.status(Status.NOT_FOUND)
    return stick.status(Status.OK) + u32(len(value)) + value


@REGISTRY.on(0x103)
def set_token(stick: Stick, fields: Reader) -> bytes:
    token, index = fields.u32(), fields.u32()
    value = fields.take(fields.u32())
    network = stick.memory.network
    if token == RESTORED_EUI64:
        stick.memory.restored_eui64 = value
    elif token == NODE_DATA and network is not None:
        network.power_dbm = int.from_bytes(value[2:3], "little", signed=True)
    elif token == MANAGEMENT and network is not None:
        network.update_id = value[6]
    else:
        stick.memory.tokens[f"{token:x}/{index}"] = value
    stick.around.changed()
    return stick.status(Status.OK)


@REGISTRY.on(0x100, until=17)
def token_count(stick: Stick, _: Reader) -> bytes:
    return u8(len(stick.memory.tokens))


@REGISTRY.on(0x100, since=18)
def token_count_wide(stick: Stick, _: Reader) -> bytes:
    return u32(len(stick.memory.tokens))


@REGISTRY.on(0x101)
def token_info(stick: Stick, fields: Reader) -> bytes:
    """Which tokens there are is told only by the ones that were written."""
    index = fields.u8()
    keys = sorted(stick.memory.tokens)
    wide = stick.version >= 19
    if index >= len(keys):
        return stick.status(Status.INDEX_OUT_OF_RANGE) + bytes(11 if wide else 8)
    token, size = int(keys[index].split("/")[0], 16), len(stick.memory.tokens[keys[index]])
    packed = u32(size) if wide else u8(size)
    return stick.status(Status.OK) + u32(token) + bytes((0, 0)) + packed + u8(1)


@REGISTRY.on(0x77)
def factory_reset(stick: Stick, fields: Reader) -> bytes:
    """tokenFactoryReset: the network and its counters are gone; devices keep what they know."""
    fields.take(2)
    stick.memory.forget_network()
    stick.memory.tokens.clear()
    stick.now.up = False
    stick.around.network_changed()
    stick.around.changed()
    return b""

"""Version, configuration values, policies, endpoints (EZSP reference UG100, chapter 4)."""

from __future__ import annotations

from pichat.simulator.ncp.registry import REGISTRY
from pichat.simulator.ncp.status import SL_STATUS_SINCE, Status
from pichat.simulator.ncp.stick import LocalEndpoint, Stick
from pichat.simulator.node.zdo import SimpleDescriptor
from pichat.simulator.wire.codec import Reader, counted, u8, u16, u32

STACK_VERSIONS = {
    13: (7, 4, 3, 0),
    14: (8, 0, 2, 0),
    15: (8, 1, 0, 0),
    16: (8, 2, 1, 0),
    17: (9, 0, 0, 0),
    18: (9, 1, 0, 0),
    19: (9, 2, 0, 0),
}
MESH_STACK = 0x02
VALUE_FREE_BUFFERS, VALUE_ENDPOINT_FLAGS, VALUE_VERSION_INFO = 0x03, 0x0F, 0x11
VALUE_NETWORK_COUNTER, VALUE_APS_COUNTER = 0x23, 0x24
EXTENDED_ENDPOINT_FLAGS = 0x00
DEFAULT_CONFIG = {
    0x01: 64,
    0x02: 16,
    0x03: 10,
    0x04: 32,
    0x05: 8,
    0x06: 8,
    0x07: 16,
    0x08: 8,
    0x0C: 0,
    0x0D: 5,
    0x10: 30,
    0x11: 6,
    0x12: 3000,
    0x13: 8,
    0x17: 0,
    0x18: 0,
    0x19: 0,
    0x1A: 100,
    0x1C: 1,
    0x1D: 0,
    0x1E: 12,
    0x1F: 1600,
    0x20: 3,
    0x21: 60,
    0x22: 1,
    0x24: 0,
    0x29: 0,
    0x2A: 0,
    0x2B: 15,
    0x2C: 1,
    0x2D: 1,
    0x2E: 0,
    0x2F: 0,
    0x30: 0,
    0x33: 0,
    0x34: 8,
    0x35: 11,
    0x36: 300,
    0x37: 0xFF,
    0x38: 300,
    0x39: 0,
    0x40: 0,
    0x41: 5,
    0x42: 0,
}
COUNTERS = 41


def stack_version(version: int) -> int:
    major, minor, patch, special = STACK_VERSIONS[version]
    return major << 12 | minor << 8 | patch << 4 | special


@REGISTRY.on(0x52)
def get_configuration(stick: Stick, fields: Reader) -> bytes:
    number = fields.u8()
    known = DEFAULT_CONFIG | stick.now.config
    if number not in known:
        return stick.status(Status.INVALID_CONFIG_ID) + u16(0)
    return stick.status(Status.OK) + u16(known[number])


@REGISTRY.on(0x53)
def set_configuration(stick: Stick, fields: Reader) -> bytes:
    number, value = fields.u8(), fields.u16()
    if number not in DEFAULT_CONFIG:
        return stick.status(Status.INVALID_CONFIG_ID)
    if stick.now.up:
        return stick.status(Status.INVALID_CALL)
    stick.now.config[number] = value
    return stick.status(Status.OK)


@REGISTRY.on(0x55)
def set_policy(stick: Stick, fields: Reader) -> bytes:
    policy = fields.u8()
    stick.now.policies[policy] = fields.u16() if fields.left() >= 2 else fields.u8()
    return stick.status(Status.OK)


@REGISTRY.on(0x56)
def get_policy(stick: Stick, fields: Reader) -> bytes:
    return stick.status(Status.OK) + u8(stick.now.policies.get(fields.u8(), 0) & 0xFF)


def _value(stick: Stick, number: int) -> bytes | None:
    if number == VALUE_VERSION_INFO:
        return u16(17) + bytes(STACK_VERSIONS[stick.version]) + u8(0xAA)
    if number == VALUE_FREE_BUFFERS:
        free = 0xFA if stick.settings.has_buffers else 0
        return u8(free) if stick.version < SL_STATUS_SINCE else u16(free)
    if number == VALUE_NETWORK_COUNTER:
        return u32(stick.memory.network_frame_counter)
    if number == VALUE_APS_COUNTER:
        return u32(stick.memory.aps_frame_counter)
    return stick.now.values.get(number)


@REGISTRY.on(0xAA)
def get_value(stick: Stick, fields: Reader) -> bytes:
    value = _value(stick, fields.u8())
    if value is None:
        return stick.status(Status.INVALID_CONFIG_ID) + counted(b"")
    return stick.status(Status.OK) + counted(value)


@REGISTRY.on(0xAB)
def set_value(stick: Stick, fields: Reader) -> bytes:
    number, value = fields.u8(), fields.counted()
    if number in (VALUE_NETWORK_COUNTER, VALUE_APS_COUNTER):
        if stick.now.up:
            return stick.status(Status.INVALID_CALL)
        counter = int.from_bytes(value, "little")
        if number == VALUE_NETWORK_COUNTER:
            stick.memory.network_frame_counter = counter
        else:
            stick.memory.aps_frame_counter = counter
    elif number == VALUE_ENDPOINT_FLAGS and len(value) >= 3:
        endpoint = stick.now.endpoints.get(value[0])
        if endpoint is not None:
            endpoint.flags = int.from_bytes(value[1:3], "little")
    else:
        stick.now.values[number] = value
    return stick.status(Status.OK)


@REGISTRY.on(0x03)
def get_extended_value(stick: Stick, fields: Reader) -> bytes:
    number, about = fields.u8(), fields.u32()
    if number != EXTENDED_ENDPOINT_FLAGS:
        return stick.status(Status.INVALID_CONFIG_ID) + counted(u16(0))
    endpoint = stick.now.endpoints.get(about & 0xFF)
    if endpoint is None:
        return stick.status(Status.INVALID_CONFIG_VALUE) + counted(u16(0))
    return stick.status(Status.OK) + counted(u16(endpoint.flags))


@REGISTRY.on(0x02)
def add_endpoint(stick: Stick, fields: Reader) -> bytes:
    number, profile, device = fields.u8(), fields.u16(), fields.u16()
    version, servers, clients = fields.u8(), fields.u8(), fields.u8()
    if stick.now.up:
        return stick.status(Status.INVALID_CALL)
    descriptor = SimpleDescriptor(
        number,
        profile,
        device,
        version,
        [fields.u16() for _ in range(servers)],
        [fields.u16() for _ in range(clients)],
    )
    stick.now.endpoints[number] = LocalEndpoint(flags=1, descriptor=descriptor)
    return stick.status(Status.OK)


@REGISTRY.on(0x05)
def nop(_: Stick, __: Reader) -> bytes:
    return b""


@REGISTRY.on(0x81)
def echo(_: Stick, fields: Reader) -> bytes:
    return counted(fields.counted())


@REGISTRY.on(0x47)
def custom_frame(stick: Stick, _: Reader) -> bytes:
    """Stock firmware has no custom commands."""
    return stick.status(Status.NOT_AVAILABLE) + counted(b"")


@REGISTRY.on(0xF1)
def read_counters(stick: Stick, _: Reader) -> bytes:
    return b"".join(u16(stick.now.counters.get(number, 0)) for number in range(COUNTERS))


@REGISTRY.on(0x65)
def read_and_clear_counters(stick: Stick, fields: Reader) -> bytes:
    values = read_counters(stick, fields)
    stick.now.counters.clear()
    return values


@REGISTRY.on(0x49)
def random_number(stick: Stick, _: Reader) -> bytes:
    return stick.status(Status.OK) + u16(int(stick.loop.time() * 1e6) & 0xFFFF)


@REGISTRY.on(0x33)
def maximum_payload(_: Stick, __: Reader) -> bytes:
    return u8(82)


@REGISTRY.on(0x15)
def set_manufacturer_code(stick: Stick, fields: Reader) -> bytes:
    fields.u16()
    return stick.status(Status.OK) if stick.version >= SL_STATUS_SINCE else b""


@REGISTRY.on(0x16)
def set_power_descriptor(stick: Stick, fields: Reader) -> bytes:
    fields.u16()
    return stick.status(Status.OK) if stick.version >= SL_STATUS_SINCE else b""


@REGISTRY.on(0x104)
def reset_node(stick: Stick, _: Reader) -> bytes:
    stick.loop.call_soon(stick.reset)
    return b""

"""Forming, resuming, leaving, scanning, permitting (UG100, chapter 6)."""

from __future__ import annotations

import asyncio

from pichat.simulator.ncp import callbacks
from pichat.simulator.ncp.memory import Network
from pichat.simulator.ncp.registry import REGISTRY
from pichat.simulator.ncp.status import Status
from pichat.simulator.ncp.stick import Stick
from pichat.simulator.wire.codec import Reader, i8, u8, u16, u32

COORDINATOR_NODE, END_NODE, SLEEPY_NODE = 1, 3, 4
NO_NETWORK, JOINED = 0x00, 0x02
MOST_DBM = 20
SCAN_CHANNEL_S = 0.002


@REGISTRY.on(0x26)
def get_eui64(stick: Stick, _: Reader) -> bytes:
    return stick.eui64


@REGISTRY.on(0x27)
def get_node_id(stick: Stick, _: Reader) -> bytes:
    return u16(stick.address if stick.now.up else 0xFFFE)


@REGISTRY.on(0x18)
def network_state(stick: Stick, _: Reader) -> bytes:
    return u8(JOINED if stick.now.up else NO_NETWORK)


@REGISTRY.on(0x17)
def network_init(stick: Stick, _: Reader) -> bytes:
    if stick.now.up:
        return stick.status(Status.INVALID_CALL)
    return stick.status(Status.OK if stick.start_network() else Status.NOT_JOINED)


@REGISTRY.on(0x1E)
def form_network(stick: Stick, fields: Reader) -> bytes:
    extended_pan, pan, power_dbm, channel = fields.take(8), fields.u16(), fields.i8(), fields.u8()
    fields.u8()
    manager, update_id, channels = fields.u16(), fields.u8(), fields.u32()
    security = stick.now.initial_security
    if stick.now.up:
        return stick.status(Status.INVALID_CALL)
    if security is None:
        return stick.status(Status.SECURITY_STATE_NOT_SET)
    if not 11 <= channel <= 26:
        return stick.status(Status.INVALID_CHANNEL)
    if power_dbm > MOST_DBM:
        return stick.status(Status.INVALID_POWER)
    bitmask, link_key, key, key_sequence = security
    stick.form(
        Network(
            extended_pan=extended_pan,
            pan=pan,
            power_dbm=power_dbm,
            channel=channel,
            manager=manager,
            update_id=update_id,
            channels=channels,
            key=key,
            key_sequence=key_sequence,
            link_key=link_key,
            security=bitmask,
        )
    )
    return stick.status(Status.OK)


@REGISTRY.on(0x20)
def leave_network(stick: Stick, _: Reader) -> bytes:
    if not stick.now.up:
        return stick.status(Status.INVALID_CALL)
    stick.leave()
    return stick.status(Status.OK)


@REGISTRY.on(0x28)
def network_parameters(stick: Stick, _: Reader) -> bytes:
    network = stick.memory.network
    if network is None or not stick.now.up:
        return stick.status(Status.NOT_JOINED) + u8(0) + bytes(20)
    parameters = (
        network.extended_pan
        + u16(network.pan)
        + i8(network.power_dbm)
        + u8(network.channel)
        + u8(0)
        + u16(network.manager)
        + u8(network.update_id)
        + u32(network.channels)
    )
    return stick.status(Status.OK) + u8(COORDINATOR_NODE) + parameters


@REGISTRY.on(0x22)
def permit_joining(stick: Stick, fields: Reader) -> bytes:
    duration_s = fields.u8()
    if not stick.now.up:
        return stick.status(Status.INVALID_CALL)
    stick.loop.call_soon(stick.open_joining, duration_s)
    return stick.status(Status.OK)


@REGISTRY.on(0x1A)
def start_scan(stick: Stick, fields: Reader) -> bytes:
    active, mask = fields.u8() == 1, fields.u32()
    channels = [number for number in range(11, 27) if mask >> number & 1]
    if not channels:
        return stick.status(Status.INVALID_ARGUMENT)
    task = stick.loop.create_task(_scan(stick, channels, active=active))
    stick.now.tasks.add(task)
    task.add_done_callback(stick.now.tasks.discard)
    return stick.status(Status.OK)


async def _scan(stick: Stick, channels: list[int], *, active: bool) -> None:
    for channel in channels:
        await asyncio.sleep(SCAN_CHANNEL_S)
        if not active:
            energy = u8(channel) + i8(stick.noise_on(channel))
            stick.emit(callbacks.ENERGY_RESULT, energy)
    stick.emit(callbacks.SCAN_COMPLETE, u8(0) + stick.status(Status.OK))


@REGISTRY.on(0x1D)
def stop_scan(stick: Stick, _: Reader) -> bytes:
    for task in stick.now.tasks:
        task.cancel()
    return stick.status(Status.OK)


def _children(stick: Stick) -> list[bytes]:
    """EmberChildData of the devices that do not listen by themselves."""
    return [
        one.eui64
        + u8(END_NODE if one.identity.rx_on else SLEEPY_NODE)
        + u16(one.address)
        + bytes((0, 0x80, 8))
        + u32(0)
        for one in stick.radio.members.values()
        if not one.identity.router
    ]


@REGISTRY.on(0x4A)
def child_data(stick: Stick, fields: Reader) -> bytes:
    index, children = fields.u8(), _children(stick)
    if index < len(children):
        return stick.status(Status.OK) + children[index]
    return stick.status(Status.NOT_JOINED) + b"\xff" * 8 + u8(0) + u16(0xFFFE) + bytes(7)


@REGISTRY.on(0xAC)
def set_child_data(stick: Stick, _: Reader) -> bytes:
    return stick.status(Status.OK)


@REGISTRY.on(0x29)
def parent_child_parameters(stick: Stick, _: Reader) -> bytes:
    return u8(len(_children(stick))) + bytes(8) + u16(0xFFFF)


@REGISTRY.on(0x7A)
def neighbour_count(stick: Stick, _: Reader) -> bytes:
    return u8(sum(one.identity.router for one in stick.radio.members.values()))


@REGISTRY.on(0x79)
def neighbour(stick: Stick, fields: Reader) -> bytes:
    routers = [one for one in stick.radio.members.values() if one.identity.router]
    index = fields.u8()
    if index >= len(routers):
        return stick.status(Status.FATAL) + bytes(14)
    one = routers[index]
    entry = u16(one.address) + bytes((one.link.lqi, 1, 1, 3)) + one.eui64
    return stick.status(Status.OK) + entry


@REGISTRY.on(0x7B)
def route(stick: Stick, fields: Reader) -> bytes:
    fields.u8()
    return stick.status(Status.FATAL) + u16(0xFFFF) * 2 + bytes((3, 0, 0, 0))


@REGISTRY.on(0x10)
def set_concentrator(stick: Stick, _: Reader) -> bytes:
    return stick.status(Status.OK)


@REGISTRY.on(0x5A)
def source_route_discovery(_: Stick, __: Reader) -> bytes:
    return u32(0)


@REGISTRY.on(0xAE)
@REGISTRY.on(0x41)
@REGISTRY.on(0x105)
@REGISTRY.on(0x11)
def accepted(stick: Stick, _: Reader) -> bytes:
    """setSourceRoute, sendManyToOneRouteRequest, setPassiveAckConfig, setBrokenRouteErrorCode."""
    return stick.status(Status.OK)


@REGISTRY.on(0x99)
def set_power(stick: Stick, fields: Reader) -> bytes:
    power_dbm = fields.i8()
    if power_dbm > MOST_DBM:
        return stick.status(Status.INVALID_POWER)
    if stick.memory.network is not None:
        stick.memory.network.power_dbm = power_dbm
        stick.around.changed()
    return stick.status(Status.OK)


@REGISTRY.on(0x9A)
@REGISTRY.on(0xB9)
def set_channel(stick: Stick, fields: Reader) -> bytes:
    stick.change_channel(fields.u8(), 0)
    return stick.status(Status.OK)


@REGISTRY.on(0xBA)
def get_channel(stick: Stick, _: Reader) -> bytes:
    network = stick.memory.network
    return u8(0xFF if network is None else network.channel)


@REGISTRY.on(0xFC)
def phy_count(_: Stick, __: Reader) -> bytes:
    return u8(1)


@REGISTRY.on(0xFD)
def radio_parameters(stick: Stick, _: Reader) -> bytes:
    network = stick.memory.network
    if network is None:
        return stick.status(Status.NOT_JOINED) + bytes(3)
    return stick.status(Status.OK) + i8(network.power_dbm) + u8(0) + u8(network.channel)


@REGISTRY.on(0xE2)
@REGISTRY.on(0x5F, since=17)
@REGISTRY.on(0x70)
def clear_green_power(_: Stick, __: Reader) -> bytes:
    """gpSinkTableClearAll, gpClearProxyTable, gpSinkTableInit."""
    return b""


@REGISTRY.on(0xA8)
def remove_device(stick: Stick, fields: Reader) -> bytes:
    fields.u16()
    fields.eui64()
    found = stick.now.up and stick.around.remove(fields.eui64())
    return stick.status(Status.OK if found else Status.NOT_FOUND)


@REGISTRY.on(0x2A)
def clear_bindings(stick: Stick, _: Reader) -> bytes:
    stick.bindings.clear()
    return stick.status(Status.OK)


@REGISTRY.on(0x6D, since=19)
def clear_bindings_on_leave(_: Stick, fields: Reader) -> bytes:
    fields.u8()
    return b""

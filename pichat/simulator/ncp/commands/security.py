"""Keys (UG100, chapter 9; the security manager's commands from EZSP 12)."""

from __future__ import annotations

from pichat.simulator.ncp.registry import REGISTRY
from pichat.simulator.ncp.status import SL_STATUS_SINCE, Status
from pichat.simulator.ncp.stick import Stick
from pichat.simulator.wire.codec import Reader, u8, u16, u32

KEY_NETWORK, KEY_TRUST_CENTER, KEY_APP_LINK = 1, 2, 4
CONTEXT_BYTES = 18
NO_KEY = bytes(16)
KEY_TABLE_SIZE = 12
SECURITY_HASHED = 0x0084
HAVE_TRUST_CENTER_KEY = 0x0010


@REGISTRY.on(0x68)
def set_initial_security(stick: Stick, fields: Reader) -> bytes:
    bitmask, link_key, key, sequence = fields.u16(), fields.key(), fields.key(), fields.u8()
    fields.eui64()
    if stick.now.up:
        return stick.status(Status.INVALID_CALL)
    stick.now.initial_security = (bitmask, link_key, key, sequence)
    return stick.status(Status.OK)


@REGISTRY.on(0x69)
def current_security(stick: Stick, _: Reader) -> bytes:
    network = stick.memory.network
    if network is None or not stick.now.up:
        return stick.status(Status.NOT_JOINED) + u16(0) + bytes(8)
    bitmask = network.security & SECURITY_HASHED | HAVE_TRUST_CENTER_KEY
    return stick.status(Status.OK) + u16(bitmask) + stick.eui64


def _key(stick: Stick, kind: int, index: int) -> bytes | None:
    network = stick.memory.network
    if network is not None and kind == KEY_NETWORK:
        return network.key if index == 0 else NO_KEY
    if network is not None and kind == KEY_TRUST_CENTER:
        return network.link_key
    if kind == KEY_APP_LINK and index in stick.memory.link_keys:
        return stick.memory.link_keys[index][1]
    return None


@REGISTRY.on(0x114)
def export_key(stick: Stick, fields: Reader) -> bytes:
    context = fields.take(CONTEXT_BYTES)
    key = _key(stick, context[0], context[1])
    status = (Status.NOT_FOUND if key is None else Status.OK).sl()
    if stick.version < SL_STATUS_SINCE:
        return (key or NO_KEY) + status
    return status + (key or NO_KEY) + context


@REGISTRY.on(0x116)
def network_key_info(stick: Stick, _: Reader) -> bytes:
    network = stick.memory.network
    if network is None:
        return Status.OK.sl() + bytes(8)
    counter = u32(stick.memory.network_frame_counter)
    return Status.OK.sl() + bytes((1, 0, network.key_sequence, 0)) + counter


def _link_key(stick: Stick, index: int) -> bytes:
    eui64, key = stick.memory.link_keys.get(index, (bytes(8), NO_KEY))
    found = index in stick.memory.link_keys
    status = (Status.OK if found else Status.NOT_FOUND).sl()
    info = u16(0x0010 if found else 0) + u32(0) * 2 + u16(0)
    if stick.version < SL_STATUS_SINCE:
        return eui64 + key + info + status
    context = bytes((KEY_APP_LINK, index & 0xFF)) + u16(0) + eui64 + bytes((0, 3)) + u32(0)
    return status + context + key + info


@REGISTRY.on(0x10F)
def export_link_key(stick: Stick, fields: Reader) -> bytes:
    return _link_key(stick, fields.u8())


@REGISTRY.on(0x10D)
def export_link_key_by_eui64(stick: Stick, fields: Reader) -> bytes:
    index = _find(stick, fields.eui64())
    answer = _link_key(stick, index)
    if stick.version >= SL_STATUS_SINCE:
        return answer
    key, info, status = answer[8:24], answer[24:36], answer[36:]
    return key + u8(index) + info + status


def _find(stick: Stick, eui64: bytes) -> int:
    table = stick.memory.link_keys.items()
    return next((index for index, (partner, _) in table if partner == eui64), 0xFF)


@REGISTRY.on(0x10E)
def import_link_key(stick: Stick, fields: Reader) -> bytes:
    index, eui64, key = fields.u8(), fields.eui64(), fields.key()
    if index >= KEY_TABLE_SIZE:
        return Status.INDEX_OUT_OF_RANGE.sl()
    stick.memory.link_keys[index] = (eui64, key)
    stick.around.changed()
    return Status.OK.sl()


@REGISTRY.on(0x115)
def import_key(stick: Stick, fields: Reader) -> bytes:
    context = fields.take(CONTEXT_BYTES)
    fields.key()
    status = Status.OK.sl()
    return status if stick.version < SL_STATUS_SINCE else status + context


@REGISTRY.on(0x111)
def import_transient_key(stick: Stick, fields: Reader) -> bytes:
    """A flags byte follows up to 13; some send it later."""
    eui64 = fields.eui64()
    stick.now.transient_keys[eui64] = fields.key()
    return Status.OK.sl()


@REGISTRY.on(0x10C)
def aps_key_info(stick: Stick, fields: Reader) -> bytes:
    context = fields.take(CONTEXT_BYTES)
    info = u16(0) + u32(0) * 2 + u16(0)
    if stick.version < SL_STATUS_SINCE:
        return context[4:12] + info + Status.NOT_FOUND.sl()
    return Status.NOT_FOUND.sl() + info + context


@REGISTRY.on(0x110)
def check_key(stick: Stick, fields: Reader) -> bytes:
    context = fields.take(CONTEXT_BYTES)
    found = _key(stick, context[0], context[1]) is not None
    return (Status.OK if found else Status.NOT_FOUND).sl()


@REGISTRY.on(0x6B)
def clear_transient_keys(stick: Stick, _: Reader) -> bytes:
    stick.now.transient_keys.clear()
    return b""


@REGISTRY.on(0xB1)
def clear_key_table(stick: Stick, _: Reader) -> bytes:
    stick.memory.link_keys.clear()
    stick.around.changed()
    return stick.status(Status.OK)


@REGISTRY.on(0x75)
def find_key(stick: Stick, fields: Reader) -> bytes:
    return u8(_find(stick, fields.eui64()))


@REGISTRY.on(0x76)
def erase_key(stick: Stick, fields: Reader) -> bytes:
    erased = stick.memory.link_keys.pop(fields.u8(), None)
    stick.around.changed()
    return stick.status(Status.OK if erased else Status.INDEX_OUT_OF_RANGE)

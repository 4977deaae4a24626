"""ZCL frames and the general commands that every cluster answers (ZCL 8, chapter 2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pichat.simulator.node import types
from pichat.simulator.node.cluster import Answer, Attribute, Cluster, Outcome, Request, Status
from pichat.simulator.node.reporting import Reporting
from pichat.simulator.wire.codec import Reader, ShortFrameError, u8, u16

CLUSTER_SPECIFIC, MANUFACTURER, FROM_SERVER, NO_DEFAULT = 0x01, 0x04, 0x08, 0x10
READ, READ_RESPONSE, WRITE, WRITE_UNDIVIDED, WRITE_RESPONSE, WRITE_SILENTLY = range(6)
CONFIGURE, CONFIGURE_RESPONSE, READ_CONFIG, READ_CONFIG_RESPONSE, REPORT, DEFAULT = range(6, 12)
DISCOVER, DISCOVER_RESPONSE = 0x0C, 0x0D
DISCOVER_RECEIVED, DISCOVER_GENERATED, DISCOVER_EXTENDED = 0x11, 0x13, 0x15
PAYLOAD_BYTES = 74  # what fits in one unfragmented, secured frame


@dataclass(slots=True)
class Header:
    control: int
    manufacturer: int | None
    sequence: int
    command: int

    @classmethod
    def read(cls, reader: Reader) -> Header:
        control = reader.u8()
        manufacturer = reader.u16() if control & MANUFACTURER else None
        return cls(control, manufacturer, reader.u8(), reader.u8())

    @property
    def to_server(self) -> bool:
        return not self.control & FROM_SERVER

    def answer(self, command: int, payload: bytes, *, general: bool = True) -> bytes:
        """A response frame: same sequence, other direction."""
        control = NO_DEFAULT | (0 if general else CLUSTER_SPECIFIC)
        control |= FROM_SERVER if self.to_server else 0
        head = u8(control)
        if self.manufacturer is not None:
            head = u8(control | MANUFACTURER) + u16(self.manufacturer)
        return head + bytes((self.sequence, command)) + payload


def frame(command: int, payload: bytes, sequence: int, *, general: bool, server: bool) -> bytes:
    """A frame that the device sends of its own accord."""
    control = NO_DEFAULT | (0 if general else CLUSTER_SPECIFIC) | (FROM_SERVER if server else 0)
    return bytes((control, sequence, command)) + payload


def answer(
    cluster: Cluster | None,
    reporting: Reporting,
    payload: bytes,
    *,
    source: int,
    source_endpoint: int,
    unicast: bool,
    manner: Manner | None = None,
) -> bytes | None:
    """Carries out one received ZCL frame; returns the response frame, if there is one. A `manner`
    is that of a device that does not do what it is told."""
    try:
        reader = Reader(payload)
        header = Header.read(reader)
    except ShortFrameError:
        return None
    if cluster is None:
        outcome: Outcome = Status.UNSUPPORTED_CLUSTER
    else:
        request = Request(reader, source, source_endpoint, unicast)
        outcome = _pretend(cluster, header, manner) if manner else None
        if outcome is None:
            outcome = _carry_out(cluster, reporting, header, request)
    if isinstance(outcome, Answer):
        general = outcome.general or not header.control & CLUSTER_SPECIFIC
        return header.answer(outcome.command, outcome.payload, general=general)
    unasked = outcome is Status.SUCCESS and header.control & NO_DEFAULT
    if outcome is None or unasked or not unicast:
        return None
    return header.answer(DEFAULT, bytes((header.command, outcome)))


@dataclass(slots=True, frozen=True)
class Manner:
    """refuses: the status of every answer to a command or a write. lies: says success."""

    refuses: int | None = None
    lies: bool = False


def _pretend(cluster: Cluster, header: Header, manner: Manner) -> Outcome:
    """The answer to what is not carried out; None: it is carried out all the same."""
    specific = bool(header.control & CLUSTER_SPECIFIC)
    writes = not specific and header.command in (WRITE, WRITE_UNDIVIDED)
    if not specific and not writes:
        return None
    if manner.refuses is not None:
        if writes:
            return Answer(WRITE_RESPONSE, u8(manner.refuses) + u16(0))
        return Answer(DEFAULT, bytes((header.command, manner.refuses)), general=True)
    if not manner.lies:
        return None
    return Answer(WRITE_RESPONSE, u8(Status.SUCCESS)) if writes else cluster.lie(header.command)


def _carry_out(cluster: Cluster, reporting: Reporting, header: Header, request: Request) -> Outcome:
    try:
        if header.control & CLUSTER_SPECIFIC:
            handler = cluster.commands.get(header.command)
            if handler is None or header.manufacturer is not None:
                return Status.UNSUPPORTED_COMMAND
            return handler(cluster, request)
        if header.command in (READ_RESPONSE, WRITE_RESPONSE, REPORT, DEFAULT):
            return None
        general = _GENERAL.get(header.command)
        if general is None:
            return Status.UNSUPPORTED_GENERAL_COMMAND
        return general(cluster, reporting, header, request.fields)
    except ShortFrameError:
        return Status.MALFORMED_COMMAND
    except types.UnknownTypeError:
        return Status.INVALID_DATA_TYPE


def _find(cluster: Cluster, header: Header, number: int) -> Attribute | None:
    return None if header.manufacturer is not None else cluster.known.get(number)


def _read(cluster: Cluster, _: Reporting, header: Header, fields: Reader) -> Outcome:
    records = b""
    while fields.left():
        number = fields.u16()
        attribute = _find(cluster, header, number)
        if attribute is None:
            record = u16(number) + u8(Status.UNSUPPORTED_ATTRIBUTE)
        else:
            value = types.pack(attribute.kind, cluster.values[number])
            record = u16(number) + bytes((Status.SUCCESS, attribute.kind)) + value
        if len(records) + len(record) > PAYLOAD_BYTES:
            break
        records += record
    return Answer(READ_RESPONSE, records)


def _write_all(cluster: Cluster, header: Header, fields: Reader) -> list[tuple[Status, int]]:
    results = []
    while fields.left():
        number, kind = fields.u16(), fields.u8()
        value = types.unpack(kind, fields)
        attribute = _find(cluster, header, number)
        if attribute is None:
            status = Status.UNSUPPORTED_ATTRIBUTE
        elif kind != attribute.kind:
            status = Status.INVALID_DATA_TYPE
        else:
            status = cluster.write(attribute, value)
        results.append((status, number))
    return results


def _write(cluster: Cluster, _: Reporting, header: Header, fields: Reader) -> Outcome:
    failed = [one for one in _write_all(cluster, header, fields) if one[0] is not Status.SUCCESS]
    records = b"".join(u8(status) + u16(number) for status, number in failed)
    return Answer(WRITE_RESPONSE, records or u8(Status.SUCCESS))


def _write_silently(cluster: Cluster, _: Reporting, header: Header, fields: Reader) -> Outcome:
    _write_all(cluster, header, fields)
    return None


def _configure(cluster: Cluster, reporting: Reporting, header: Header, fields: Reader) -> Outcome:
    failed = b""
    while fields.left():
        direction, number = fields.u8(), fields.u16()
        if direction == 1:
            fields.u16()
            status = Status.UNSUPPORTED_ATTRIBUTE
        else:
            kind, least_s, most_s = fields.u8(), fields.u16(), fields.u16()
            change = types.unpack(kind, fields) if types.is_analog(kind) else 0
            attribute = _find(cluster, header, number)
            if attribute is None:
                status = Status.UNSUPPORTED_ATTRIBUTE
            elif kind != attribute.kind:
                status = Status.INVALID_DATA_TYPE
            else:
                status = reporting.configure(cluster, attribute, least_s, most_s, float(change))
        if status is not Status.SUCCESS:
            failed += bytes((status, direction)) + u16(number)
    return Answer(CONFIGURE_RESPONSE, failed or u8(Status.SUCCESS))


def _read_config(cluster: Cluster, reporting: Reporting, header: Header, fields: Reader) -> Outcome:
    records = b""
    while fields.left():
        direction, number = fields.u8(), fields.u16()
        attribute = _find(cluster, header, number)
        config = reporting.find(cluster, number)
        if attribute is None or config is None:
            status = Status.UNSUPPORTED_ATTRIBUTE if attribute is None else Status.NOT_FOUND
            records += bytes((status, direction)) + u16(number)
            continue
        records += bytes((Status.SUCCESS, direction)) + u16(number) + u8(attribute.kind)
        records += u16(config.least_s) + u16(config.most_s)
        if types.is_analog(attribute.kind):
            change = config.change if attribute.kind == types.Type.FLOAT else int(config.change)
            records += types.pack(attribute.kind, change)
    return Answer(READ_CONFIG_RESPONSE, records)


def _discover(cluster: Cluster, _: Reporting, header: Header, fields: Reader) -> Outcome:
    first, most = fields.u16(), fields.u8()
    extended = header.command == DISCOVER_EXTENDED
    none = header.manufacturer is not None
    found = [] if none else [cluster.known[n] for n in sorted(cluster.known) if n >= first]
    most = min(most, PAYLOAD_BYTES // 4)
    records = b""
    for one in found[:most]:
        access = 0x01 | one.writable << 1 | one.reportable << 2
        records += u16(one.id) + u8(one.kind) + (u8(access) if extended else b"")
    return Answer(header.command + 1, u8(len(found) <= most) + records)


def _discover_commands(cluster: Cluster, _: Reporting, header: Header, fields: Reader) -> Outcome:
    first, most = fields.u8(), fields.u8()
    received = header.command == DISCOVER_RECEIVED
    known = sorted(cluster.commands if received else cluster.generated)
    found = [number for number in known if number >= first]
    return Answer(header.command + 1, u8(len(found) <= most) + bytes(found[:most]))


_GENERAL: dict[int, Callable[[Cluster, Reporting, Header, Reader], Outcome]] = {
    READ: _read,
    WRITE: _write,
    WRITE_UNDIVIDED: _write,
    WRITE_SILENTLY: _write_silently,
    CONFIGURE: _configure,
    READ_CONFIG: _read_config,
    DISCOVER: _discover,
    DISCOVER_EXTENDED: _discover,
    DISCOVER_RECEIVED: _discover_commands,
    DISCOVER_GENERATED: _discover_commands,
}

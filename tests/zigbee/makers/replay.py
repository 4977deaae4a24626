"""A device out of a fixture, on a zigpy application whose radio is a list of packets."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import zigpy.endpoint
import zigpy.types
from zigpy.application import ControllerApplication
from zigpy.device import Status, ZigbeeDevice
from zigpy.exceptions import DeliveryError
from zigpy.zcl import foundation
from zigpy.zdo import types as zdo

import pichat.zigbee.kinds  # noqa: F401 -- registers the converters
from pichat.zigbee.air import Air
from pichat.zigbee.resolver import resolve
from pichat.zigbee.view import DeviceView

t: Any = zigpy.types  # its numbers are made untyped
FIXTURES = Path(__file__).with_name("fixtures")
IEEE = t.EUI64.convert("00:15:8d:00:01:02:03:04")
COORDINATOR = t.EUI64.convert("00:0d:6f:00:00:00:00:01")
NWK = 0x1234
_WRITE, _CONFIGURE, _REPORT, _DEFAULT = 0x02, 0x06, 0x0A, 0x0B


class Ends(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    type: int
    servers: list[int]
    clients: list[int] = []
    profile: int = 0x0104


class Frame(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`hex` is a whole ZCL frame, sent by `endpoint` on `cluster`."""

    cluster: int
    hex: str
    endpoint: int = 1
    state: dict[str, Any] = {}
    press: list[str] = []  # button, how
    silent: bool = False  # nothing comes of it


class Sent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`hex` with “..” for the sequence number, which the sender chooses."""

    cluster: int
    hex: str
    endpoint: int = 1


class Command(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Setting `capability` to `value` must send `sends`; the device then tells `answers`."""

    capability: str
    value: Any
    sends: Sent
    answers: list[Frame]


class Fixture(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    device: str
    manufacturer: str
    model: str
    node: str  # the node descriptor
    endpoints: dict[int, Ends]
    kind: str
    capabilities: list[str]
    frames: list[Frame]
    version: str | None = None  # sw_build_id of the Basic cluster
    prepares: list[Sent] = []  # what it must be sent when it joins
    binds: list[tuple[int, int]] | None = None  # endpoint and cluster; None: not looked at
    commands: list[Command] = []
    sends: list[Sent] = []  # what the frames above are answered with


class Replay(ControllerApplication):
    """Whatever it sends is noted, and answered with success."""

    def __init__(self) -> None:
        super().__init__(
            {
                "device": {"path": "/dev/null"},
                "ota": {"enabled": False, "providers": [], "broadcast_enabled": False},
            }
        )
        self.state.node_info.ieee = COORDINATOR
        self.state.node_info.nwk = t.NWK(0)
        self.packets: list[t.ZigbeePacket] = []
        self.known: dict[tuple[int, int], dict[bytes, bytes]] = {}
        """What reading an attribute gives: type and value, by endpoint and cluster."""
        self.after: list[Frame] = []
        self.mute = False
        self.sending = asyncio.Event()
        self.register_device_resolver(resolve)

    async def send_packet(self, packet: t.ZigbeePacket) -> None:
        if self.mute:
            raise DeliveryError("no answer")
        self.packets.append(packet)
        self.sending.set()
        asyncio.get_running_loop().call_soon(self._answer, packet)

    def _answer(self, packet: t.ZigbeePacket) -> None:
        data = packet.data.serialize()
        if packet.dst_ep == 0:
            self.hear(0, packet.cluster_id | 0x8000, data[:1] + b"\0", profile=0)
            return
        endpoint = int(packet.dst_ep or 0)
        known = self.known.get((endpoint, int(packet.cluster_id)), {})
        if (reply := _reply(data, known)) is not None:
            self.hear(endpoint, packet.cluster_id, reply)
            for frame in self.after:
                self.hear(frame.endpoint, frame.cluster, bytes.fromhex(frame.hex))

    def hear(self, endpoint: int, cluster: int, data: bytes, *, profile: int = 0x0104) -> None:
        """A packet arrives from the device."""
        self.packet_received(
            t.ZigbeePacket(
                src=t.AddrModeAddress(addr_mode=t.AddrMode.NWK, address=t.NWK(NWK)),
                src_ep=t.uint8_t(endpoint),
                dst=t.AddrModeAddress(addr_mode=t.AddrMode.NWK, address=t.NWK(0)),
                dst_ep=t.uint8_t(0 if profile == 0 else 1),
                profile_id=t.uint16_t(profile),
                cluster_id=t.uint16_t(cluster),
                data=t.SerializableBytes(data),
            )
        )

    def sent(self, cluster: int, endpoint: int = 1) -> list[str]:
        """The frames so far, their sequence numbers as “..”."""
        return [
            masked(packet.data.serialize())
            for packet in self.packets
            if (packet.cluster_id, packet.dst_ep) == (cluster, endpoint)
        ]

    def bound(self) -> set[tuple[int, int]]:
        """Endpoint and cluster of every Bind_req."""
        found = set()
        for packet in self.packets:
            data = packet.data.serialize()
            if packet.dst_ep == 0 and packet.cluster_id == zdo.ZDOCmd.Bind_req:
                found.add((data[9], int.from_bytes(data[10:12], "little")))
        return found

    # What a radio library would do

    async def connect(self) -> None: ...
    async def disconnect(self) -> None: ...
    async def start_network(self) -> None: ...
    async def force_remove(self, dev: Any) -> None: ...
    async def add_endpoint(self, descriptor: Any) -> None: ...
    async def permit_ncp(self, time_s: int = 60) -> None: ...
    async def permit_with_link_key(self, *_: Any, **__: Any) -> None: ...
    async def write_network_info(self, **_: Any) -> None: ...
    async def load_network_info(self, *, load_devices: bool = False) -> None: ...
    async def reset_network_info(self) -> None: ...


def _header(data: bytes) -> tuple[int, int, bytes]:
    """Where the sequence number stands, the command, and what follows it."""
    place = 3 if data[0] & 0x04 else 1
    return place, data[place + 1], data[place + 2 :]


def masked(data: bytes) -> str:
    place, _, _ = _header(data)
    texts = [f"{byte:02x}" for byte in data]
    texts[place] = ".."
    return " ".join(texts)


def _reply(data: bytes, known: dict[bytes, bytes]) -> bytes | None:
    place, command, payload = _header(data)
    if data[0] & 0x03 == 0 and command in (0x01, _DEFAULT):
        return None  # an answer
    head = bytes(((data[0] & 0x04) | 0x18,)) + data[1 : place + 1]
    if data[0] & 0x03:
        return head + bytes((_DEFAULT, command, 0))
    if command == _WRITE:
        return head + b"\x04\0"
    if command == _CONFIGURE:
        return head + b"\x07\0"
    records = b""
    for start in range(0, len(payload), 2):
        number = payload[start : start + 2]
        records += number + (b"\0" + known[number] if number in known else b"\x86")
    return head + b"\x01" + records


def load(name: str) -> Fixture:
    return msgspec.yaml.decode((FIXTURES / name).read_bytes(), type=Fixture)


def _known(fixture: Fixture) -> dict[tuple[int, int], dict[bytes, bytes]]:
    """What it would answer when asked: what it first reports, and its version."""
    found: dict[tuple[int, int], dict[bytes, bytes]] = {}
    for frame in fixture.frames:
        _, command, rest = _header(bytes.fromhex(frame.hex))
        if bytes.fromhex(frame.hex)[0] & 0x03 or command != _REPORT:
            continue
        while rest:
            one, rest = foundation.Attribute.deserialize(rest)
            number = int(one.attrid).to_bytes(2, "little")
            told = found.setdefault((frame.endpoint, frame.cluster), {})
            told.setdefault(number, one.value.serialize())
    if fixture.version is not None:
        text = bytes((0x42, len(fixture.version))) + fixture.version.encode()
        found[1, 0x0000] = {b"\x00\x40": text}
    return found


def device_of(app: Replay, fixture: Fixture) -> ZigbeeDevice:
    """As it is at the end of an interview, resolved."""
    device = app.add_device(IEEE, t.NWK(NWK))
    device.node_desc, rest = zdo.NodeDescriptor.deserialize(bytes.fromhex(fixture.node))
    assert not rest
    for number, told in fixture.endpoints.items():
        endpoint = device.add_endpoint(number)
        endpoint.profile_id, endpoint.device_type = told.profile, told.type  # type: ignore[assignment]
        endpoint.status = zigpy.endpoint.Status.ZDO_INIT
        for cluster in told.servers:
            endpoint.add_input_cluster(cluster)
        for cluster in told.clients:
            endpoint.add_output_cluster(cluster)
    device.manufacturer, device.model = fixture.manufacturer, fixture.model
    device.status = Status.ENDPOINTS_INIT
    app.known = _known(fixture)
    app.device_initialized(device)
    resolved = app.devices[IEEE]
    assert isinstance(resolved, ZigbeeDevice)
    return resolved


class Seen:
    """A view of the device, and what it told."""

    def __init__(self, app: Replay, device: ZigbeeDevice) -> None:
        self.presses: list[list[str]] = []
        self.view = DeviceView("it", "thing", None, lambda view, changes: None)
        self.view.on_press = lambda _, button, press: self.presses.append([button, press])
        self.view.attach(device, Air((DeliveryError,), t.PacketPriority.HIGH))
        self._app = app

    def play(self, frames: Sequence[Frame]) -> None:
        for frame in frames:
            self._app.hear(frame.endpoint, frame.cluster, bytes.fromhex(frame.hex))

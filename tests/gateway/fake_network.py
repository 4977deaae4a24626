"""A network that answers at once: two devices beside the stick. Writes down what was changed."""

from collections.abc import Mapping
from typing import Any

from pichat.errors import BadRequestError, NotFoundError
from pichat.zigbee.care.energy import assess
from pichat.zigbee.care.firmware_types import FirmwareState
from pichat.zigbee.care.types import (
    AttributeValue,
    Binding,
    Bindings,
    ChannelChanged,
    ChannelPlan,
    CommandReply,
    EnergyScan,
    Json,
    MapNode,
    Neighbours,
    NetworkMap,
    NetworkStatus,
    Removed,
    Reporting,
    Stick,
    Traffic,
)

LIGHT, LOCK = "00:12:4b:00:00:00:00:01", "00:12:4b:00:00:00:00:09"
NAMES = {LIGHT: "Kitchen light", LOCK: "Front door lock"}


def _find(device: str) -> tuple[str, str]:
    for device_id, name in NAMES.items():
        if device in (device_id, name):
            return device_id, name
    raise NotFoundError(f"There is no device called “{device}”.")


class FakeNetwork:
    def __init__(self) -> None:
        self.channel = 15
        self.done: list[tuple[Any, ...]] = []
        self.images: list[bytes] = []

    def network(self) -> NetworkStatus:
        return NetworkStatus(
            channel=self.channel,
            pan_id=0x1A62,
            extended_pan_id="dd:dd:dd:dd:dd:dd:dd:dd",
            coordinator_id="00:0d:6f:00:de:ad:be:ef",
            network_update_id=0,
            stick=Stick(
                manufacturer="Maker", board="Stick", firmware="7.4", ezsp_version=13, free_buffers=9
            ),
            devices=2,
            routers=1,
            end_devices=1,
            unavailable=0,
            traffic=Traffic(
                frames_sent=9,
                frames_retried=1,
                frames_failed=0,
                messages_sent=8,
                messages_retried=1,
                messages_failed=0,
                channel_busy=0,
            ),
        )

    async def scan_map(self) -> NetworkMap:
        nodes = tuple(
            MapNode(id=each, name=name, area=None, type="router", network_address=number)
            for number, (each, name) in enumerate(NAMES.items(), 1)
        )
        return NetworkMap(scanned_s=1.0, duration_s=0.1, nodes=nodes, links=(), routes=())

    async def neighbours(self, device: str) -> Neighbours:
        device_id, name = _find(device)
        return Neighbours(device_id=device_id, name=name, neighbours=(), routes=())

    async def scan_energy(self) -> EnergyScan:
        return assess(dict.fromkeys(range(11, 27), 10.0), self.channel)

    def plan_channel(self, channel: int) -> ChannelPlan:
        if channel == self.channel:
            raise BadRequestError(f"The network is on channel {channel} already.")
        return ChannelPlan(current=self.channel, channel=channel, meaning=("All devices move.",))

    async def firmware(self, device: str) -> FirmwareState:
        device_id, name = _find(device)
        return FirmwareState(
            device_id=device_id,
            name=name,
            version=1,
            manufacturer_code=2,
            image_type=3,
            hardware_version=None,
            software=None,
            images=(),
        )

    async def offer_firmware(self, image: bytes) -> str:
        self.images.append(image)
        return "given"

    async def bindings(self, device: str) -> Bindings:
        device_id, name = _find(device)
        table = (Binding(endpoint=1, cluster_id=6, cluster="on_off", group=2),)
        return Bindings(device_id=device_id, name=name, bindings=table)

    async def reporting(
        self,
        device: str,
        cluster: int | str,
        attribute: int | str,
        *,
        endpoint: int | None = None,
    ) -> Reporting:
        device_id, name = _find(device)
        return Reporting(
            device_id=device_id,
            name=name,
            endpoint=endpoint or 1,
            cluster=str(cluster),
            attribute=str(attribute),
            type="bool",
        )

    async def read_attributes(
        self,
        device: str,
        cluster: int | str,
        attribute: int | str | None,
        *,
        endpoint: int | None = None,
        manufacturer_code: int | None = None,
    ) -> tuple[AttributeValue, ...]:
        return (_value(device, cluster, attribute or "all", 1),)

    def diagnostics(self) -> dict[str, Any]:
        return {"versions": {"pichat": "1"}}

    async def change_channel(self, channel: int) -> ChannelChanged:
        previous, self.channel = self.channel, channel
        return ChannelChanged(previous=previous, channel=channel, answering=2, silent=(), asleep=())

    async def update_firmware(self, device: str, image_id: str | None) -> FirmwareState:
        self.done.append(("firmware", device, image_id))
        return await self.firmware(device)

    async def remove(self, device: str, *, force: bool) -> Removed:
        device_id, name = _find(device)
        self.done.append(("remove", device_id, force))
        return Removed(device_id=device_id, name=name, left=not force)

    async def identify(self, device: str, duration_s: int) -> str:
        self.done.append(("identify", device, duration_s))
        return _find(device)[1]

    async def bind(
        self, device: str, cluster: int | str, target: str | int, *, endpoint: int | None
    ) -> Bindings:
        self.done.append(("bind", device, cluster, target, endpoint))
        return await self.bindings(device)

    async def unbind(
        self, device: str, cluster: int | str, target: str | int, *, endpoint: int | None
    ) -> Bindings:
        self.done.append(("unbind", device, cluster, target, endpoint))
        return await self.bindings(device)

    async def configure_reporting(
        self,
        device: str,
        cluster: int | str,
        attribute: int | str,
        *,
        min_interval_s: int,
        max_interval_s: int,
        change: float | None,
        endpoint: int | None,
    ) -> Reporting:
        self.done.append(("reporting", device, min_interval_s, max_interval_s, change))
        return await self.reporting(device, cluster, attribute, endpoint=endpoint)

    async def write_attribute(
        self,
        device: str,
        cluster: int | str,
        attribute: int | str,
        value: Json,
        *,
        endpoint: int | None,
        manufacturer_code: int | None,
        type_: str | None,
    ) -> AttributeValue:
        self.done.append(("write", device, cluster, attribute, value, type_))
        return _value(device, cluster, attribute, value)

    async def send_command(
        self,
        device: str,
        cluster: int | str,
        command: int | str,
        arguments: Mapping[str, Json],
        *,
        payload: str | None,
        endpoint: int | None,
        manufacturer_code: int | None,
    ) -> CommandReply:
        device_id, name = _find(device)
        self.done.append(("command", device_id, cluster, command, dict(arguments), payload))
        return CommandReply(
            device_id=device_id,
            name=name,
            endpoint=1,
            cluster=str(cluster),
            command=str(command),
            reply={"status": "success"},
        )


def _value(device: str, cluster: int | str, attribute: int | str, value: Json) -> AttributeValue:
    device_id, name = _find(device)
    return AttributeValue(
        device_id=device_id,
        name=name,
        endpoint=1,
        cluster_id=0,
        cluster=str(cluster),
        attribute_id=0,
        attribute=str(attribute),
        type="uint8",
        value=value,
    )

"""Everything that looks after the network, put together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from pichat.bus import Bus
from pichat.config.types import Zigbee
from pichat.health import Health
from pichat.zigbee.care.asking import Directory
from pichat.zigbee.care.attributes import Attributes
from pichat.zigbee.care.bindings import BindingTable
from pichat.zigbee.care.channel import Channel
from pichat.zigbee.care.commands import Commands
from pichat.zigbee.care.diagnostics import Diagnostics
from pichat.zigbee.care.energy import Energy
from pichat.zigbee.care.firmware import Firmware
from pichat.zigbee.care.firmware_types import FirmwareState
from pichat.zigbee.care.identify import Identify
from pichat.zigbee.care.map import Map
from pichat.zigbee.care.places import Named
from pichat.zigbee.care.removal import Removal
from pichat.zigbee.care.reporting import ReportingTable
from pichat.zigbee.care.status import Status
from pichat.zigbee.care.types import (
    AttributeValue,
    Bindings,
    ChannelChanged,
    ChannelPlan,
    CommandReply,
    EnergyScan,
    Json,
    Neighbours,
    NetworkMap,
    NetworkStatus,
    Removed,
    Reporting,
)
from pichat.zigbee.link import Link
from pichat.zigbee.roster import Roster
from pichat.zigbee.stick.radio import Session
from pichat.zigbee.tasks import Tasks


async def _nothing() -> None:
    return


class Care:
    """Implements `gateway.services.NetworkCare` and `tools.network_tools.NetworkActs`, which say
    what each method does; devices are named by id or name. A Follower: firmware updates go on in
    the background. `before_change` is awaited before the channel changes."""

    def __init__(
        self,
        config: Zigbee,
        roster: Roster,
        link: Link,
        bus: Bus,
        health: Health,
        *,
        settings: msgspec.Struct | None = None,
        before_change: Callable[[], Awaitable[object]] = _nothing,
    ) -> None:
        directory = Directory(roster)
        self._map = Map(directory, link, bus)
        self._status = Status(directory, roster, link, lambda: self._map.last)
        self._energy = Energy(link, bus)
        self._channel = Channel(directory, link, bus, before_change)
        self._firmware = Firmware(config, directory, roster, link, bus)
        self._attributes = Attributes(directory, link)
        self._commands = Commands(directory, link)
        self._bindings = BindingTable(directory, link)
        self._reporting = ReportingTable(directory, link)
        self._identify = Identify(directory, link)
        self._removal = Removal(directory, roster, link)
        self._diagnostics = Diagnostics(
            directory, roster, link, health, self._status, settings or config
        )

    def follow(self, session: Session, tasks: Tasks) -> None:
        self._firmware.follow(session, tasks)

    # --- looking ---------------------------------------------------------------------------------

    def network(self) -> NetworkStatus:
        return self._status.network()

    async def scan_map(self) -> NetworkMap:
        return await self._map.scan()

    async def neighbours(self, device: str) -> Neighbours:
        return await self._map.neighbours(device)

    async def scan_energy(self) -> EnergyScan:
        return await self._energy.scan()

    def plan_channel(self, channel: int) -> ChannelPlan:
        return self._channel.plan(channel)

    async def firmware(self, device: str) -> FirmwareState:
        return await self._firmware.state(device)

    async def offer_firmware(self, image: bytes) -> str:
        return await self._firmware.offer(image)

    async def bindings(self, device: str) -> Bindings:
        return await self._bindings.entries(device)

    async def reporting(
        self, device: str, cluster: Named, attribute: Named, *, endpoint: int | None = None
    ) -> Reporting:
        return await self._reporting.read(device, cluster, attribute, endpoint=endpoint)

    async def read_attributes(
        self,
        device: str,
        cluster: Named,
        attribute: Named | None,
        *,
        endpoint: int | None = None,
        manufacturer_code: int | None = None,
    ) -> tuple[AttributeValue, ...]:
        return await self._attributes.read(
            device, cluster, attribute, endpoint=endpoint, manufacturer_code=manufacturer_code
        )

    def diagnostics(self) -> dict[str, Any]:
        return self._diagnostics.export()

    # --- acting ----------------------------------------------------------------------------------

    async def change_channel(self, channel: int) -> ChannelChanged:
        return await self._channel.change(channel)

    async def update_firmware(self, device: str, image_id: str | None) -> FirmwareState:
        return await self._firmware.update(device, image_id)

    async def remove(self, device: str, *, force: bool) -> Removed:
        return await self._removal.remove(device, force=force)

    async def identify(self, device: str, duration_s: int) -> str:
        return await self._identify.show(device, duration_s)

    async def bind(
        self, device: str, cluster: Named, target: str | int, *, endpoint: int | None
    ) -> Bindings:
        return await self._bindings.bind(device, cluster, target, endpoint=endpoint)

    async def unbind(
        self, device: str, cluster: Named, target: str | int, *, endpoint: int | None
    ) -> Bindings:
        return await self._bindings.unbind(device, cluster, target, endpoint=endpoint)

    async def configure_reporting(
        self,
        device: str,
        cluster: Named,
        attribute: Named,
        *,
        min_interval_s: int,
        max_interval_s: int,
        change: float | None,
        endpoint: int | None,
    ) -> Reporting:
        return await self._reporting.configure(
            device,
            cluster,
            attribute,
            min_interval_s=min_interval_s,
            max_interval_s=max_interval_s,
            change=change,
            endpoint=endpoint,
        )

    async def write_attribute(
        self,
        device: str,
        cluster: Named,
        attribute: Named,
        value: Json,
        *,
        endpoint: int | None,
        manufacturer_code: int | None,
        type_: str | None,
    ) -> AttributeValue:
        return await self._attributes.write(
            device,
            cluster,
            attribute,
            value,
            endpoint=endpoint,
            manufacturer_code=manufacturer_code,
            type_=type_,
        )

    async def send_command(
        self,
        device: str,
        cluster: Named,
        command: Named,
        arguments: Mapping[str, Json],
        *,
        payload: str | None,
        endpoint: int | None,
        manufacturer_code: int | None,
    ) -> CommandReply:
        return await self._commands.send(
            device,
            cluster,
            command,
            arguments,
            payload=payload,
            endpoint=endpoint,
            manufacturer_code=manufacturer_code,
        )

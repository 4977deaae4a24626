"""What people change in the network. Not offered to models and other programs; the same check, the
same question before a lock is touched and the same audit line as for every tool."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, Protocol, TypeVar

import msgspec

from pichat.errors import NotFoundError
from pichat.events import Device, DeviceOutcome, ToolResult
from pichat.tools.base import Guard, Needed, Tool
from pichat.tools.house import House
from pichat.zigbee.care.commands import DOOR_LOCK
from pichat.zigbee.care.firmware_types import FirmwareState
from pichat.zigbee.care.places import Named, cluster_number
from pichat.zigbee.care.types import (
    AttributeValue,
    Bindings,
    ChannelChanged,
    CommandReply,
    Json,
    Removed,
    Reporting,
)

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Cluster = Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)] | Text
Endpoint = Annotated[int, msgspec.Meta(ge=1, le=254)] | None
Maker = Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)] | None
Seconds = Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)]


class NetworkActs(Protocol):
    """Devices are named by id or name, clusters, attributes and commands by number or name. All
    return what the device or the stick said, and raise NotFoundError, BadRequestError,
    UnsupportedError with the device's status in words, DeviceSilentError, NotConfirmedError,
    BusyError and UnavailableError."""

    async def change_channel(self, channel: int) -> ChannelChanged: ...

    async def update_firmware(self, device: str, image_id: str | None) -> FirmwareState: ...

    async def remove(self, device: str, *, force: bool) -> Removed: ...

    async def identify(self, device: str, duration_s: int) -> str: ...

    async def bind(
        self, device: str, cluster: Named, target: str | int, *, endpoint: int | None
    ) -> Bindings: ...

    async def unbind(
        self, device: str, cluster: Named, target: str | int, *, endpoint: int | None
    ) -> Bindings: ...

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
    ) -> Reporting: ...

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
    ) -> AttributeValue: ...

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
    ) -> CommandReply: ...


class _Arguments(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class ChangeChannel(_Arguments, frozen=True, kw_only=True):
    channel: int


class OfDevice(_Arguments, frozen=True, kw_only=True):
    device: Text


class UpdateFirmware(OfDevice, frozen=True, kw_only=True):
    """Without an `image_id`: the newest that fits."""

    image_id: Text | None = None


class Remove(OfDevice, frozen=True, kw_only=True):
    force: bool = False


class Identify(OfDevice, frozen=True, kw_only=True):
    duration_s: Annotated[int, msgspec.Meta(ge=0, le=3600)] = 5


class Bind(OfDevice, frozen=True, kw_only=True):
    """`target`: a device, “coordinator”, or a group's number."""

    cluster: Cluster
    target: Annotated[int, msgspec.Meta(ge=1, le=0xFFF7)] | Text
    endpoint: Endpoint = None


class ConfigureReporting(OfDevice, frozen=True, kw_only=True):
    """`change` in the attribute's own unit. A `max_interval_s` of 65535 ends the reports."""

    cluster: Cluster
    attribute: Cluster
    min_interval_s: Seconds
    max_interval_s: Seconds
    change: float | None = None
    endpoint: Endpoint = None


class WriteAttribute(OfDevice, frozen=True, kw_only=True):
    """`type` (uint8, string …) where neither the ZCL nor the device tells it."""

    cluster: Cluster
    attribute: Cluster
    value: Any
    endpoint: Endpoint = None
    manufacturer_code: Maker = None
    type: Text | None = None


class SendCommand(OfDevice, frozen=True, kw_only=True):
    """`payload`, hexadecimal text, for a command that the ZCL does not have; else `arguments`."""

    cluster: Cluster
    command: Annotated[int, msgspec.Meta(ge=0, le=0xFF)] | Text
    arguments: dict[str, Any] = {}
    payload: Annotated[str, msgspec.Meta(max_length=512)] | None = None
    endpoint: Endpoint = None
    manufacturer_code: Maker = None


A = TypeVar("A", bound=msgspec.Struct)


class _Handlers:
    """Each takes its arguments, acts, and returns what the device said."""

    def __init__(self, acts: NetworkActs) -> None:
        self._acts = acts

    async def change_channel(self, given: ChangeChannel) -> ToolResult:
        return ToolResult(value=await self._acts.change_channel(given.channel))

    async def update_firmware(self, given: UpdateFirmware) -> ToolResult:
        return ToolResult(value=await self._acts.update_firmware(given.device, given.image_id))

    async def remove(self, given: Remove) -> ToolResult:
        return ToolResult(value=await self._acts.remove(given.device, force=given.force))

    async def identify(self, given: Identify) -> ToolResult:
        return ToolResult(value=await self._acts.identify(given.device, given.duration_s))

    async def bind(self, given: Bind) -> ToolResult:
        made = self._acts.bind(given.device, given.cluster, given.target, endpoint=given.endpoint)
        return _told(await made, f"binding of {given.cluster}", True)

    async def unbind(self, given: Bind) -> ToolResult:
        made = self._acts.unbind(given.device, given.cluster, given.target, endpoint=given.endpoint)
        return ToolResult(value=await made)

    async def configure(self, given: ConfigureReporting) -> ToolResult:
        return ToolResult(
            value=await self._acts.configure_reporting(
                given.device,
                given.cluster,
                given.attribute,
                min_interval_s=given.min_interval_s,
                max_interval_s=given.max_interval_s,
                change=given.change,
                endpoint=given.endpoint,
            )
        )

    async def write(self, given: WriteAttribute) -> ToolResult:
        told = await self._acts.write_attribute(
            given.device,
            given.cluster,
            given.attribute,
            given.value,
            endpoint=given.endpoint,
            manufacturer_code=given.manufacturer_code,
            type_=given.type,
        )
        return _told(told, f"{told.cluster} {told.attribute}", told.value)

    async def send(self, given: SendCommand) -> ToolResult:
        told = await self._acts.send_command(
            given.device,
            given.cluster,
            given.command,
            given.arguments,
            payload=given.payload,
            endpoint=given.endpoint,
            manufacturer_code=given.manufacturer_code,
        )
        return _told(told, f"{told.cluster} {told.command}", told.reply.get("status", "sent"))


def network_tools(acts: NetworkActs) -> dict[str, Tool]:
    """The tools by name, which act through `acts`."""
    each = _Handlers(acts)
    made = (
        _tool("change_channel", ChangeChannel, each.change_channel),
        _tool("update_firmware", UpdateFirmware, each.update_firmware),
        _tool("remove_device", Remove, each.remove),
        _tool("identify_device", Identify, each.identify),
        _tool("bind_device", Bind, each.bind, _guard_binding),
        _tool("unbind_device", Bind, each.unbind),
        _tool("configure_reporting", ConfigureReporting, each.configure),
        _tool("write_attribute", WriteAttribute, each.write, _guard_write),
        _tool("send_cluster_command", SendCommand, each.send, _guard_command),
    )
    return {tool.name: tool for tool in made}


def _tool(
    name: str,
    arguments: type[A],
    act: Callable[[A], Awaitable[ToolResult]],
    guard: Guard | None = None,
) -> Tool:
    return Tool(
        name=name,
        description=name.replace("_", " ").capitalize() + ".",
        permission="act",
        arguments=arguments,
        handler=lambda _, given: act(given),
        guard=guard,
        people_only=True,
    )


def _told(told: Any, what: str, state: Json) -> ToolResult:
    """With an outcome, for whoever hears of it after a question."""
    shown = state if isinstance(state, bool | int | float | str) else str(state)
    outcome = DeviceOutcome(
        device_id=told.device_id, device_name=told.name, capability=what, state=shown
    )
    return ToolResult(outcomes=(outcome,), value=told)


# --- which of them need a yes --------------------------------------------------------------------


def _guard_write(house: House, given: WriteAttribute) -> Needed | None:
    devices = _cautious(house, given.cluster, given.device)
    return _ask(devices, f"write {given.attribute} of the {given.cluster} cluster of")


def _guard_command(house: House, given: SendCommand) -> Needed | None:
    devices = _cautious(house, given.cluster, given.device)
    return _ask(devices, f"send {given.command} of the {given.cluster} cluster to")


def _guard_binding(house: House, given: Bind) -> Needed | None:
    """A remote that is bound to a lock opens it without anybody's yes."""
    names = [given.device, *([given.target] if isinstance(given.target, str) else [])]
    devices = _cautious(house, given.cluster, *names)
    return _ask(devices, f"bind the {given.cluster} cluster of")


def _cautious(house: House, cluster: Named, *wanted: str) -> tuple[Device, ...]:
    """Those that somebody has to say yes for. Raises NotFoundError for a lock that nobody knows."""
    is_lock = cluster_number(cluster) == DOOR_LOCK
    found = []
    for name in wanted:
        folded = name.strip().casefold()
        device = next(
            (one for one in house.devices() if folded in (one.id, one.name.casefold())), None
        )
        if device is None:
            if is_lock and folded != "coordinator":
                raise NotFoundError(f"There is no device called “{name}”.")
        elif is_lock or device.confirm:
            found.append(device)
    return tuple(found)


def _ask(devices: tuple[Device, ...], what: str) -> Needed | None:
    if not devices:
        return None
    names = " and ".join(f"the {device.name}" for device in devices)
    return Needed(devices, lambda _: f"Shall I {what} {names}?")

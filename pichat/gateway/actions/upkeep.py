"""Single devices, for those who look closely: removing, identifying, bindings, reports, attributes
and commands."""

from typing import Annotated, Any, Literal

import msgspec

from pichat.events import Question
from pichat.gateway.acts import act
from pichat.gateway.context import Context
from pichat.gateway.registry import action
from pichat.zigbee.care.types import (
    AttributeValue,
    Bindings,
    CommandReply,
    Removed,
    Reporting,
)

Wanted = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Named = Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)] | Wanted
Endpoint = Annotated[int, msgspec.Meta(ge=1, le=254)] | None
Maker = Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)] | None
Caller = Literal["screen", "shell"]


class RemoveDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A device by its id or name. `force`: it is gone, and only to be forgotten here."""

    device_id: Wanted
    force: bool = False
    source: Caller = "screen"


class IdentifyDevice(msgspec.Struct, frozen=True, kw_only=True):
    """0 ends it."""

    device_id: Wanted
    duration_s: Annotated[int, msgspec.Meta(ge=0, le=3600)] = 5
    source: Caller = "screen"


class Identified(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    duration_s: int


class GetBindings(msgspec.Struct, frozen=True, kw_only=True):
    device_id: Wanted


class BindDevice(msgspec.Struct, frozen=True, kw_only=True):
    """What the device's `cluster` has to say goes to `target`: a device, “coordinator”, or a
    group's number."""

    device_id: Wanted
    cluster: Named
    target: Annotated[int, msgspec.Meta(ge=1, le=0xFFF7)] | Wanted
    endpoint: Endpoint = None
    source: Caller = "screen"


class Bound(msgspec.Struct, frozen=True, kw_only=True):
    """The device's table afterwards. With a `question` nothing was done yet."""

    bindings: Bindings | None = None
    question: Question | None = None


class GetReporting(msgspec.Struct, frozen=True, kw_only=True):
    device_id: Wanted
    cluster: Named
    attribute: Named
    endpoint: Endpoint = None


class SetReporting(GetReporting, frozen=True, kw_only=True):
    """`change` in the attribute's own unit. A `max_interval_s` of 65535 ends the reports."""

    min_interval_s: Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)]
    max_interval_s: Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)]
    change: float | None = None
    source: Caller = "screen"


class ReadAttribute(msgspec.Struct, frozen=True, kw_only=True):
    """Without an `attribute`: every one that the device says it has."""

    device_id: Wanted
    cluster: Named
    attribute: Named | None = None
    endpoint: Endpoint = None
    manufacturer_code: Maker = None


class Attributes(msgspec.Struct, frozen=True, kw_only=True):
    attributes: tuple[AttributeValue, ...]


class WriteAttribute(msgspec.Struct, frozen=True, kw_only=True):
    """`value` as JSON, bytes as hexadecimal text. `type`, such as uint8, where neither the ZCL nor
    the device tells it."""

    device_id: Wanted
    cluster: Named
    attribute: Named
    value: Any
    endpoint: Endpoint = None
    manufacturer_code: Maker = None
    type: Wanted | None = None
    source: Caller = "screen"


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """What the device holds afterwards. With a `question` nothing was done yet."""

    attribute: AttributeValue | None = None
    question: Question | None = None


class SendClusterCommand(msgspec.Struct, frozen=True, kw_only=True):
    """`arguments` by the ZCL's names; `payload`, hexadecimal text, for a command that the ZCL does
    not have."""

    device_id: Wanted
    cluster: Named
    command: Annotated[int, msgspec.Meta(ge=0, le=0xFF)] | Wanted
    arguments: dict[str, Any] = {}
    payload: Annotated[str, msgspec.Meta(max_length=512)] | None = None
    endpoint: Endpoint = None
    manufacturer_code: Maker = None
    source: Caller = "screen"


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """The device's answer. With a `question` nothing was done yet."""

    answer: CommandReply | None = None
    question: Question | None = None


class GetDiagnostics(msgspec.Struct, frozen=True, kw_only=True):
    pass


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    diagnostics: dict[str, Any]


@action("remove_device", needs="admin", example={"device_id": "Kitchen light"})
async def remove_device(context: Context, payload: RemoveDevice) -> Removed:
    """Have a device leave the network, and forget it. One that does not answer stays, unless it is
    removed by `force`."""
    arguments = {"device": payload.device_id, "force": payload.force}
    removed: Removed = (await act(context, "remove_device", arguments, payload.source)).value
    return removed


@action("identify_device", needs="screen", example={"device_id": "Kitchen light"})
async def identify_device(context: Context, payload: IdentifyDevice) -> Identified:
    """Have a device show which it is, by blinking or beeping."""
    arguments = {"device": payload.device_id, "duration_s": payload.duration_s}
    result = await act(context, "identify_device", arguments, payload.source)
    return Identified(name=result.value, duration_s=payload.duration_s)


@action("get_bindings", needs="admin", example={"device_id": "Kitchen light"})
async def get_bindings(context: Context, payload: GetBindings) -> Bindings:
    """Ask a device to whom its clusters talk by themselves."""
    return await context.services.network.bindings(payload.device_id)


@action(
    "bind_device",
    needs="admin",
    example={"device_id": "Hallway motion", "cluster": "occupancy", "target": "coordinator"},
)
async def bind_device(context: Context, payload: BindDevice) -> Bound:
    """Let a device talk to another one, a group or the stick by itself. A lock, or a device that is
    marked, needs a person's yes first."""
    return await _bound(context, "bind_device", payload)


@action(
    "unbind_device",
    needs="admin",
    example={"device_id": "Hallway motion", "cluster": "occupancy", "target": "coordinator"},
)
async def unbind_device(context: Context, payload: BindDevice) -> Bound:
    """Take a binding away. Without that to the coordinator a device is not heard any more."""
    return await _bound(context, "unbind_device", payload)


@action(
    "get_reporting",
    needs="admin",
    example={"device_id": "Office plug", "cluster": "on_off", "attribute": "on_off"},
)
async def get_reporting(context: Context, payload: GetReporting) -> Reporting:
    """Ask a device how often it reports an attribute."""
    return await context.services.network.reporting(
        payload.device_id, payload.cluster, payload.attribute, endpoint=payload.endpoint
    )


@action(
    "set_reporting",
    needs="admin",
    example={
        "device_id": "Office plug",
        "cluster": "on_off",
        "attribute": "on_off",
        "min_interval_s": 0,
        "max_interval_s": 600,
    },
)
async def set_reporting(context: Context, payload: SetReporting) -> Reporting:
    """Change how often a device reports an attribute: what it says itself afterwards."""
    arguments = _arguments(payload)
    told: Reporting = (await act(context, "configure_reporting", arguments, payload.source)).value
    return told


@action(
    "read_attribute",
    needs="admin",
    example={"device_id": "Kitchen light", "cluster": "basic", "attribute": "model"},
)
async def read_attribute(context: Context, payload: ReadAttribute) -> Attributes:
    """Read an attribute, or all of a cluster, from a device itself."""
    found = await context.services.network.read_attributes(
        payload.device_id,
        payload.cluster,
        payload.attribute,
        endpoint=payload.endpoint,
        manufacturer_code=payload.manufacturer_code,
    )
    return Attributes(attributes=found)


@action(
    "write_attribute",
    needs="admin",
    example={
        "device_id": "Kitchen light",
        "cluster": "on_off",
        "attribute": "start_up_on_off",
        "value": 1,
    },
)
async def write_attribute(context: Context, payload: WriteAttribute) -> Written:
    """Write an attribute; complete with what the device holds then. A lock, or a device that is
    marked, needs a person's yes first."""
    arguments = {**_arguments(payload), "value": payload.value}
    result = await act(context, "write_attribute", arguments, payload.source)
    return Written(attribute=result.value, question=result.question)


@action(
    "send_cluster_command",
    needs="admin",
    example={"device_id": "Kitchen light", "cluster": "on_off", "command": "toggle"},
)
async def send_cluster_command(context: Context, payload: SendClusterCommand) -> Sent:
    """Send a command of a cluster; complete with the device's answer. A lock, or a device that is
    marked, needs a person's yes first."""
    arguments = _arguments(payload)
    result = await act(context, "send_cluster_command", arguments, payload.source)
    return Sent(answer=result.value, question=result.question)


@action("get_diagnostics", needs="admin")
def get_diagnostics(context: Context, payload: GetDiagnostics) -> Exported:  # noqa: ARG001
    """Tell all that helps somebody else to understand what is wrong with the network: versions,
    settings, devices, counters and the last changes of health. Keys are masked."""
    return Exported(diagnostics=context.services.network.diagnostics())


async def _bound(context: Context, tool: str, payload: BindDevice) -> Bound:
    result = await act(context, tool, _arguments(payload), payload.source)
    return Bound(bindings=result.value, question=result.question)


def _arguments(payload: msgspec.Struct) -> dict[str, Any]:
    """The tool's: a device is just `device` there."""
    given = {name: getattr(payload, name) for name in payload.__struct_fields__}
    del given["source"]
    return {"device": given.pop("device_id"), **given}

"""What is told of the network, and of what is changed in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

if TYPE_CHECKING:
    Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
    """A value of a device as JSON: numbers as they are, bytes as hexadecimal text."""
else:
    Json = Any  # no schema can be made of a type that names itself

NodeType = Literal["coordinator", "router", "end_device", "unknown"]


class Stick(msgspec.Struct, frozen=True, kw_only=True):
    """What the coordinator says of itself. `ezsp_version` is None for other kinds of stick."""

    manufacturer: str | None
    board: str | None
    firmware: str | None
    ezsp_version: int | None
    free_buffers: int | None


class Traffic(msgspec.Struct, frozen=True, kw_only=True):
    """Messages to single devices since the stick started: what the radio sent, sent again and
    could not deliver, and the same for whole messages (which the radio sends several times)."""

    frames_sent: int
    frames_retried: int
    frames_failed: int
    messages_sent: int
    messages_retried: int
    messages_failed: int
    channel_busy: int


class MapNode(msgspec.Struct, frozen=True, kw_only=True):
    """`lqi` (0 to 255) and `rssi_dbm` are of the last message that came from it. `parent_id`: whom
    it is a child of, or for a router the best neighbour that is nearer to the stick; `depth`: how
    many hops away it is. `error`: why a router's own tables are not here, None when they are or
    nobody asks."""

    id: str
    name: str
    area: str | None
    type: NodeType
    network_address: int
    lqi: int | None = None
    rssi_dbm: int | None = None
    last_seen_s: float | None = None
    depth: int | None = None
    parent_id: str | None = None
    sleepy: bool = False
    error: str | None = None


class MapLink(msgspec.Struct, frozen=True, kw_only=True):
    """Two that hear each other. `lqi_a`: how well `a` hears `b`, and the other way round; None
    where one of them did not say. `relation` is that of `b` to `a`."""

    a: str
    b: str
    lqi_a: int | None
    lqi_b: int | None
    relation: str
    depth: int | None = None


class MapRoute(msgspec.Struct, frozen=True, kw_only=True):
    """What `source` sends to `destination` goes to `next_hop` first. Ids, or network addresses
    such as 0x1a2b where nobody knows the device."""

    source: str
    destination: str
    next_hop: str
    status: str


class NetworkMap(msgspec.Struct, frozen=True, kw_only=True):
    scanned_s: float  # seconds since the epoch
    duration_s: float
    nodes: tuple[MapNode, ...]
    links: tuple[MapLink, ...]
    routes: tuple[MapRoute, ...]


class NetworkStatus(msgspec.Struct, frozen=True, kw_only=True):
    """`map` is that of the last scan. `unavailable` counts the devices that do not answer."""

    channel: int
    pan_id: int
    extended_pan_id: str
    coordinator_id: str
    network_update_id: int
    stick: Stick
    devices: int
    routers: int
    end_devices: int
    unavailable: int
    traffic: Traffic
    map: NetworkMap | None = None


class Neighbour(msgspec.Struct, frozen=True, kw_only=True):
    """`lqi`: how well the device hears it, 0 to 255."""

    id: str
    name: str
    type: NodeType
    relation: str
    lqi: int
    depth: int


class Neighbours(msgspec.Struct, frozen=True, kw_only=True):
    device_id: str
    name: str
    neighbours: tuple[Neighbour, ...]
    routes: tuple[MapRoute, ...]


class ChannelEnergy(msgspec.Struct, frozen=True, kw_only=True):
    """How much is on the air there, in percent. `wifi_channels`: those that overlap."""

    channel: int
    percent: float
    wifi_channels: tuple[int, ...]
    is_current: bool = False


class EnergyScan(msgspec.Struct, frozen=True, kw_only=True):
    """`advice` is a sentence about `recommended`, which is the present channel when moving is not
    worth it."""

    channels: tuple[ChannelEnergy, ...]
    current: int
    recommended: int
    advice: str


class ChannelPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What a change means, in sentences, before it is made."""

    current: int
    channel: int
    meaning: tuple[str, ...]


class ChannelChanged(msgspec.Struct, frozen=True, kw_only=True):
    """`silent`: the names of those that listen always and were not found on the new channel yet;
    `asleep`: of those that follow when they wake."""

    previous: int
    channel: int
    answering: int
    silent: tuple[str, ...]
    asleep: tuple[str, ...]


class Removed(msgspec.Struct, frozen=True, kw_only=True):
    """`left`: the device itself said that it leaves; else it was only forgotten here."""

    device_id: str
    name: str
    left: bool


class Binding(msgspec.Struct, frozen=True, kw_only=True):
    """What `cluster` on `endpoint` has to say goes to a device's endpoint, or to a group."""

    endpoint: int
    cluster_id: int
    cluster: str
    target_id: str | None = None
    target_name: str | None = None
    target_endpoint: int | None = None
    group: int | None = None


class Bindings(msgspec.Struct, frozen=True, kw_only=True):
    device_id: str
    name: str
    bindings: tuple[Binding, ...]


class Reporting(msgspec.Struct, frozen=True, kw_only=True):
    """How a device reports an attribute, as it says itself. `change` is in the attribute's own
    unit, None for one that is reported at each change. All None: it is not reported."""

    device_id: str
    name: str
    endpoint: int
    cluster: str
    attribute: str
    type: str
    min_interval_s: int | None = None
    max_interval_s: int | None = None
    change: float | None = None


class AttributeValue(msgspec.Struct, frozen=True, kw_only=True):
    """`type` is the ZCL's name of the type; `meaning` that of an enumeration's value."""

    device_id: str
    name: str
    endpoint: int
    cluster_id: int
    cluster: str
    attribute_id: int
    attribute: str
    type: str
    value: Json
    meaning: str | None = None
    manufacturer_code: int | None = None


class CommandReply(msgspec.Struct, frozen=True, kw_only=True):
    """`reply`: the fields of the device's answer."""

    device_id: str
    name: str
    endpoint: int
    cluster: str
    command: str
    reply: dict[str, Json]

"""What a device is made of: who it is, its endpoints, and how it is reached."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from pichat.simulator.node.cluster import Cluster


class Link(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How a device is reached; every field can be changed at run time.

    deaf: off the air (no power). mute: hears, obeys and acknowledges, but sends nothing.
    slow_ms: waits so long before each answer. poll_s: a sleepy device fetches its messages so
    often; 0 listens always. radio_delay_ms and loss: None takes the simulator's setting.
    """

    deaf: bool = False
    mute: bool = False
    slow_ms: float = 0.0
    poll_s: float = 0.0
    radio_delay_ms: float | None = None
    loss: float | None = None
    lqi: int = 220


@dataclass
class Endpoint:
    number: int
    device_id: int
    servers: dict[int, Cluster] = field(default_factory=dict)
    clients: dict[int, Cluster] = field(default_factory=dict)
    groups: set[int] = field(default_factory=set)


@dataclass
class Identity:
    """Who the device is; `mains` and `rx_on` decide its descriptors."""

    id: str
    name: str
    area: str
    kind: str
    eui64: bytes
    manufacturer: str
    model: str
    mains: bool
    router: bool
    rx_on: bool
    manufacturer_code: int = 0x1289

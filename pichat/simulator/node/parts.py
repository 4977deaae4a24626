"""What a device is made of: who it is, its endpoints, and how it is reached."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import msgspec

from pichat.simulator.node.cluster import Cluster
from pichat.simulator.node.install_code import link_key

Stage = Literal["node_descriptor", "active_endpoints", "simple_descriptor", "model"]
"""What a host asks of a device that has joined, in this order; `model` is the Basic cluster."""


class Link(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How a device is reached and how it behaves; every field can be changed at run time.

    deaf: off the air. power: without it a device forgets what is not in its flash; when it comes
    back the device announces itself. mute: hears, obeys and acknowledges, but sends nothing.
    slow_ms: waits so long before each answer. poll_s: a sleepy device fetches its messages so
    often (1e6: only when it is woken); 0 listens always.

    parent: the router that it is reached through; None: the coordinator. radio_delay_ms, loss and
    lqi are those of the link to the parent; None takes the simulator's setting. hears: other nodes
    in reach (`coordinator` among them) by the quality of the link; a child whose parent is gone
    joins through the best of them. seeks: looks for a network whenever one is open; else joins
    only when told to. install_code: joins only where the trust centre knows its key.

    mute_zdo: request clusters that it never answers. interview_stuck_at: answers nothing of an
    interview from there on. refuses: answers every command with that ZCL status and does nothing.
    lies: says that it did what it was told, and does nothing. report_delay_ms: reports so late.
    """

    deaf: bool = False
    power: bool = True
    mute: bool = False
    slow_ms: float = 0.0
    poll_s: float = 0.0
    parent: str | None = None
    radio_delay_ms: float | None = None
    loss: float | None = None
    lqi: int = 220
    hears: dict[str, int] = {}
    seeks: bool = True
    install_code: str | None = None
    mute_zdo: list[int] = []
    interview_stuck_at: Stage | None = None
    refuses: int | None = None
    lies: bool = False
    report_delay_ms: float = 0.0

    @property
    def off_air(self) -> bool:
        return self.deaf or not self.power

    def problem(self) -> str | None:
        """Why it cannot be so, as a sentence."""
        limits: dict[str, tuple[float | None, float]] = {
            "slow_ms": (self.slow_ms, 1e6),
            "poll_s": (self.poll_s, 1e6),
            "radio_delay_ms": (self.radio_delay_ms, 1e6),
            "loss": (self.loss, 1),
            "lqi": (self.lqi, 255),
            "refuses": (self.refuses, 255),
            "report_delay_ms": (self.report_delay_ms, 1e6),
        }
        for name, (value, most) in limits.items():
            if value is not None and not 0 <= value <= most:
                return f"{name} is not between 0 and {most:g}."
        try:
            if self.install_code is not None:
                link_key(self.install_code)
        except ValueError as error:
            return str(error)
        return None


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

"""One message as APS carries it, and the addresses that mean many."""

from __future__ import annotations

from dataclasses import dataclass

HOME_AUTOMATION = 0x0104
ZDO_PROFILE = 0x0000
COORDINATOR = 0x0000
ALL_NODES, RX_ON_NODES, ROUTERS = 0xFFFF, 0xFFFD, 0xFFFC
OPTION_RETRY = 0x0040


@dataclass(slots=True)
class Message:
    """`source` is a network address. At most one of `group` and `broadcast` is set; with neither,
    the message is a unicast to whoever receives it."""

    source: int
    profile: int
    cluster: int
    source_endpoint: int
    endpoint: int
    payload: bytes
    sequence: int = 0
    options: int = 0
    group: int | None = None
    broadcast: int | None = None

    @property
    def is_unicast(self) -> bool:
        return self.group is None and self.broadcast is None

"""What a stick keeps in its flash: the network, its keys and counters, and tokens."""

from __future__ import annotations

import hashlib
from typing import Literal

import msgspec

FIRST_STICK = "first"
StickNetwork = Literal["same", "none", "foreign"]
NO_EUI64 = b"\xff" * 8


class Network(msgspec.Struct, kw_only=True):
    """Of a formed network. `extended_pan` is in wire order, `channels` a mask."""

    extended_pan: bytes
    pan: int
    power_dbm: int
    channel: int
    manager: int
    update_id: int
    channels: int
    key: bytes
    key_sequence: int
    link_key: bytes
    security: int

    @property
    def name(self) -> str:
        """Devices belong to a network by this: its key decides, as on the air."""
        return f"{self.extended_pan.hex()}-{self.key.hex()}"


class StickMemory(msgspec.Struct, kw_only=True):
    """`eui64` is burnt in; `restored_eui64` replaces it when a backup brought one, for which the
    firmware has to be `rewritable`."""

    eui64: bytes = bytes.fromhex("efbeadde006f0d00")
    restored_eui64: bytes = NO_EUI64
    custom_eui64: bytes = NO_EUI64
    rewritable: bool = True
    network: Network | None = None
    network_frame_counter: int = 0
    aps_frame_counter: int = 0
    tokens: dict[str, bytes] = {}
    link_keys: dict[int, tuple[bytes, bytes]] = {}

    @property
    def address(self) -> bytes:
        for one in (self.restored_eui64, self.custom_eui64):
            if one != NO_EUI64:
                return one
        return self.eui64

    def forget_network(self) -> None:
        self.network = None
        self.network_frame_counter = 0
        self.aps_frame_counter = 0
        self.link_keys.clear()


def new_stick(name: str) -> StickMemory:
    """A factory-fresh stick; the same name always has the same address."""
    if name == FIRST_STICK:
        return StickMemory()
    return StickMemory(eui64=hashlib.sha256(name.encode()).digest()[:5] + bytes.fromhex("6f0d00"))


def refill(memory: StickMemory, network: StickNetwork) -> None:
    """`same` leaves its network, `none` takes it away, `foreign` puts in one of somebody else."""
    if network == "same":
        return
    memory.forget_network()
    memory.tokens.clear()
    if network == "foreign":
        memory.network = Network(
            extended_pan=bytes.fromhex("0102030405060708"),
            pan=0x4711,
            power_dbm=8,
            channel=20,
            manager=0,
            update_id=0,
            channels=1 << 20,
            key=hashlib.sha256(b"somebody else").digest()[:16],
            key_sequence=0,
            link_key=b"ZigBeeAlliance09",
            security=0x0084,
        )

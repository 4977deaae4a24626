"""IKEA Trådfri: remotes, a motion sensor, blinds and an air purifier."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import zigpy.types as t
from zigpy.zcl import Cluster, foundation
from zigpy.zcl.clusters.general import OnOff, PowerConfiguration
from zigpy.zcl.clusters.hvac import Fan

from pichat.zigbee.buttons import STANDARD, ButtonTable, Heard, Press
from pichat.zigbee.definition import Definition, Reach, define
from pichat.zigbee.local import OCCUPANCY, Local, LocalOccupancy, Made, attribute
from pichat.zigbee.local_sensors import PM25_ID, LocalPm25

IKEA = frozenset({"IKEA of Sweden"})
_BASIC, _SCENES, _ON_OFF, _FAN = 0x0000, 0x0005, 0x0006, 0x0202
_CHARGE = 0x0021  # battery_percentage_remaining
_HALF_PERCENTS_SINCE = (24, 4, 5)
"""The firmware from which on a battery is told as the cluster library says; before it, in whole
percents."""


def firmware(told: str | None) -> tuple[int, ...]:
    """A version such as “2.3.075”, as numbers; empty when it is none."""
    parts = (told or "").split(".")
    return tuple(int(part) for part in parts) if all(p.isdigit() for p in parts) else ()


class Battery(Made, PowerConfiguration):
    def heard(self, attribute: int, value: Any) -> Any:
        if attribute != _CHARGE:
            return value
        version = firmware(self.endpoint.in_clusters[_BASIC].get("sw_build_id"))
        whole = version and version < _HALF_PERCENTS_SINCE and int(value) <= 100
        return int(value) * 2 if whole else value


async def read_version(reach: Reach) -> None:
    if basic := reach(1, _BASIC):
        await basic.read(["sw_build_id"])


def _arrow(press: str) -> Any:
    """The arrow keys: the payload's first number says which."""

    def read(heard: Heard) -> Press | None:
        payload = heard.told
        if not isinstance(payload, bytes) or len(payload) < 2:
            return None
        # Pressed: 256 is right and 257 left; held: 3328 is right and 3329 left.
        left = int.from_bytes(payload[:2], "little") & 1
        return ("left" if left else "right", press)

    return read


def _let_go(heard: Heard) -> Press | None:
    return (heard.last, "release") if heard.last in ("left", "right") else None


_FIVE_BUTTONS = ButtonTable(
    commands={
        **STANDARD.commands,
        (_SCENES, 0x07): _arrow("single"),
        (_SCENES, 0x08): _arrow("hold"),
        (_SCENES, 0x09): _let_go,
    }
)

_SHORTCUT = ButtonTable(
    commands={
        (_ON_OFF, 0x01): ("1", "single"),
        (_ON_OFF, 0x00): ("1", "double"),
        (0x0008, 0x05): ("1", "hold"),
        (0x0008, 0x07): ("1", "release"),
    }
)


def _nobody_pressed(_: Heard) -> None:
    """Its cluster has to be bound as a remote's is, but what comes is no press."""


class MotionClient(Made, OnOff):
    """It tells lights to be on for a while, each time that it sees somebody."""

    def handle_cluster_request(self, hdr: Any, args: Any, **more: Any) -> None:
        if hdr.command_id == 0x42:  # on_with_timed_off
            occupancy = self.endpoint.in_clusters[OCCUPANCY]
            assert isinstance(occupancy, LocalOccupancy)  # noqa: S101 -- the definition adds it
            occupancy.seen(max(int(args.on_time) / 10, 1.0))
        super().handle_cluster_request(hdr, args, **more)


_OFF, _AUTO, _SLOWEST, _FASTEST = 0, 1, 10, 50
_MODES = MappingProxyType({0: _OFF, 1: _SLOWEST, 2: 30, 3: _FASTEST, 4: _FASTEST, 5: _AUTO})
"""Fan Control's modes (off, low, medium, high, on, auto) as the purifier's."""


def fan_mode(own: int) -> int:
    """The purifier's mode as Fan Control's: its nine speeds are low, medium and high."""
    if own == _OFF:
        return 0
    if own == _AUTO:
        return 5
    return 1 if own < 25 else 2 if own < 40 else 3


class Purifier(Made, Cluster):
    cluster_id = t.uint16_t(0xFC7D)  # type: ignore[no-untyped-call]
    ep_attribute = "ikea_purifier"
    manufacturer_id_override = t.uint16_t(0x117C)  # type: ignore[no-untyped-call]

    class AttributeDefs(foundation.BaseAttributeDefs):
        pm25 = attribute(0x0004, t.uint16_t)
        fan_mode = attribute(0x0006, t.uint8_t)

    def heard(self, attribute: int, value: Any) -> Any:
        if attribute == self.AttributeDefs.pm25.id and int(value) != 0xFFFF:
            self.tell(PM25_ID, "measured_value", float(value))
        elif attribute == self.AttributeDefs.fan_mode.id:
            self.tell(_FAN, "fan_mode", fan_mode(int(value)))
        return value


class PurifierFan(Local, Fan):
    tells = frozenset({"fan_mode"})
    source = (1, 0xFC7D, "fan_mode")
    fixed = MappingProxyType({"fan_mode_sequence": Fan.FanModeSequence.Low_Med_High_Auto})

    async def wanted(self, attribute: str, value: Any, options: Mapping[str, Any]) -> None:
        del attribute
        own = self.endpoint.in_clusters[Purifier.cluster_id]
        await own.write_attributes({"fan_mode": _MODES[int(value)]}, **options)


class PurifierPm25(LocalPm25):
    source = (1, 0xFC7D, "pm25")


async def _purifier(reach: Reach) -> None:
    from zigpy.zcl.helpers import ReportingConfig

    if own := reach(1, Purifier.cluster_id):
        await own.bind()
        often = ReportingConfig(min_interval=0, max_interval=600, reportable_change=1)
        defs = Purifier.AttributeDefs
        await own.configure({defs.pm25: often, defs.fan_mode: often})
        await own.read(["pm25", "fan_mode"])


define(
    Definition(
        name="IKEA on/off switch E1743",
        models=frozenset({"TRADFRI on/off switch"}),
        manufacturers=IKEA,
        servers={1: (Battery,)},
        prepare=read_version,
    )
)
define(
    Definition(
        name="IKEA remote control E1524, E1810",
        models=frozenset({"TRADFRI remote control"}),
        manufacturers=IKEA,
        servers={1: (Battery,)},
        buttons=_FIVE_BUTTONS,
        prepare=read_version,
    )
)
define(
    Definition(
        name="IKEA shortcut button E1812",
        models=frozenset({"TRADFRI SHORTCUT Button"}),
        manufacturers=IKEA,
        servers={1: (Battery,)},
        buttons=_SHORTCUT,
        prepare=read_version,
    )
)
define(
    Definition(
        name="IKEA motion sensor E1525, E1745",
        models=frozenset({"TRADFRI motion sensor"}),
        manufacturers=IKEA,
        servers={1: (Battery, LocalOccupancy)},
        clients={1: (MotionClient,)},
        buttons=ButtonTable(commands={(_ON_OFF, 0x42): _nobody_pressed}),
        prepare=read_version,
    )
)
define(
    Definition(
        name="IKEA roller blind E1757, E1926",
        models=frozenset({"FYRTUR block-out roller blind", "KADRILJ roller blind"}),
        manufacturers=IKEA,
        servers={1: (Battery,)},
        prepare=read_version,
    )
)
define(
    Definition(
        name="IKEA air purifier E2007, E2006",
        models=frozenset({"STARKVIND Air purifier", "STARKVIND Air purifier table"}),
        manufacturers=IKEA,
        servers={1: (Purifier, PurifierFan, PurifierPm25)},
        prepare=_purifier,
    )
)

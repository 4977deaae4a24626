"""Zigbee sticks that are known by what USB tells of them, and how each wants to be spoken to."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Literal

import msgspec

from pichat.config.types import FlowControl, Radio
from pichat.zigbee.stick.ports import SerialPort

UsbId = tuple[int, int]
CP210X, CH340, CH9102, FTDI = (0x10C4, 0xEA60), (0x1A86, 0x7523), (0x1A86, 0x55D4), (0x0403, 0x6015)
BRIDGES: frozenset[UsbId] = frozenset(
    {CP210X, CH340, CH9102, FTDI, (0x0403, 0x6001), (0x1A86, 0x55D3), (0x067B, 0x2303)}
)
"""Chips that turn USB into a serial line; what is behind one is told by its maker's text only."""


class Stick(msgspec.Struct, frozen=True):
    name: str
    radio: Radio
    baud_rate: int = 115200
    flow_control: FlowControl = "software"


class _Known(msgspec.Struct, frozen=True):
    """`words` are looked for in the maker's and the product's text."""

    stick: Stick
    usb: tuple[UsbId, ...]
    words: str = ""
    interface: int | None = None  # of a stick that is two

    def fits(self, port: SerialPort) -> bool:
        text = f"{port.manufacturer} {port.product} {port.by_id or ''}".replace("_", " ")
        return (
            (port.vendor_id, port.product_id) in self.usb
            and self.interface in (None, port.interface)
            and re.search(self.words, text, re.IGNORECASE) is not None
        )


def _ezsp(name: str, *, baud: int = 115200, flow: FlowControl = "software") -> Stick:
    return Stick(name, "ezsp", baud, flow)


def _znp(name: str, flow: FlowControl = "none") -> Stick:
    return Stick(name, "znp", 115200, flow)


_BOTH = (CP210X, CH9102)
_KNOWN = (
    # Itead: later revisions of the E come with the P's bridge, and “V2” in its name.
    _Known(_ezsp("Sonoff ZBDongle-E"), _BOTH, r"sonoff.*(plus[ -]?v2|dongle[ -]?e\b)"),
    _Known(_ezsp("Sonoff Dongle Max MG24"), _BOTH, r"sonoff.*max"),
    _Known(_ezsp("Sonoff Dongle Plus MG24"), _BOTH, r"sonoff.*mg24"),
    _Known(_ezsp("Sonoff Dongle Lite MG21"), _BOTH, r"sonoff.*(lite|mg21)"),
    _Known(_znp("Sonoff ZBDongle-P"), (CP210X,), r"sonoff.*plus"),
    _Known(_ezsp("Sonoff ZBDongle-E"), (CH9102,), r"sonoff.*plus"),
    # Nabu Casa
    _Known(_ezsp("Home Assistant SkyConnect", flow="hardware"), (CP210X,), r"skyconnect"),
    _Known(_ezsp("Home Assistant Connect ZBT-1", flow="hardware"), (CP210X,), r"zbt-?1"),
    _Known(
        _ezsp("Home Assistant Connect ZBT-2", baud=460800, flow="hardware"),
        ((0x303A, 0x4001), (0x303A, 0x831A)),
        r"zbt-?2",
    ),
    # SMLIGHT: the P models have a chip of Texas Instruments, the others one of Silicon Labs.
    _Known(_znp("SMLIGHT SLZB-06P/07P"), _BOTH, r"slzb-?0[67]p"),
    _Known(_ezsp("SMLIGHT SLZB-06M"), _BOTH, r"slzb-?06m"),
    _Known(_ezsp("SMLIGHT SLZB-07"), _BOTH, r"slzb-?07"),
    _Known(_znp("SMLIGHT SLZB-06"), _BOTH, r"slzb-?06"),
    # Others with Silicon Labs
    _Known(
        _ezsp("Nortek HUSBZB-1", baud=57600),
        ((0x10C4, 0x8A2A),),
        r"hubz|husbzb|zigbee",
        interface=1,
    ),
    _Known(_ezsp("Bitron Video AV2010/10", baud=57600), ((0x10C4, 0x8B34),)),
    _Known(_ezsp("Elelabs ELU013"), (CP210X, FTDI), r"elelabs|elu013"),
    _Known(_ezsp("POPP ZB-Stick"), (CP210X, FTDI), r"popp"),
    _Known(_ezsp("Aeotec Zi-Stick"), (CP210X, CH9102), r"zi-?stick|zga008"),
    _Known(_ezsp("TubesZB coordinator (EFR32)"), (CP210X, CH340), r"tubes.?zb.*efr32"),
    # Others with Texas Instruments
    _Known(_znp("TubesZB coordinator"), (CP210X, CH340), r"tubes.?zb"),
    _Known(_znp("ZigStar stick"), (CP210X, CH340), r"zigstar|zig star"),
    _Known(_znp("Electrolama zzh"), (CH340,), r"electrolama|zzh"),
    _Known(_znp("slae.sh CC2652RB stick"), (CP210X,), r"cc2652|slae\.?sh"),
    _Known(_znp("Texas Instruments CC2531"), ((0x0451, 0x16A8),)),
    _Known(_znp("Texas Instruments CC2538"), ((0x0451, 0x16C8),)),
    _Known(_znp("Texas Instruments LaunchPad"), ((0x0451, 0xBEF3),), interface=0),
    # Dresden Elektronik
    _Known(Stick("ConBee II", "deconz", 38400, "none"), ((0x1CF1, 0x0030),)),
    _Known(Stick("ConBee III", "deconz", 115200, "none"), (FTDI,), r"conbee iii"),
    _Known(Stick("ConBee", "deconz", 38400, "none"), (FTDI,), r"conbee"),
)
"""The first that fits counts."""

BOARD_STICKS = (
    Stick("Home Assistant Yellow", "ezsp", 115200, "hardware"),
    Stick("RaspBee", "deconz", 38400, "none"),
)
"""Radios on the pins of a Pi, which nothing tells apart: for those who know that they have one."""


def identify(port: SerialPort) -> Stick | None:
    """The stick that the port certainly is; None where it could be something else."""
    return next((known.stick for known in _KNOWN if known.fits(port)), None)


Likelihood = Literal["known", "possible", "no"]


def likelihood(port: SerialPort) -> Likelihood:
    """`possible`: a bare serial bridge or a port of the board, behind which anything can be. It is
    only asked when its owner says so: a message to a stick may be nonsense to a heating."""
    if identify(port) is not None:
        return "known"
    if port.vendor_id is None or (port.vendor_id, port.product_id) in BRIDGES:
        return "possible"
    return "no"


def label(port: SerialPort) -> str:
    """What people know it by."""
    stick = identify(port)
    if stick is not None:
        return stick.name
    return " ".join((port.product or port.manufacturer or "serial port of this machine").split())


def named(ports: Collection[SerialPort]) -> str:
    """Several, with their paths, for a sentence."""
    return ", ".join(f"{label(port)} ({port.path})" for port in ports)

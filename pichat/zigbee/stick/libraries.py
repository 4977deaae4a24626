"""The libraries that drive sticks: one for each protocol, all with zigpy's interface."""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pichat.config.types import Radio
from pichat.errors import UnavailableError
from pichat.zigbee.air import Air

if TYPE_CHECKING:
    from zigpy.application import ControllerApplication
    from zigpy.types import EUI64


async def _ezsp_address(app: Any) -> Any:
    (address,) = await app._ezsp.getEui64()  # noqa: SLF001 - zigpy has no such question
    return address


async def _znp_address(app: Any) -> Any:
    commands = importlib.import_module("zigpy_znp.commands")
    return (await app._znp.request(commands.SYS.GetExtAddr.Req())).ExtAddr  # noqa: SLF001


async def _deconz_address(app: Any) -> Any:
    return app.state.node_info.ieee  # it reads that before it finds no network


async def _ezsp_firmware(app: Any) -> str:
    ezsp = app._ezsp  # noqa: SLF001
    _, board, version = await ezsp.get_board_info()
    about = ", ".join(text for text in (board, version) if text)
    return f"EZSP {ezsp.ezsp_version}" + (f" ({about})" if about else "")


async def _znp_firmware(app: Any) -> str:
    return f"Z-Stack {app._znp.version}"  # noqa: SLF001


async def _deconz_firmware(app: Any) -> str:
    return f"deCONZ {int(app._api.firmware_version):#010x}"  # noqa: SLF001


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """`failures` are the exceptions by which it says that a message went nowhere, as (module,
    name). `connect_s` is how long a stick on a cable may take to answer at all; when it is
    stopped while it opens a port, it leaves something behind unless it has `finish_s` to come to
    an end by itself. `address` asks a connected one for its EUI64, `version` for its firmware;
    `firmware` is for sentences."""

    package: str
    extra: str | None = None
    firmware: str
    failures: tuple[tuple[str, str], ...]
    connect_s: float
    finish_s: float = 1.0
    address: Callable[[Any], Awaitable[EUI64]]
    version: Callable[[Any], Awaitable[str]]


_ZIGPY = (("zigpy.exceptions", "ZigbeeException"), ("zigpy.exceptions", "RadioException"))
LIBRARIES: dict[Radio, Library] = {
    "ezsp": Library(
        package="bellows",
        firmware="EZSP firmware (a Silicon Labs coordinator)",
        failures=(*_ZIGPY, ("bellows.ash", "AshException")),
        connect_s=5.0,
        address=_ezsp_address,
        version=_ezsp_firmware,
    ),
    "znp": Library(
        package="zigpy_znp",
        extra="znp",
        firmware="Z-Stack firmware for coordinators (Texas Instruments)",
        failures=(*_ZIGPY, ("zigpy_znp.exceptions", "CommandNotRecognized")),
        connect_s=15.0,
        address=_znp_address,
        version=_znp_firmware,
    ),
    "deconz": Library(
        package="zigpy_deconz",
        extra="deconz",
        firmware="deCONZ firmware (ConBee, RaspBee)",
        failures=(*_ZIGPY, ("zigpy_deconz.exception", "CommandError")),
        connect_s=8.0,
        finish_s=2.5,  # when it is cancelled, its port stays open
        address=_deconz_address,
        version=_deconz_firmware,
    ),
}


def library_of(radio: Radio | None) -> Library:
    """EZSP's where nothing else is said."""
    return LIBRARIES[radio or "ezsp"]


def load_application(library: Library) -> type[ControllerApplication]:
    """Half a second of imports. Raises UnavailableError when it is not installed."""
    try:
        module = importlib.import_module(f"{library.package}.zigbee.application")
    except ModuleNotFoundError as error:
        if error.name != library.package:
            raise
        raise UnavailableError(
            f"The library for {library.firmware} is not installed. Install it with"
            f" `pip install pichat[{library.extra}]` where PiChat is installed, then start PiChat"
            " again; or set zigbee.radio to what the stick speaks."
        ) from error
    application: type[ControllerApplication] = module.ControllerApplication
    return application


def load_air(library: Library) -> Air:
    failures = tuple(getattr(importlib.import_module(m), name) for m, name in library.failures)
    return Air(failures, importlib.import_module("zigpy.types").PacketPriority.HIGH)
